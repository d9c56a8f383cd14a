"""A client of server-sent events, as a browser reads them (HTML, 9.2), against the dispatcher."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

from synfonium.testing.client import Installation

SOON_S = 10.0
QUIET_S = 0.4


class Listener:
    """Reads one stream. last_id: what a browser would send as Last-Event-ID. stalls: cleared, it
    takes nothing more."""

    def __init__(self) -> None:
        self.status, self.problem = 0, b""
        self.last_id = ""
        self._events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._text = b""
        self.opened, self.stalls = asyncio.Event(), asyncio.Event()
        self.stalls.set()
        self.ended = asyncio.Event()

    async def event(self) -> dict[str, Any]:
        """The next event. Raises EOFError when the stream has ended."""
        async with asyncio.timeout(SOON_S):
            found = await self._events.get()
        if found is None:
            raise EOFError
        return found

    def heard(self) -> list[dict[str, Any]]:
        """What came and was not looked at yet."""
        found = []
        while not self._events.empty():
            if (event := self._events.get_nowait()) is not None:
                found.append(event)
        return found

    async def nothing(self) -> bool:
        """Whether no event comes for a while."""
        await asyncio.sleep(QUIET_S)
        return self._events.empty()

    async def send(self, message: Mapping[str, Any]) -> None:
        await self.stalls.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        if self.status != 200:
            self.problem += message.get("body", b"")
        else:
            self._read(message.get("body", b""))
        self.opened.set()
        if not message.get("more_body"):
            self.end()

    def end(self) -> None:
        self.opened.set()
        self.ended.set()
        self._events.put_nowait(None)

    def _read(self, piece: bytes) -> None:
        self._text += piece
        *blocks, self._text = self._text.split(b"\n\n")
        for block in blocks:
            fields = dict(line.split(": ", 1) for line in block.decode().split("\n") if ": " in line)
            self.last_id = fields.get("id", self.last_id)
            if "data" in fields:
                event = json.loads(fields["data"])
                assert fields["event"] == event["type"]
                self._events.put_nowait(event)


@asynccontextmanager
async def listening(
    house: Installation,
    token: str = "",
    *,
    types: str = "",
    after: str = "",
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[Listener]:
    """Listens until the block ends; ready when the first bytes came."""
    listener, gone = Listener(), asyncio.Event()
    sent = {"host": "localhost:8600", **(headers or {})}
    if token:
        sent["authorization"] = f"Bearer {token}"
    query = urlencode({key: value for key, value in (("types", types), ("after", after)) if value})
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "http_version": "1.1",
        "path": "/fabric/events",
        "raw_path": b"/fabric/events",
        "query_string": query.encode(),
        "headers": [(key.encode(), value.encode()) for key, value in sent.items()],
        "client": ("127.0.0.1", 1234),
        "server": ("localhost", 8600),
    }

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def run() -> None:
        try:
            await house.runtime.application(scope, receive, listener.send)
        finally:
            listener.end()

    task = asyncio.create_task(run())
    try:
        async with asyncio.timeout(SOON_S):
            await listener.opened.wait()
        yield listener
    finally:
        gone.set()
        async with asyncio.timeout(SOON_S):
            await asyncio.gather(task, return_exceptions=True)
