"""One connection a host, and few in all."""

import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

import httpcore


class Connections:
    """A pool of one connection for each host, so that no host ever sees two.

    One pool for all hosts would look at every connection for every request. At most `most`
    hosts keep theirs; the one that was used longest ago is closed for another.
    """

    def __init__(self, network: httpcore.AsyncNetworkBackend, most: int) -> None:
        self._network, self._most = network, most
        self._idle: OrderedDict[str, httpcore.AsyncConnectionPool] = OrderedDict()
        self._busy: dict[str, httpcore.AsyncConnectionPool] = {}
        self._users: dict[str, int] = {}

    @asynccontextmanager
    async def to(self, authority: str) -> AsyncIterator[httpcore.AsyncConnectionPool]:
        """The host's connection; whoever asks for it meanwhile waits inside for their turn."""
        pool = self._busy.get(authority) or self._idle.pop(authority, None) or self._new()
        self._busy[authority] = pool
        self._users[authority] = self._users.get(authority, 0) + 1
        try:
            yield pool
        finally:
            self._users[authority] -= 1
            if not self._users[authority]:
                del self._users[authority], self._busy[authority]
                self._idle[authority] = pool
                await self._keep_few()

    def _new(self) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            max_connections=1,
            keepalive_expiry=15.0,
            ssl_context=certificates(),
            network_backend=self._network,
        )

    async def _keep_few(self) -> None:
        while len(self._idle) > self._most:
            _, oldest = self._idle.popitem(last=False)
            await oldest.aclose()

    async def forget(self, authority: str) -> None:
        """Closes the host's connection when nobody uses it: nothing more is asked for now."""
        if pool := self._idle.pop(authority, None):
            await pool.aclose()

    async def close(self) -> None:
        for pool in (*self._idle.values(), *self._busy.values()):
            await pool.aclose()


@cache
def certificates() -> ssl.SSLContext:
    """Loading the authorities costs 0.2 s: once for all connections."""
    return httpcore.default_ssl_context()
