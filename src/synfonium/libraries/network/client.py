"""One bounded HTTP request to a machine that somebody else names: no redirect, no cookie,
a limit on time and on bytes, and only addresses that may be met."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal
from urllib.parse import urlsplit

import httpcore

from synfonium.libraries.network.addresses import (
    GuardedNetwork,
    PrivateAddress,
    PublicAddress,
    Resolver,
    resolve,
)

Failure = Literal["unreachable", "address", "slow", "too_large", "broken"]
SLOWEST_S = 10.0
LARGEST_BYTES = 256 * 1024
CONNECTIONS = 8
_CONNECT_S = 5.0
_MOST_HEADERS = 100


class RequestFailed(Exception):
    """No answer that can be used; `reason` says why, in one word."""

    def __init__(self, reason: Failure) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Answer:
    """Header names in small letters; a redirect is an answer like any other."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class GuardedClient:
    """Speaks HTTPS with public machines; with `is_local_allowed` also with private and
    loopback addresses, and with those over plain HTTP too. At most `connections` at once."""

    def __init__(
        self,
        user_agent: str,
        *,
        is_local_allowed: bool = False,
        slowest_s: float = SLOWEST_S,
        resolver: Resolver = resolve,
        connections: int = CONNECTIONS,
    ) -> None:
        self._user_agent, self._slowest_s = user_agent, slowest_s
        network = GuardedNetwork(is_local_allowed=is_local_allowed, resolver=resolver)
        self._pools = {"https": _pool(network, connections)}
        if is_local_allowed:
            home = GuardedNetwork(is_local_allowed=True, is_public_allowed=False, resolver=resolver)
            self._pools["http"] = _pool(home, connections)

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        largest_bytes: int = LARGEST_BYTES,
    ) -> Answer:
        """The answer, whatever its status. Raises RequestFailed."""
        pool = self._pools.get(urlsplit(url).scheme)
        if pool is None:
            raise RequestFailed("address")
        try:
            async with asyncio.timeout(self._slowest_s):
                return await self._ask(pool, method, url, headers or {}, body, largest_bytes)
        except (PrivateAddress, PublicAddress):
            raise RequestFailed("address") from None
        except (TimeoutError, httpcore.TimeoutException):
            raise RequestFailed("slow") from None
        except (httpcore.ConnectError, httpcore.NetworkError):
            raise RequestFailed("unreachable") from None
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol, ValueError, OSError):
            raise RequestFailed("broken") from None

    async def _ask(
        self,
        pool: httpcore.AsyncConnectionPool,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        largest_bytes: int,
    ) -> Answer:
        sent = {"user-agent": self._user_agent, "accept-encoding": "identity", **headers}
        timeouts = {
            "connect": _CONNECT_S,
            "read": self._slowest_s,
            "write": _CONNECT_S,
            "pool": self._slowest_s,
        }
        async with pool.stream(
            method, url, headers=list(sent.items()), content=body or None, extensions={"timeout": timeouts}
        ) as response:
            found = {
                key.decode("latin-1").lower(): value.decode("latin-1")
                for key, value in response.headers[:_MOST_HEADERS]
            }
            if found.get("content-encoding", "identity").lower() != "identity":
                raise RequestFailed("broken")
            received = bytearray()
            async for piece in response.aiter_stream():
                received += piece
                if len(received) > largest_bytes:
                    raise RequestFailed("too_large")
            return Answer(response.status, found, bytes(received))


def _pool(network: GuardedNetwork, connections: int) -> httpcore.AsyncConnectionPool:
    return httpcore.AsyncConnectionPool(
        max_connections=connections,
        max_keepalive_connections=max(2, connections // 4),
        keepalive_expiry=15.0,
        ssl_context=_certificates(),
        network_backend=network,
    )


@cache
def _certificates() -> ssl.SSLContext:
    """The machine's own authorities, which a town may have added its own to."""
    return ssl.create_default_context()
