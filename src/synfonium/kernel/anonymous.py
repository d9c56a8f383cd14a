"""Asks this installation's doors from inside, as a stranger would, with nobody's name on it."""

from typing import Protocol
from urllib.parse import unquote

import msgspec

from synfonium.kernel.asgi import ASGIApp, HeaderPairs, Headers, Message, Receive, Scope

LARGEST_ANSWER_BYTES = 4 * 1024 * 1024


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """headers: names in small letters. body: at most LARGEST_ANSWER_BYTES of it."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def header(self, name: str) -> str:
        """The first of that name, or empty."""
        wanted = name.encode()
        return next((value.decode("latin-1") for key, value in self.headers if key == wanted), "")


class Ask(Protocol):
    """`await ask("/api/search?q=…")` is what a stranger would get.

    headers: sent besides Host; peer: the address that it seems to come from, "" for none.
    """

    async def __call__(
        self,
        target: str,
        *,
        method: str = "GET",
        headers: HeaderPairs = (),
        body: bytes = b"",
        peer: str = "",
    ) -> Answered: ...


def asker(dispatcher: ASGIApp, host: str) -> Ask:
    """Asks the doors behind `dispatcher` under the name `host`."""

    async def ask(
        target: str,
        *,
        method: str = "GET",
        headers: HeaderPairs = (),
        body: bytes = b"",
        peer: str = "",
    ) -> Answered:
        sent: Headers = [(b"host", host.encode()), *headers]
        if not any(name == b"accept" for name, _ in sent):
            sent.append((b"accept", b"application/json"))
        gathered = _Gathered()
        await dispatcher(_scope(target, method, sent, peer), _receiver(body), gathered)
        return gathered.answered()

    return ask


class _Gathered:
    """What a door sends, gathered."""

    def __init__(self) -> None:
        self._status, self._headers, self._body = 500, tuple[tuple[bytes, bytes], ...](), bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = tuple((bytes(k).lower(), bytes(v)) for k, v in message.get("headers", ()))
        self._body.extend(message.get("body", b"")[: LARGEST_ANSWER_BYTES - len(self._body)])

    def answered(self) -> Answered:
        return Answered(status=self._status, headers=self._headers, body=bytes(self._body))


def _receiver(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _scope(target: str, method: str, headers: Headers, peer: str) -> Scope:
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
        "client": (peer, 0) if peer else None,
        "server": ("localhost", 0),
        "state": {},
    }
