# SPDX-License-Identifier: Apache-2.0
"""Starter app: a person picks one text file, and sees how many words it has.

`synfonium dev .` starts it and says where. It needs Python alone. On its own it starts with
`SYNFONIUM=https://… CLIENT_ID=… ORIGIN=https://… PORT=… python -m starter_app`, which is what
`synfonium app install` tells.
"""

import base64
import hashlib
import json
import os
import secrets
from html import escape
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import Request, urlopen

HERE = Path(__file__).parent
PORT = int(os.environ.get("PORT", "3000"))
ORIGIN = os.environ.get("ORIGIN", f"http://localhost:{PORT}")
SYNFONIUM = os.environ.get("SYNFONIUM", "http://localhost:8600")
CLIENT_ID = os.environ.get("CLIENT_ID", "")
ASKED = {"type": "synfonium-object", "media_types": ["text/*"], "purpose": "To count its words"}
LARGEST_BYTES = 1024 * 1024
COOKIE = "starter-app"
POLICY = (
    f"default-src 'none'; script-src 'self' {SYNFONIUM}; connect-src 'self' {SYNFONIUM};"
    " style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class Doors(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        if parts.path == "/":
            self.show("")
        elif parts.path == "/page.js":
            self.answer(200, (HERE / "page.js").read_text(encoding="utf-8"), "text/javascript")
        elif parts.path == "/pick":
            self.pick()
        elif parts.path == "/callback":
            self.show(self.came_back(query))
        else:
            self.answer(404, "There is no such page.", "text/plain")

    def show(self, said: str) -> None:
        values = {"synfonium": escape(SYNFONIUM), "client_id": escape(CLIENT_ID), "said": escape(said)}
        page = Template((HERE / "page.html").read_text(encoding="utf-8"))
        self.answer(200, page.substitute(values), "text/html")

    def pick(self) -> None:
        """For whoever has no script: to the picker in this window, and back to /callback."""
        state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asking = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": f"{ORIGIN}/callback",
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "authorization_details": json.dumps([ASKED]),
        }
        cookie = f"{COOKIE}={state}.{verifier}; HttpOnly; SameSite=Lax; Path=/; Max-Age=3600"
        self.answer(303, "", location=f"{SYNFONIUM}/oauth/authorize?{urlencode(asking)}", cookie=cookie)

    def came_back(self, query: dict[str, str]) -> str:
        """What to say; the state must be the one that this browser took along."""
        kept = SimpleCookie(self.headers.get("cookie", "")).get(COOKIE)
        state, _, verifier = kept.value.partition(".") if kept else ("", "", "")
        is_ours = secrets.compare_digest(state, query.get("state", "")) and query.get("iss") == SYNFONIUM
        if not (state and is_ours and "code" in query):
            return "Nothing was chosen."
        try:
            return count_of(query["code"], verifier)
        except HTTPError:
            return "Synfonium did not give it."

    def answer(
        self, status: int, content: str, kind: str = "text/plain", *, location: str = "", cookie: str = ""
    ) -> None:
        body = content.encode()
        self.send_response(status)
        self.send_header("content-type", f"{kind}; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.send_header("content-security-policy", POLICY)
        self.send_header("cache-control", "no-store")
        for name, value in (("location", location), ("set-cookie", cookie)):
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: addresses hold codes."""


def count_of(code: str, verifier: str) -> str:
    """The code becomes a token, the token opens the file. Raises HTTPError."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": f"{ORIGIN}/callback",
        "client_id": CLIENT_ID,
        "code_verifier": verifier,
    }
    token = json.loads(opened(Request(f"{SYNFONIUM}/oauth/token", urlencode(form).encode())))
    item: dict[str, Any] = token["authorization_details"][0]
    bearer = {"authorization": f"Bearer {token['access_token']}"}
    text = opened(Request(item["locations"][0], headers=bearer)).decode("utf-8", "replace")
    return f"{item['title']}: {len(text.split())} words"


def opened(request: Request) -> bytes:
    with urlopen(request, timeout=10) as answer:
        content: bytes = answer.read(LARGEST_BYTES)
        return content


if __name__ == "__main__":
    print(f"Starter app is at {ORIGIN}", flush=True)
    ThreadingHTTPServer(("127.0.0.1", PORT), Doors).serve_forever()
