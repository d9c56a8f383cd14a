# SPDX-License-Identifier: Apache-2.0
"""Hello's doors: one small server, with the standard library's own HTTP."""

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files as resources
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from hello_app import files, pages
from hello_app.asking import READ, SAVE, Asking, Given, Refused, for_grant
from hello_app.sessions import COOKIE, Session, Sessions
from hello_app.settings import Settings

LARGEST_BODY_BYTES = 64 * 1024
STATIC = {"/hello.css": "text/css", "/hello.js": "text/javascript"}


class Hello(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, settings: Settings) -> None:
        super().__init__(("127.0.0.1", settings.port), Doors)
        self.settings, self.asking, self.sessions = settings, Asking(settings), Sessions()


class Doors(BaseHTTPRequestHandler):
    server: Hello
    session: Session

    def do_GET(self) -> None:
        path, query = self._asked()
        doors = {
            "/": self._home,
            "/pick": self._pick,
            "/callback": self._callback,
            "/open": self._come_for,
            "/share": self._come_for,
        }
        if path in STATIC:
            content = (resources("hello_app") / path[1:]).read_text(encoding="utf-8")
            self._answer(HTTPStatus.OK, content, STATIC[path])
        elif path in doors:
            doors[path](query)
        else:
            self._answer(HTTPStatus.NOT_FOUND, "not found", "text/plain")

    def do_POST(self) -> None:
        path, _query = self._asked()
        fields = self._form()
        doors = {"/par": self._push, "/code": self._code, "/notes": self._note}
        if path not in doors:
            self._answer(HTTPStatus.NOT_FOUND, "not found", "text/plain")
        elif self.headers.get("origin", self.server.settings.origin) != self.server.settings.origin:
            self._answer(HTTPStatus.FORBIDDEN, "a form of another site", "text/plain")
        else:
            doors[path](fields)

    def _home(self, _query: dict[str, str]) -> None:
        shown = [(item["title"], self._said(item, token)) for item, token in self.session.given]
        self._page(pages.home(self.server.settings, shown))

    def _said(self, item: dict[str, Any], token: str) -> str:
        try:
            return f"{files.count_words(files.read(item, token))} words"
        except files.Gone:
            return "is not ours to see any more"
        except httpx.HTTPError:
            return "cannot be read now"

    def _pick(self, _query: dict[str, str]) -> None:
        self._begin(READ)

    def _come_for(self, query: dict[str, str]) -> None:
        """Open with, share to: the person gave it to us on a page of the installation."""
        self._begin(for_grant(query.get("grant", "")))

    def _note(self, fields: dict[str, str]) -> None:
        self.session.note = fields.get("text", "")[:10_000]
        self._begin(SAVE)

    def _begin(self, detail: dict[str, Any]) -> None:
        """Without script: the picker in this very window, and back to /callback."""
        try:
            pushed = self.server.asking.push(detail)
        except Refused as refusal:
            self._page(pages.home(self.server.settings, [], f"It did not work: {refusal}."))
            return
        self.session.wait(pushed)
        self._go(self.server.asking.picker(pushed))

    def _push(self, fields: dict[str, str]) -> None:
        """For <syn-pick>: it opens the picker in a window of its own, and gives the code to /code.
        What we ask for is ours to say; the page's words are not taken."""
        pushed = self.server.asking.push(READ)
        self.session.wait(pushed)
        told = {"request_uri": pushed.request_uri, "state": pushed.state}
        self._answer(HTTPStatus.OK, json.dumps(told), "application/json")

    def _callback(self, query: dict[str, str]) -> None:
        try:
            self._settle(query)
        except Refused as refusal:
            self._page(pages.home(self.server.settings, [], f"Nothing was given: {refusal}."))
            return
        self._go("/")

    def _code(self, fields: dict[str, str]) -> None:
        try:
            self._settle(fields)
        except Refused as refusal:
            self._answer(HTTPStatus.FORBIDDEN, f"Nothing was given: {refusal}.", "text/plain")
            return
        self._answer(HTTPStatus.OK, "", "text/plain")

    def _settle(self, answer: dict[str, str]) -> None:
        """Raises Refused. A state is good once, and in the browser that began."""
        pushed = self.session.waiting.pop(answer.get("state", ""), None)
        if pushed is None:
            raise Refused("nobody here asked for it")
        given: Given = self.server.asking.exchange(pushed, answer)
        for item in given.items:
            if self.session.note and "write" in item["actions"]:
                files.write(item, given.token, self.session.note)
                self.session.note = ""
            self.session.given.insert(0, (item, given.token))

    def _asked(self) -> tuple[str, dict[str, str]]:
        self.session = self.server.sessions.of(self.headers.get("cookie", ""))
        parts = urlsplit(self.path)
        return parts.path, dict(parse_qsl(parts.query))

    def _form(self) -> dict[str, str]:
        length = self.headers.get("content-length", "0")
        size = int(length) if length.isdigit() else 0
        body = self.rfile.read(min(size, LARGEST_BODY_BYTES))
        return dict(parse_qsl(body.decode("utf-8", "replace")))

    def _page(self, content: str) -> None:
        self._answer(HTTPStatus.OK, content, "text/html")

    def _go(self, url: str) -> None:
        self._answer(HTTPStatus.SEE_OTHER, "", "text/plain", location=url)

    def _answer(self, status: HTTPStatus, content: str, kind: str, *, location: str = "") -> None:
        body = content.encode()
        self.send_response(status)
        self.send_header("content-type", f"{kind}; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.send_header("content-security-policy", pages.policy(self.server.settings))
        self.send_header("cache-control", "no-store")
        self.send_header("set-cookie", f"{COOKIE}={self.session.id}; HttpOnly; SameSite=Lax; Path=/")
        if location:
            self.send_header("location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: addresses hold codes."""
