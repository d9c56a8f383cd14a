"""A machine of somebody else, which answers as a test wishes and remembers what it was sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


def answer(
    body: bytes, *, status: str = "200 OK", headers: str = "content-type: application/json\r\n"
) -> bytes:
    return f"HTTP/1.1 {status}\r\n{headers}content-length: {len(body)}\r\n\r\n".encode() + body


class EngineServer:
    """port: where it listens on loopback. said: what it answers, whole; wait_s: after so long.

    received: the heads and bodies of all requests.
    """

    def __init__(self) -> None:
        self.port = 0
        self.said, self.wait_s, self.is_endless = answer(b"[]"), 0.0, False
        self.received: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.received.append(head)
                await asyncio.sleep(self.wait_s)
                writer.write(self.said)
                while self.is_endless:
                    writer.write(b"x" * 65536)
                    await writer.drain()
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def engine_server() -> AsyncIterator[EngineServer]:
    """Listens until the block ends."""
    engine = EngineServer()
    listener = await asyncio.start_server(engine.serve, "127.0.0.1", 0)
    engine.port = listener.sockets[0].getsockname()[1]
    try:
        yield engine
    finally:
        listener.close()
