# SPDX-License-Identifier: Apache-2.0
"""Hello's doors: one small server, with the standard library's own HTTP."""

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files as resources
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import httpx
from synfonium_client import Refused as HomeRefused

from hello_app import files, pages, telling
from hello_app.asking import READ, SAVE, Asking, Given, Refused, for_grant
from hello_app.known import Known
from hello_app.notes import LONGEST, Note, Notes
from hello_app.objects import Objects
from hello_app.sessions import COOKIE, Session, Sessions
from hello_app.settings import Settings
from hello_app.told import CALLS, Told

LARGEST_BODY_BYTES = 128 * 1024
GONE = "is not ours to see any more"
STATIC = {"/hello.css": "text/css", "/hello.js": "text/javascript"}


class Hello(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, settings: Settings) -> None:
        super().__init__(("127.0.0.1", settings.port), Doors)
        self.settings, self.asking, self.sessions = settings, Asking(settings), Sessions()
        self.notes, self.known = Notes(settings.folder), Known()
        self.told = Told(settings, Objects(self.notes, settings), self.notes, self.known)


class Doors(BaseHTTPRequestHandler):
    server: Hello
    session: Session

    def do_GET(self) -> None:
        path, query = self._asked()
        doors = {
            "/": self._home,
            "/pick": self._pick,
            "/callback": self._callback,
            "/signin": self._sign_in,
            "/open": self._come_for,
            "/share": self._come_for,
        }
        if path in STATIC:
            content = (resources("hello_app") / path[1:]).read_text(encoding="utf-8")
            self._answer(HTTPStatus.OK, content, STATIC[path])
        elif path in doors:
            doors[path](query)
        elif path.startswith("/notes/"):
            self._raw_note(path.removeprefix("/notes/"))
        else:
            self._answer(HTTPStatus.NOT_FOUND, "not found", "text/plain")

    def do_POST(self) -> None:
        path, _query = self._asked()
        body = self._body()
        if path.startswith(CALLS):
            status, answer = self.server.told.take(path, dict(self.headers.items()), body)
            self._answer(status, json.dumps(answer), "application/json")
            return
        fields = dict(parse_qsl(body.decode("utf-8", "replace")))
        doors = {"/par": self._push, "/code": self._code, "/notes": self._note, "/notes/keep": self._keep}
        if path not in doors:
            self._answer(HTTPStatus.NOT_FOUND, "not found", "text/plain")
        elif self.headers.get("origin", self.server.settings.origin) != self.server.settings.origin:
            self._answer(HTTPStatus.FORBIDDEN, "a form of another site", "text/plain")
        else:
            doors[path](fields)

    def do_PUT(self) -> None:
        """For another app that was granted to change a note of ours, or to write the one it just saved."""
        path, _query = self._asked()
        text = self._body().decode("utf-8", "replace")
        note = self._granted(path.removeprefix("/notes/"), "write") if path.startswith("/notes/") else None
        if note is None:
            self._answer(HTTPStatus.FORBIDDEN, "this note was not given to you", "text/plain")
        elif len(text) > LONGEST:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "a note is not as long", "text/plain")
        else:
            rewritten = self.server.notes.rewrite(note, text)
            self._tell(rewritten, self.server.known.token_of(note.owner))
            self._answer(HTTPStatus.NO_CONTENT, "", "text/plain")

    def _home(self, _query: dict[str, str]) -> None:
        self._show("")

    def _show(self, word: str) -> None:
        shown = [(item["title"], self._said(item, token)) for item, token in self.session.given]
        notes = [note.title for note in self.server.notes.of(self.session.sub)] if self.session.sub else None
        self._page(pages.home(self.server.settings, shown, notes, word))

    def _said(self, item: dict[str, Any], token: str) -> str:
        try:
            if "file/1" not in item["interfaces"]:
                is_there = telling.is_there(item["identifier"], token, self.server.settings)
                return "is here, and has no words to count" if is_there else GONE
            changed = ", changed since" if self.server.known.is_changed(self.session.sub, item) else ""
            return f"{files.count_words(files.read(item, token))} words{changed}"
        except files.Gone:
            return GONE
        except httpx.HTTPError:
            return "cannot be read now"

    def _pick(self, _query: dict[str, str]) -> None:
        self._begin(READ)

    def _come_for(self, query: dict[str, str]) -> None:
        """Open with, share to: the person gave it to us on a page of the installation."""
        self._begin(for_grant(query.get("grant", "")))

    def _sign_in(self, _query: dict[str, str]) -> None:
        self._begin(None)

    def _note(self, fields: dict[str, str]) -> None:
        """Save to: a new file where the person says, and we may write that one."""
        self.session.note = fields.get("text", "")[:LONGEST]
        self._begin(SAVE)

    def _keep(self, fields: dict[str, str]) -> None:
        """A note of ours; the installation is told, so that the person finds it there."""
        if not self.session.sub:
            self._go("/signin")
            return
        note = self.server.notes.write(self.session.sub, fields.get("text", "")[:LONGEST])
        self._tell(note, self.session.token)
        self._go("/")

    def _tell(self, note: Note, token: str) -> None:
        """token: of the note's person, "" while they have not come in."""
        if not token:
            return
        try:
            telling.tell_written(note, token, self.server.settings)
        except (HomeRefused, httpx.HTTPError) as refusal:
            print(f"the installation was not told: {refusal}", flush=True)

    def _raw_note(self, note_id: str) -> None:
        """For another app that was granted a note of ours: the installation says whether."""
        if note := self._granted(note_id, "read"):
            self._answer(HTTPStatus.OK, note.text, "text/plain")
        else:
            self._answer(HTTPStatus.FORBIDDEN, "this note was not given to you", "text/plain")

    def _granted(self, note_id: str, action: Literal["read", "write"]) -> Note | None:
        note = self.server.notes.one(note_id)
        scheme, _, credential = self.headers.get("authorization", "").partition(" ")
        if note is None or scheme.lower() != "bearer":
            return None
        try:
            return note if telling.may(note, credential, self.server.settings, action) else None
        except (HomeRefused, httpx.HTTPError):
            return None

    def _begin(self, detail: dict[str, Any] | None) -> None:
        """Without script: the picker in this very window, and back to /callback."""
        try:
            pushed = self.server.asking.push(detail)
        except Refused as refusal:
            self._show(f"It did not work: {refusal}.")
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
            self._show(f"Nothing was given: {refusal}.")
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
        self.session.sub, self.session.token = given.sub, given.token
        self.server.known.keep(given.sub, given.token)
        for item in given.items:
            if self.session.note and "write" in item["actions"]:
                self._write(item, given.token)
            self.session.given.insert(0, (item, given.token))

    def _write(self, item: dict[str, Any], token: str) -> None:
        """Raises Refused."""
        try:
            files.write(item, token, self.session.note)
        except (files.Gone, httpx.HTTPError):
            raise Refused("the note could not be written") from None
        self.session.note = ""

    def _asked(self) -> tuple[str, dict[str, str]]:
        self.session = self.server.sessions.of(self.headers.get("cookie", ""))
        parts = urlsplit(self.path)
        return parts.path, dict(parse_qsl(parts.query))

    def _body(self) -> bytes:
        length = self.headers.get("content-length", "0")
        size = int(length) if length.isdigit() else 0
        return self.rfile.read(min(size, LARGEST_BODY_BYTES))

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
