"""HTTP to one machine that a person names: guarded addresses, no way to another host, a limit on all."""

import base64
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from urllib.parse import urljoin, urlsplit

import httpcore

from synfonium.apps.drive.moving.port import NotTaken, SourceAway, SourceRefused
from synfonium.libraries.network.addresses import (
    GuardedNetwork,
    PrivateAddress,
    PublicAddress,
    Resolver,
    resolve,
)

AGENT = "Synfonium-Drive"
CONNECTIONS = 12
MOST_REDIRECTS = 3
LARGEST_ANSWER_BYTES = 256 * 1024
_CONNECT_S, _IDLE_S = 10.0, 60.0
_MOST_HEADERS = 100
# Whoever gives less than this for so long gives nothing.
_SLOWEST_BYTES_PER_S, _SLOW_AFTER_S = 256, 60.0
Authorize = Callable[[str, str, Mapping[str, str], bytes], Mapping[str, str]]
"""The headers that let a request in: of its method, raw target, headers, body."""


def basic(name: str, secret: str) -> Authorize:
    """HTTP Basic (RFC 7617), UTF-8."""
    word = base64.b64encode(f"{name}:{secret}".encode()).decode()
    return lambda _method, _target, _headers, _body: {"authorization": f"Basic {word}"}


def nobody(_method: str, _target: str, _headers: Mapping[str, str], _body: bytes) -> Mapping[str, str]:
    return {}


class Origin:
    """The scheme, host and port of an address; the only ones that are spoken to. Raises SourceRefused
    for an address that is none, or holds a name and a password."""

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise SourceRefused("address") from None
        if parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc:
            raise SourceRefused("address")
        if any(ord(c) < 33 or ord(c) > 126 for c in parts.netloc):
            raise SourceRefused("address")
        self.scheme, self.host = parts.scheme, parts.hostname
        self.port = port or {"https": 443, "http": 80}[parts.scheme]
        self.path = parts.path
        self.netloc = parts.netloc.lower()
        self.url = f"{parts.scheme}://{self.netloc}"

    def holds(self, url: str) -> bool:
        """Whether an address is of the same origin."""
        try:
            other = Origin(url)
        except SourceRefused:
            return False
        return (self.scheme, self.host, self.port) == (other.scheme, other.host, other.port)


class Answer:
    """An answer whose body is read while it comes. Header names in small letters."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response
        self.status = response.status
        self.headers = {
            key.decode("latin-1").lower(): value.decode("latin-1")
            for key, value in response.headers[:_MOST_HEADERS]
        }

    @property
    def after_s(self) -> float:
        said = self.headers.get("retry-after", "").strip()
        return float(said[:5]) if said.isascii() and said[:5].isdigit() else 0.0

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body. Raises SourceAway when it is cut, stops, or drips."""
        begun_s, count = time.monotonic(), 0
        try:
            async for piece in self._response.aiter_stream():
                count += len(piece)
                took_s = time.monotonic() - begun_s
                if took_s > _SLOW_AFTER_S and count < took_s * _SLOWEST_BYTES_PER_S:
                    raise SourceAway("slow")
                yield piece
        except httpcore.TimeoutException:
            raise SourceAway("slow") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError):
            raise SourceAway("away") from None

    async def body(self, largest_bytes: int = LARGEST_ANSWER_BYTES) -> bytes:
        """The whole body. Raises SourceAway, and SourceRefused for a larger one."""
        received = bytearray()
        async for piece in self.pieces():
            received += piece
            if len(received) > largest_bytes:
                raise SourceRefused("broken")
        return bytes(received)


class Wire:
    """Speaks with one origin. With `is_local_allowed` that may be a private one, also over plain HTTP."""

    def __init__(
        self,
        origin: Origin,
        authorize: Authorize = nobody,
        *,
        is_local_allowed: bool = False,
        resolver: Resolver = resolve,
    ) -> None:
        self.origin, self._authorize = origin, authorize
        if origin.scheme == "http" and not is_local_allowed:
            raise SourceRefused("address")
        network = GuardedNetwork(
            is_local_allowed=is_local_allowed,
            # What goes over plain HTTP stays in the own network.
            is_public_allowed=origin.scheme == "https",
            resolver=resolver,
        )
        self._pool = httpcore.AsyncConnectionPool(
            max_connections=CONNECTIONS,
            keepalive_expiry=15.0,
            ssl_context=_certificates(),
            network_backend=network,
        )

    async def close(self) -> None:
        await self._pool.aclose()

    @asynccontextmanager
    async def send(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> AsyncGenerator[Answer, None]:
        """The answer to a request for a raw target (path and query). Follows a few redirects within
        the origin. Raises SourceAway, SourceRefused."""
        for _turn in range(MOST_REDIRECTS + 1):
            async with self._once(method, target, headers or {}, body) as answer:
                if answer.status not in (301, 302, 303, 307, 308):
                    yield answer
                    return
                target = self._redirected(target, answer.headers.get("location", ""))
        raise SourceRefused("broken")

    def _redirected(self, target: str, location: str) -> str:
        url = urljoin(self.origin.url + target, location)
        if not location or not self.origin.holds(url):
            raise SourceRefused("elsewhere")
        parts = urlsplit(url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    @asynccontextmanager
    async def _once(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> AsyncGenerator[Answer, None]:
        sent = {"host": self.origin.netloc, "user-agent": AGENT, "accept-encoding": "identity", **headers}
        if body:
            sent["content-length"] = str(len(body))
        sent |= self._authorize(method, target, sent, body)
        timeouts = {"connect": _CONNECT_S, "read": _IDLE_S, "write": _IDLE_S, "pool": None}
        # A URL that is put together would be quoted again: the raw target is sent as it is.
        url = httpcore.URL(
            scheme=self.origin.scheme.encode(),
            host=self.origin.host.encode(),
            port=self.origin.port,
            target=target.encode("ascii"),
        )
        request = httpcore.Request(
            method, url, headers=list(sent.items()), content=body or None, extensions={"timeout": timeouts}
        )
        response = await self._response(request)
        try:
            answer = Answer(response)
            if answer.headers.get("content-encoding", "identity").lower() != "identity":
                raise SourceRefused("broken")
            yield answer
        finally:
            await response.aclose()

    async def _response(self, request: httpcore.Request) -> httpcore.Response:
        try:
            return await self._pool.handle_async_request(request)
        except (PrivateAddress, PublicAddress):
            raise SourceRefused("address") from None
        except httpcore.TimeoutException:
            raise SourceAway("slow") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError):
            raise SourceAway("away") from None
        except (httpcore.UnsupportedProtocol, ValueError):
            raise SourceRefused("address") from None


def check_status(answer: Answer, *, good: tuple[int, ...], is_top: bool = False) -> None:
    """Raises SourceAway, SourceRefused or NotTaken for an answer that is not among the good ones.
    is_top: what was asked for is the source's top, without which there is nothing."""
    status = answer.status
    if status in good:
        return
    if status == 401 or (is_top and status == 403):
        raise SourceRefused("password")
    if status in (408, 423, 425, 429) or status >= 500:
        raise SourceAway("away", answer.after_s)
    if is_top:
        raise SourceRefused("nothing" if status in (404, 405, 410) else "broken")
    raise NotTaken({403: "refused", 404: "gone", 410: "gone", 412: "changed"}.get(status, "broken"))  # type: ignore[arg-type]


@cache
def _certificates() -> ssl.SSLContext:
    """The machine's own authorities, which a town may have added its own to."""
    return ssl.create_default_context()
