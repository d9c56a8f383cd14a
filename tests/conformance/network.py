"""The machines of sites, as far as the provider asks them: key sets, sectors, logout calls."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from synfonium.libraries.network.client import Answer, GuardedClient, RequestFailed

WAIT_S = 10.0


class Call(NamedTuple):
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


class Network:
    """Answers what `serve` was told, and keeps what was asked; everything else is unreachable."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._came = asyncio.Event()
        self._served: dict[str, tuple[int, str, bytes]] = {}

    def serve(self, url: str, body: Any, *, status: int = 200, media_type: str = "application/json") -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._served[url] = (status, media_type, raw)

    def calls_to(self, url: str) -> list[Call]:
        return [call for call in self.calls if call.url == url]

    async def call_to(self, url: str, count: int = 1) -> Call:
        """The `count`th call to `url`, waited for a little."""
        async with asyncio.timeout(WAIT_S):
            while len(self.calls_to(url)) < count:
                self._came.clear()
                await self._came.wait()
        return self.calls_to(url)[count - 1]

    async def request(
        self,
        _client: GuardedClient,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        largest_bytes: int = 0,
    ) -> Answer:
        self.calls.append(Call(method, url, dict(headers or {}), body))
        self._came.set()
        if url not in self._served:
            raise RequestFailed("unreachable")
        status, media_type, raw = self._served[url]
        return Answer(status, {"content-type": media_type}, raw)


def installed(patch: pytest.MonkeyPatch) -> Network:
    """A network instead of the sockets of `GuardedClient`."""
    network = Network()

    async def request(client: GuardedClient, method: str, url: str, **more: Any) -> Answer:
        return await network.request(client, method, url, **more)

    patch.setattr(GuardedClient, "request", request)
    return network
