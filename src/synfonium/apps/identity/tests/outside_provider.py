"""A small OpenID Provider of ours on loopback that can be told to misbehave."""

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
from joserfc import jwk, jws
from sqlalchemy import func, select

from synfonium.apps.identity.store.outside import bindings
from synfonium.apps.identity.store.tables import people, sessions
from synfonium.testing.client import Installation

CLIENT_ID, SECRET = "synfonium here", "a secret & more"
Claims = dict[str, Any]


class OutsideProvider:
    """Signs what it is told to. Knobs: `claims` and `header` change a token's, `documents` an
    address's whole answer, `wait_s` delays, `userinfo` is what it says besides."""

    def __init__(self) -> None:
        self.issuer = ""
        self.keys = [jwk.RSAKey.generate_key(2048, parameters={"kid": "first", "use": "sig"})]
        self.asked: list[str] = []
        self._codes: dict[str, tuple[dict[str, str], Claims]] = {}
        self._number = 0
        self.behave()

    def behave(self) -> None:
        """Forgets what it was told to do wrong."""
        self.claims: Claims = {}
        self.header: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.documents: dict[str, bytes] = {}
        self.userinfo: Claims | None = None
        self.wait_s = 0.0
        self.sign: Callable[[dict[str, Any], bytes], str] = self._sign

    def agree(self, url: str, **claims: Any) -> str:
        """The person signs in and agrees: the path and query with which the browser comes back."""
        fields = dict(parse_qsl(urlsplit(url).query))
        assert url.startswith(f"{self.issuer}/authorize?")
        self._number += 1
        code = f"code-{self._number}"
        self._codes[code] = (fields, claims)
        answer = {"code": code, "state": fields["state"], "iss": self.issuer}
        return f"{urlsplit(fields['redirect_uri']).path}?{urlencode(answer)}"

    def token(self, **claims: Any) -> str:
        """An ID token (or, with other claims, another one) of now."""
        now_s = int(time.time())
        told = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now_s,
            "exp": now_s + 300,
            **claims,
            **self.claims,
        }
        header = {"alg": "RS256", "kid": self.keys[0].kid, **self.header}
        payload = json.dumps({k: v for k, v in told.items() if v is not None}).encode()
        return self.sign({k: v for k, v in header.items() if v is not None}, payload)

    def _sign(self, header: dict[str, Any], payload: bytes) -> str:
        return jws.serialize_compact(header, payload, self.keys[0], [header["alg"]])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            path = head.split()[1]
            self.asked.append(path)
            await asyncio.sleep(self.wait_s)
            writer.write(self.documents.get(path) or self._answer(path, head, body.decode()))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _answer(self, path: str, head: str, body: str) -> bytes:
        match path:
            case "/.well-known/openid-configuration":
                return json_answer(self._metadata())
            case "/jwks":
                keys = [{**key.as_dict(private=False), "use": "sig"} for key in self.keys]
                return json_answer({"keys": keys})
            case "/token":
                return self._token(head, parse_qs(body))
            case "/userinfo" if "authorization: bearer at" in head.lower():
                return json_answer(self.userinfo or {})
        return json_answer({"error": "not_found"}, 404)

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }

    def _token(self, head: str, form: dict[str, list[str]]) -> bytes:
        basic = base64.b64encode(b"synfonium+here:a+secret+%26+more").decode()
        wanted, claims = self._codes.pop(form.get("code", [""])[0], ({}, {}))
        challenge = hashlib.sha256(form.get("code_verifier", [""])[0].encode()).digest()
        is_right = (
            f"authorization: basic {basic}".lower() in head.lower()
            and wanted.get("redirect_uri") == form["redirect_uri"][0]
            and wanted.get("code_challenge") == base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
        )
        if not is_right:
            return json_answer({"error": "invalid_grant"}, 400)
        token = self.token(**{"nonce": wanted["nonce"], "at_hash": at_hash("at"), **claims})
        return json_answer({"id_token": token, "access_token": "at", "token_type": "Bearer"})


def at_hash(access_token: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(access_token.encode()).digest()[:16]).rstrip(b"=").decode()


def json_answer(document: Any, status: int = 200) -> bytes:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    head = f"HTTP/1.1 {status} x\r\ncontent-type: application/json\r\nconnection: close\r\n"
    return head.encode() + f"content-length: {len(body)}\r\n\r\n".encode() + body


@asynccontextmanager
async def outside_provider() -> AsyncIterator[OutsideProvider]:
    provider = OutsideProvider()
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    provider.issuer = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield provider
    finally:
        server.close()


ADA = {
    "sub": "ada-there",
    "preferred_username": "ada.l",
    "name": "Ada Lovelace",
    "email": "ada@school.example",
    "email_verified": True,
    "groups": ["teachers"],
}


async def start(browser: httpx.AsyncClient, source: str = "school", wish: str = "") -> str:
    """Where the browser is sent after the button."""
    answer = await browser.get(f"/signin/with/{source}" + (f"?next={wish}" if wish else ""))
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def counts(house: Installation) -> tuple[int, int, int]:
    """People, links, sessions."""

    def count(connection: Any) -> tuple[int, int, int]:
        tables = (people, bindings, sessions)
        return tuple(connection.execute(select(func.count()).select_from(t)).scalar_one() for t in tables)

    return await house.context("identity").database.read(count)
