"""Which machines may be talked to for a stranger, and a connection to exactly the one checked."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import httpcore

Resolver = Callable[[str, int], Awaitable[list[str]]]
_TRANSLATED = ip_network("64:ff9b::/96")
_PUBLIC_PORTS_BELOW_1024 = (80, 443)


# Threads of their own: names that do not answer block for seconds each, and would take the
# threads that write the index.
_RESOLVERS = ThreadPoolExecutor(16, thread_name_prefix="resolve")


class PrivateAddress(Exception):
    """A name leads to a machine or port that is none of the public web's."""


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name; names under `localhost` are loopback (RFC 6761, 6.3)."""
    if host == "localhost" or host.endswith(".localhost"):
        return ["127.0.0.1"]
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(_RESOLVERS, _look_up, host, port)
    return list(dict.fromkeys(str(sockaddr[0]) for *_rest, sockaddr in found))


def _look_up(host: str, port: int) -> list[Any]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


class PublicAddress(Exception):
    """A name leads out of the own network, where only that may be met."""


def is_public(address: str) -> bool:
    """Whether an address is one of the public Internet, also when wrapped in another."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        inner = _wrapped(ip)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def _wrapped(ip: IPv6Address) -> IPv4Address | None:
    if ip in _TRANSLATED:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Resolves a name once, refuses what is not public, and connects to that very address,
    so that a name that changes its mind in between (DNS rebinding) gains nothing.

    `is_local_allowed` lifts the refusal, for an operator's own network. Without
    `is_public_allowed` only that network is met: what may go over plain HTTP.
    """

    def __init__(
        self, *, is_local_allowed: bool, is_public_allowed: bool = True, resolver: Resolver = resolve
    ) -> None:
        self._is_local_allowed, self._is_public_allowed = is_local_allowed, is_public_allowed
        self._resolver = resolver
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._addresses(host.strip("[]"), port)
        self._check(addresses, port)
        return await self._network.connect_tcp(addresses[0], port, timeout, local_address, socket_options)

    async def _addresses(self, host: str, port: int) -> list[str]:
        try:
            addresses = await self._resolver(host, port)
        except OSError as failure:
            raise httpcore.ConnectError("name not resolved") from failure
        if not addresses:
            raise httpcore.ConnectError("name not resolved")
        return addresses

    def _check(self, addresses: list[str], port: int) -> None:
        if not self._is_public_allowed and any(is_public(address) for address in addresses):
            raise PublicAddress
        if self._is_local_allowed:
            return
        # One private address among several is a trap or a mistake: neither is followed.
        if not all(is_public(address) for address in addresses):
            raise PrivateAddress
        if port < 1024 and port not in _PUBLIC_PORTS_BELOW_1024:
            raise PrivateAddress

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise PrivateAddress

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
