"""A site that asks people to sign in with their account here, as the tests of the provider need it."""

import base64
import hashlib
import os
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet

from synfonium.testing.client import Installation

REDIRECT = "https://rp.example/cb?tenant=1"


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class RelyingParty:
    """A site that asks people to sign in with their account here."""

    def __init__(self, house: Installation, client: dict[str, str]) -> None:
        self.house, self.client = house, client
        self.verifier = base64url(os.urandom(32))
        self.redirect = REDIRECT

    def request(self, **changes: str | None) -> str:
        fields: dict[str, str | None] = {
            "client_id": self.client["client_id"],
            "redirect_uri": self.redirect,
            "response_type": "code",
            "scope": "openid profile",
            "state": "a state",
            "nonce": "a nonce",
            "code_challenge": base64url(hashlib.sha256(self.verifier.encode()).digest()),
            "code_challenge_method": "S256",
            **changes,
        }
        return "/oauth/authorize?" + urlencode({k: v for k, v in fields.items() if v is not None})

    async def token(self, code: str, /, **changes: str | None) -> httpx.Response:
        fields: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect,
            "code_verifier": self.verifier,
            **{name: self.client[name] for name in ("client_id", "client_secret") if self.client[name]},
            **changes,
        }
        async with self.house.client() as server:
            return await server.post("/oauth/token", data={k: v for k, v in fields.items() if v is not None})

    async def userinfo(self, token: str) -> httpx.Response:
        async with self.house.client(token=token) as server:
            return await server.get("/oauth/userinfo")

    async def claims(self, id_token: str) -> dict[str, Any]:
        async with self.house.client() as server:
            keys = KeySet.import_key_set((await server.get("/oauth/jwks")).json())
        return dict(jwt.decode(id_token, keys, ["ES256", "EdDSA", "RS256"]).claims)


async def registered(house: Installation, **changes: Any) -> RelyingParty:
    """A client. `name`, `redirect_uris`, `public`, and any other metadata of RFC 7591 by name."""
    own = {key: changes.pop(key) for key in ("name", "redirect_uris", "public") if key in changes}
    wanted = {"name": "Tea Club", "redirect_uris": [REDIRECT], **own, "metadata": changes}
    return RelyingParty(house, await house.call("identity.client_add", wanted))


def sealed_in(page: str) -> str:
    return page.partition('name="request" value="')[2].partition('"')[0]


def answer_of(url: str) -> dict[str, str]:
    assert url.startswith((REDIRECT + "&", REDIRECT + "#")), url
    parts = urlsplit(url)
    return dict(parse_qsl(parts.query) + parse_qsl(parts.fragment))


async def agreed(browser: httpx.AsyncClient, site: RelyingParty, **changes: str | None) -> str:
    """The code after the person agreed."""
    page = await browser.get(site.request(**changes))
    assert page.status_code == 200, page.headers
    done = await browser.post("/oauth/consent", data={"request": sealed_in(page.text), "decision": "allow"})
    return answer_of(hop_of(done))["code"]


def hop_of(page: httpx.Response) -> str:
    """Where the page sends the browser on."""
    assert page.status_code == 200, page.text
    return page.text.partition('content="0; url=')[2].partition('"')[0].replace("&amp;", "&")


async def redirected(browser: httpx.AsyncClient, url: str) -> dict[str, str]:
    answer = await browser.get(url)
    assert answer.status_code == 303, answer.text
    return answer_of(answer.headers["location"])
