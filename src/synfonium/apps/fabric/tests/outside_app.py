"""An app of somebody else's, as far as it speaks HTTP: registered by its manifest alone."""

import base64
import hashlib
import json
import re
import secrets
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from synfonium.testing.client import Installation

APP_ORIGIN = "http://127.0.0.1:9100"
BACK = f"{APP_ORIGIN}/back"
SAME_ORIGIN = {"sec-fetch-site": "same-origin", "accept": "text/html"}
DETAIL = "synfonium-object"


def manifest(name: str = "hello", **fabric: Any) -> dict[str, Any]:
    """A manifest that asks for files and folders."""
    return {
        "id": name,
        "name": name.title(),
        "synfonium": {
            "redirect_uris": ["/back"],
            "scopes": ["openid", "offline_access"],
            "asks": {"file/1": ["read", "write"], "folder/1": ["read", "write"]},
            **fabric,
        },
    }


class OutsideApp:
    """A public client with PKCE (RFC 7636)."""

    def __init__(self, house: Installation, installed: dict[str, Any], origin: str = APP_ORIGIN) -> None:
        self.house, self.back = house, f"{origin}/back"
        self.client_id = str(installed["client_id"])
        self.client_secret = str(installed.get("client_secret") or "")
        self.webhook_secret = str(installed.get("webhook_secret") or "")
        self._verifier = secrets.token_urlsafe(40)

    @classmethod
    async def install(
        cls, house: Installation, described: dict[str, Any] | None = None, origin: str = APP_ORIGIN
    ) -> "OutsideApp":
        content = json.dumps(described or manifest())
        installed = await house.call("fabric.app_install", {"manifest": content, "origin": origin})
        return cls(house, dict(installed), origin)

    def request(self, *details: dict[str, Any], **changes: str) -> dict[str, str]:
        """The fields of an authorization request (RFC 6749, 9396)."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self._verifier.encode()).digest())
        return {
            "client_id": self.client_id,
            "redirect_uri": self.back,
            "response_type": "code",
            "state": "s1",
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "authorization_details": json.dumps([{"type": DETAIL, **detail} for detail in details]),
            **changes,
        }

    async def push(self, *details: dict[str, Any], **changes: str) -> str:
        """The `request_uri` of a pushed request (RFC 9126)."""
        async with self.house.client() as app:
            answer = await app.post("/oauth/par", data={**self.request(*details, **changes), **self._own()})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["request_uri"])

    async def open(self, browser: httpx.AsyncClient, *details: dict[str, Any]) -> httpx.Response:
        """What the person's browser shows when the app sends it here."""
        asking = {"client_id": self.client_id, "request_uri": await self.push(*details)}
        answer = await browser.get(f"/fabric/pick?{urlencode(asking)}")
        while answer.status_code == 303:
            answer = await browser.get(answer.headers["location"])
        return answer

    async def token(self, code: str) -> httpx.Response:
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.back,
            "code_verifier": self._verifier,
        }
        async with self.house.client() as app:
            return await app.post("/oauth/token", data={**fields, **self._own()})

    async def agreed(self, browser: httpx.AsyncClient) -> str:
        """An access token of the person in `browser`, for nothing but to be known as this app."""
        asking = {**self.request(scope="openid")}
        del asking["authorization_details"]
        page = await browser.get(f"/oauth/authorize?{urlencode(asking)}")
        if page.status_code == 200:
            allowed = {"request": sealed_in(page), "decision": "allow"}
            page = await browser.post("/oauth/consent", data=allowed)
            code = code_in(page)["code"]
        else:
            code = parse_qs(urlsplit(page.headers["location"]).query)["code"][0]
        answer = await self.token(code)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def _own(self) -> dict[str, str]:
        own = {"client_id": self.client_id}
        return {**own, "client_secret": self.client_secret} if self.client_secret else own


def sealed_in(page: httpx.Response) -> str:
    found = re.search(r'name="request" value="([^"]+)"', page.text)
    assert found, page.text[:2000]
    return unescape(found[1])


def choices_in(page: httpx.Response) -> list[str]:
    return [unescape(value) for value in re.findall(r'name="chosen" value="([^"]+)"', page.text)]


def code_in(page: httpx.Response) -> dict[str, str]:
    """The fields of the answer, as the page carries them to a browser without script."""
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
    assert found, page.text[:3000]
    fields = parse_qs(urlsplit(unescape(found[1])).query)
    return {name: values[0] for name, values in fields.items()}
