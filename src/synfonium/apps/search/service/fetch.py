"""One polite HTTP request: bounded in time and size, redirects reported and not followed."""

import asyncio
import time
import zlib
from email.utils import parsedate_to_datetime
from typing import Literal

import httpcore
import msgspec

from synfonium.apps.search.model import authority_of, normal_url
from synfonium.apps.search.service.connections import Connections
from synfonium.libraries.network.addresses import GuardedNetwork, PrivateAddress, Resolver, resolve

Failure = Literal["", "unreachable", "private", "slow", "too_large", "broken"]
LARGEST_PAGE_BYTES = 4 << 20
SLOWEST_PAGE_S = 20.0
_CONNECT_S = 10.0
_LARGEST_HEADERS = 100
_SHORT_BODY_BYTES = 16 << 10


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, or in `failure` why there is none. location: where a redirect leads.

    retry_after_s: how long the host asks to be left alone (429 and 503). etag, last_modified:
    by which the next request can be conditional. took_s: until the answer was there.
    """

    url: str
    status: int = 0
    failure: Failure = ""
    content_type: str = ""
    robots_tag: str = ""
    location: str = ""
    retry_after_s: float = 0.0
    etag: str = ""
    last_modified: str = ""
    took_s: float = 0.0
    body: bytes = b""

    @property
    def media_type(self) -> str:
        return self.content_type.partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        _, _, rest = self.content_type.lower().partition("charset=")
        return rest.partition(";")[0].strip(" \"'")


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What we have of an address: the answer may be that it is still the same (304)."""

    etag: str = ""
    last_modified: str = ""


class Fetcher:
    """Fetches with our name on it, no cookies, and at most one connection a host in use."""

    def __init__(
        self,
        user_agent: str,
        *,
        is_local_allowed: bool,
        connections: int,
        resolver: Resolver = resolve,
        slowest_s: float = SLOWEST_PAGE_S,
    ) -> None:
        self._user_agent, self._slowest_s = user_agent, slowest_s
        network = GuardedNetwork(is_local_allowed=is_local_allowed, resolver=resolver)
        self._connections = Connections(network, connections)

    async def close(self) -> None:
        await self._connections.close()

    async def leave(self, authority: str) -> None:
        """Nothing more is asked of this host for now."""
        await self._connections.forget(authority)

    async def fetch(
        self, url: str, *, largest_bytes: int = LARGEST_PAGE_BYTES, known: Known | None = None
    ) -> Fetched:
        """GET of a normal address. Never raises for what the other side does."""
        begun_s = time.monotonic()
        answer = await self._bounded(url, largest_bytes, known or Known())
        return msgspec.structs.replace(answer, took_s=time.monotonic() - begun_s)

    async def _bounded(self, url: str, largest_bytes: int, known: Known) -> Fetched:
        try:
            async with asyncio.timeout(self._slowest_s):
                return await self._fetch(url, largest_bytes, known)
        except PrivateAddress:
            return Fetched(url=url, failure="private")
        except (TimeoutError, httpcore.TimeoutException):
            return Fetched(url=url, failure="slow")
        except (httpcore.ConnectError, httpcore.NetworkError):
            return Fetched(url=url, failure="unreachable")
        except (httpcore.ProtocolError, zlib.error, ValueError, OSError):
            return Fetched(url=url, failure="broken")

    def _asked(self, known: Known) -> list[tuple[str, str]]:
        headers = {
            "user-agent": self._user_agent,
            "accept": "text/html,application/xhtml+xml,application/xml;q=0.8,text/plain;q=0.5",
            "accept-encoding": "gzip",
            "if-none-match": known.etag,
            "if-modified-since": known.last_modified,
        }
        return [(name, value) for name, value in headers.items() if value]

    async def _fetch(self, url: str, largest_bytes: int, known: Known) -> Fetched:
        timeouts = {"connect": _CONNECT_S, "read": self._slowest_s, "write": _CONNECT_S, "pool": None}
        extensions = {"timeout": timeouts}
        asked = self._asked(known)
        async with (
            self._connections.to(authority_of(url)) as pool,
            pool.stream("GET", url, headers=asked, extensions=extensions) as response,
        ):
            found = _headers(response.headers)
            answer = Fetched(
                url=url,
                status=response.status,
                content_type=found.get("content-type", ""),
                robots_tag=found.get("x-robots-tag", "").lower(),
                location=_location(url, response.status, found.get("location", "")),
                retry_after_s=_retry_after_s(response.status, found.get("retry-after", "")),
                etag=_validator(found.get("etag", ""), 300),
                last_modified=_validator(found.get("last-modified", ""), 60),
            )
            if response.status != 200:
                await _drain(response, found.get("content-length", ""))
                return answer
            body = await _read(response, found.get("content-encoding", ""), largest_bytes)
            if body is None:
                return msgspec.structs.replace(answer, failure="too_large")
            return msgspec.structs.replace(answer, body=body)


def _headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in raw[:_LARGEST_HEADERS]}


def _validator(value: str, longest: int) -> str:
    """To be sent back as it is, or nothing: one that was cut is another."""
    return value if len(value) <= longest and value.isascii() and value.isprintable() else ""


def _location(url: str, status: int, location: str) -> str:
    if status not in (301, 302, 303, 307, 308) or not location:
        return ""
    # Header bytes are UTF-8 on the real web, whatever the standard says.
    text = location.encode("latin-1").decode("utf-8", "replace")
    return normal_url(text, url) or ""


def _retry_after_s(status: int, value: str) -> float:
    """RFC 9110, section 10.2.3: seconds or a date."""
    if status not in (429, 503) or not value:
        return 0.0
    if value.strip().isdigit():
        return float(min(int(value.strip()[:9]), 10**9))
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return 0.0


async def _drain(response: httpcore.Response, length: str) -> None:
    """A short body is read so that the connection can be used again; a long one drops it."""
    is_short = response.status == 304 or (length.isdigit() and int(length[:9]) <= _SHORT_BODY_BYTES)
    if is_short:
        async for _ in response.aiter_stream():
            pass


async def _read(response: httpcore.Response, encoding: str, largest_bytes: int) -> bytes | None:
    """The decoded body, or None when it is larger than allowed, packed or unpacked."""
    unpack = (
        zlib.decompressobj(wbits=47) if encoding.strip().lower() in ("gzip", "x-gzip", "deflate") else None
    )
    if not unpack and encoding.strip().lower() not in ("", "identity"):
        raise ValueError("an encoding that was not asked for")
    body, received = bytearray(), 0
    async for piece in response.aiter_stream():
        received += len(piece)
        body += unpack.decompress(piece, largest_bytes + 1 - len(body)) if unpack else piece
        if len(body) > largest_bytes or received > largest_bytes:
            return None
    return bytes(body)
