"""A push service on loopback (RFC 8030) and a browser that is subscribed to it."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from synfonium.libraries.webpush import to_base64url

Answer = tuple[int, dict[str, str]]
TAKEN: Answer = (201, {})


class Browser:
    """Holds the keys of its subscription, and reads what is pushed to it by foreign code."""

    def __init__(self, endpoint: str) -> None:
        self._key, self._auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": to_base64url(point), "auth": to_base64url(self._auth)}
        self.subscription: dict[str, Any] = {"endpoint": endpoint, "keys": keys}

    def read(self, body: bytes) -> dict[str, Any]:
        opened = http_ece.decrypt(body, private_key=self._key, auth_secret=self._auth, version="aes128gcm")
        found: dict[str, Any] = json.loads(opened)
        return found


class PushService:
    """`pushed`: path, headers and body of what came. `answer` decides what it says to it."""

    def __init__(self) -> None:
        self.pushed: list[tuple[str, dict[str, str], bytes]] = []
        self.answer: Callable[[str], Answer] = lambda path: TAKEN
        self.port = 0
        self.writers: set[asyncio.StreamWriter] = set()
        self._came = asyncio.Event()

    def browser(self, name: str = "one") -> Browser:
        return Browser(f"http://127.0.0.1:{self.port}/push/{name}")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        try:
            while line := await reader.readline():
                path, headers = line.split()[1].decode(), {}
                while (line := await reader.readline()) not in (b"\r\n", b""):
                    key, _, value = line.decode().partition(":")
                    headers[key.lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.pushed.append((path, headers, body))
                status, extra = self.answer(path)
                lines = [
                    f"HTTP/1.1 {status} .",
                    "content-length: 0",
                    *(f"{k}: {v}" for k, v in extra.items()),
                ]
                writer.write("\r\n".join([*lines, "", ""]).encode())
                await writer.drain()
                self._came.set()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()

    async def until(self, is_enough: Callable[[], bool], timeout_s: float = 20.0) -> None:
        async with asyncio.timeout(timeout_s):
            while not is_enough():
                self._came.clear()
                await self._came.wait()


@asynccontextmanager
async def push_service() -> AsyncIterator[PushService]:
    service = PushService()
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    service.port = server.sockets[0].getsockname()[1]
    try:
        yield service
    finally:
        server.close()
        for writer in list(service.writers):
            writer.close()
        await asyncio.sleep(0)
