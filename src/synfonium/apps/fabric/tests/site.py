"""A web server of an outside app, on loopback: takes webhooks as it is told to."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec

SOON_S = 10.0


class Message(msgspec.Struct, frozen=True):
    """What came: header names in small letters."""

    path: str
    headers: dict[str, str]
    body: bytes


Answer = tuple[int, dict[str, str], bytes]


class Site:
    """answer: gives status, headers and body for a message, as slowly as it likes."""

    def __init__(self) -> None:
        self.origin = ""
        self.got: asyncio.Queue[Message] = asyncio.Queue()
        self.open_now = self.most_open = 0
        self.answer: Callable[[Message], Awaitable[Answer]] = _well

    async def message(self) -> Message:
        async with asyncio.timeout(SOON_S):
            return await self.got.get()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            while (message := await _read(reader)) is not None:
                self.got.put_nowait(message)
                status, headers, body = await self.answer(message)
                told = {"content-length": str(len(body)), **headers}
                lines = [f"HTTP/1.1 {status} As told", *(f"{key}: {value}" for key, value in told.items())]
                writer.write("\r\n".join([*lines, "", ""]).encode() + body)
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.open_now -= 1
            writer.close()


async def _well(message: Message) -> Answer:
    return 200, {}, b""


def pages(paths: dict[str, list[str]]) -> Callable[[Message], Awaitable[Answer]]:
    """Answers what the fabric asks about objects: address to path."""

    async def answer(message: Message) -> Answer:
        asked = json.loads(message.body)
        path = paths.get(asked["address"])
        if message.path != "/objects/describe" or path is None:
            return 404, {}, b""
        shown = {
            "address": asked["address"],
            "interfaces": ["file/1"],
            "owner": asked["person"],
            "path": path,
            "may": ["read"],
        }
        return 200, {"content-type": "application/json"}, json.dumps(shown).encode()

    return answer


async def _read(reader: asyncio.StreamReader) -> Message | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except asyncio.IncompleteReadError:
        return None
    fields = (line.split(":", 1) for line in head[1:] if ":" in line)
    headers = {key.strip().lower(): value.strip() for key, value in fields}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Message(head[0].split(" ")[1], headers, body)


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    found = Site()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield found
    finally:
        server.close()
