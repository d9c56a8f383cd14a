"""Reads what a client still sends after its request was refused.

An answer may go out before the body's end; a connection that is closed at that moment is
reset, and the client never sees why. So the rest is read and forgotten, within limits
(RFC 9112, section 9.6).
"""

import asyncio
from contextlib import suppress

from synfonium.kernel.asgi import Message, Receive, Scope

LARGEST_BYTES = 256 * 1024 * 1024
LONGEST_S = 15.0


class Leftover:
    """Stands for `receive`, and remembers whether the body was read to its end."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive = receive
        lengths = [v for k, v in scope["headers"] if k == b"content-length"]
        is_chunked = any(k == b"transfer-encoding" for k, _ in scope["headers"])
        self._is_held_back = any(k == b"expect" for k, _ in scope["headers"])
        self._has_more = scope["type"] == "http" and (is_chunked or any(v != b"0" for v in lengths))

    @property
    def is_held_back(self) -> bool:
        """Whether the client waits for a word before it sends its body, and was given none: what comes
        next on the connection may be the body or another request (RFC 9110, section 10.1.1)."""
        return self._has_more and self._is_held_back

    async def __call__(self) -> Message:
        self._is_held_back = False  # the server says 100 now
        message = await self._receive()
        self._has_more = self._has_more and bool(message.get("more_body"))
        return message

    async def forget(self) -> None:
        """Reads the rest, at most 256 MiB and 15 s of it."""
        if not self._has_more or self._is_held_back:
            return
        left_bytes = LARGEST_BYTES
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(LONGEST_S):
                while self._has_more and left_bytes > 0:
                    left_bytes -= len((await self()).get("body", b""))
