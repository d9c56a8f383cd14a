# SPDX-License-Identifier: Apache-2.0
"""How Hello asks a person for one thing: PAR, the picker, a code, a token (RFC 9126, 9396, 7636)."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from hello_app.settings import Settings

TYPE = "synfonium-object"
READ = {"type": TYPE, "interfaces": ["file/1"], "media_types": ["text/*"], "purpose": "To count its words"}
SAVE = {
    "type": TYPE,
    "verb": "save",
    "title": "Note.txt",
    "media_type": "text/plain",
    "actions": ["read", "write"],
}
TIMEOUT_S = 10.0


class Refused(Exception):
    """The person, or the installation, said no; the text says which."""


@dataclass
class Pushed:
    """A request that waits for its answer. state: for the page; verifier: ours alone."""

    state: str
    verifier: str
    request_uri: str


@dataclass
class Given:
    """What came of it. sub: the person, as only we know them. items: RFC 9396, 7.1."""

    sub: str
    token: str
    items: list[dict[str, Any]] = field(default_factory=list)


def for_grant(grant: str) -> dict[str, Any]:
    """For a grant that the person gave on a page of the installation (open with, share to)."""
    return {"type": TYPE, "verb": "open", "grant": grant}


class Asking:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._http = httpx.Client(
            base_url=settings.issuer, auth=(settings.client_id, settings.client_secret), timeout=TIMEOUT_S
        )

    def push(self, detail: dict[str, Any] | None) -> Pushed:
        """Asks for a thing; with None only who the person is. Raises Refused."""
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        fields = {
            "response_type": "code",
            "redirect_uri": self._settings.callback,
            "scope": "openid",
            "state": state,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        if detail:
            fields["authorization_details"] = json.dumps([detail])
        told = _told(self._http.post("/oauth/par", data=fields))
        return Pushed(state=state, verifier=verifier, request_uri=told["request_uri"])

    def picker(self, pushed: Pushed) -> str:
        """Where the browser goes."""
        query = urlencode({"client_id": self._settings.client_id, "request_uri": pushed.request_uri})
        return f"{self._settings.issuer}/oauth/authorize?{query}"

    def exchange(self, pushed: Pushed, answer: dict[str, str]) -> Given:
        """Raises Refused; also for an answer of another installation (RFC 9207)."""
        if answer.get("iss") != self._settings.issuer or "code" not in answer:
            raise Refused(answer.get("error", "this answer is not for us"))
        fields = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": self._settings.callback,
            "code_verifier": pushed.verifier,
        }
        told = _told(self._http.post("/oauth/token", data=fields))
        token = told["access_token"]
        bearer = {"authorization": f"Bearer {token}"}
        who = _told(httpx.get(f"{self._settings.issuer}/oauth/userinfo", headers=bearer, timeout=TIMEOUT_S))
        return Given(sub=who["sub"], token=token, items=told.get("authorization_details", []))


def _told(answer: httpx.Response) -> dict[str, Any]:
    told: dict[str, Any] = answer.json()
    if answer.is_error:
        raise Refused(str(told.get("error_description") or told.get("error") or told.get("title")))
    return told
