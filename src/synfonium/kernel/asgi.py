"""The shapes of ASGI 3, and small things done with them."""

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
HeaderPairs = Sequence[tuple[bytes, bytes]]


def raw_path(scope: Scope) -> bytes:
    """The path as it came, undecoded and without the query."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0]


def under(path: bytes, prefix: bytes) -> bool:
    """Whether `path` is `prefix` or lies below it, by whole segments."""
    return path == prefix or path.startswith(prefix.rstrip(b"/") + b"/")


def plain_path(path: bytes) -> str | None:
    """The decoded path; None when it could be read in two ways.

    That is with empty or dot segments, a segment that hides a slash, a backslash or a
    control character, or what is not UTF-8.
    """
    try:
        segments = [unquote_to_bytes(segment).decode() for segment in path.split(b"/")]
    except UnicodeDecodeError:
        return None
    first, *others = segments
    if first or not others or any(not s for s in others[:-1]) or any(not _is_plain(s) for s in others):
        return None
    return "/".join(segments)


def _is_plain(segment: str) -> bool:
    return segment not in (".", "..") and not any(c in "/\\" or ord(c) < 32 or c == "\x7f" for c in segment)


async def respond(send: Send, status: int, headers: Headers, body: bytes = b"") -> None:
    """Sends a whole small response."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


async def body_pieces(receive: Receive) -> AsyncIterator[bytes]:
    """The request's body as it comes. Raises ConnectionError when the client goes before its end."""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ConnectionResetError("the client went before the end of its body")
        if message.get("body"):
            yield bytes(message["body"])
        if not message.get("more_body"):
            return


async def read_body(receive: Receive, limit_bytes: int) -> bytes | None:
    """A small body as a whole; None when it is larger than that. Raises ConnectionError."""
    body = bytearray()
    async for piece in body_pieces(receive):
        body += piece
        if len(body) > limit_bytes:
            return None
    return bytes(body)
