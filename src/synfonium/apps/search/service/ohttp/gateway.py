"""The gateway: opens what a relay brings, asks the doors of search, and seals the answer.

Whoever asked is known to the relay alone. Each request is taken once: the one-time key in it is remembered
for as long as the request's Date may be off (RFC 9458, section 6.5.1).
"""

import time
from datetime import datetime
from email.utils import parsedate_to_datetime
from hashlib import blake2b

from synfonium.apps.search.service.ohttp.keys import GatewayKeys
from synfonium.kernel.anonymous import Ask
from synfonium.kernel.asgi import Headers
from synfonium.kernel.site import Site
from synfonium.libraries.binary_http import Malformed, Request, Response, decode_request, encode_response
from synfonium.libraries.oblivious_http import Opened, Unopenable, key_list, open_request
from synfonium.ports.clock import Clock

LARGEST_REQUEST_BYTES = 64 * 1024
LARGEST_BODY_BYTES = 16 * 1024
# Answers of many lengths would tell what was asked: they become multiples of this.
PAD_BYTES = 8 * 1024
DATE_OFF_S = 300.0
MOST_REMEMBERED = 50_000
OPEN_PATHS = frozenset({"/search", "/api/search", "/api/search/suggest"})
_PASSED_ON = frozenset({b"accept", b"accept-language", b"content-type"})
_TOLD = frozenset({b"content-type", b"cache-control", b"content-language", b"retry-after"})
_DATE_PROBLEM = (
    b'{"type":"https://iana.org/assignments/http-problem-types#date","status":400,'
    b'"title":"The date of this request is too far from ours."}'
)


class Gateway:
    """Of one process."""

    def __init__(self, keys: GatewayKeys, ask: Ask, site: Site, clock: Clock) -> None:
        self._keys, self._ask, self._site, self._clock = keys, ask, site, clock
        self._seen = Seen()

    def keys(self) -> bytes:
        """`application/ohttp-keys`."""
        return key_list(self._keys.configs())

    async def answer(self, message: bytes) -> bytes:
        """The sealed answer. Raises Unknown and Unopenable, also for a request that came before."""
        opened = open_request(message, self._keys.private())
        if not self._seen.add(opened.enc):
            raise Unopenable("this came before")
        return await self._answered(opened)

    async def _answered(self, opened: Opened) -> bytes:
        try:
            response = await self._asked(decode_request(opened.request))
        except Malformed:
            response = Response(status=400)
        return opened.seal_response(encode_response(response, pad_to=PAD_BYTES))

    async def _asked(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        headers: Headers = [pair for pair in request.headers if pair[0] in _PASSED_ON]
        if request.body:
            headers.append((b"content-length", str(len(request.body)).encode()))
        answered = await self._ask(request.path, method=request.method, headers=headers, body=request.body)
        told = tuple(pair for pair in answered.headers if pair[0] in _TOLD)
        return Response(status=answered.status, headers=told, body=answered.body)

    def _refused(self, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        own = {"", *(url.partition("://")[2] for url in (self._site.public_url, self._site.local_url))}
        if request.authority.lower() not in own:
            return Response(status=421)
        if path not in OPEN_PATHS:
            return Response(status=403)
        if request.method not in ("GET", "POST"):
            return Response(status=405)
        if len(request.body) > LARGEST_BODY_BYTES:
            return Response(status=413)
        return self._date_refused(dict(request.headers).get(b"date"))

    def _date_refused(self, date: bytes | None) -> Response | None:
        """A request without a Date may be answered: a question changes nothing (section 6.5.2)."""
        if date is None:
            return None
        try:
            off_s = abs(_moment(date).timestamp() - self._clock.now_s())
        except (ValueError, TypeError, OverflowError, UnicodeDecodeError):
            return Response(status=400)
        if off_s <= DATE_OFF_S:
            return None
        return Response(
            status=400, headers=((b"content-type", b"application/problem+json"),), body=_DATE_PROBLEM
        )


def _moment(date: bytes) -> datetime:
    return parsedate_to_datetime(date.decode("ascii"))


class Seen:
    """Which requests came in the last minutes; in memory alone, and no more than so many."""

    def __init__(self) -> None:
        self._young, self._old = set[bytes](), set[bytes]()
        self._turned_s = time.monotonic()

    def add(self, enc: bytes) -> bool:
        """Whether it is new."""
        now_s = time.monotonic()
        if now_s - self._turned_s > 2 * DATE_OFF_S or len(self._young) >= MOST_REMEMBERED:
            self._old, self._young, self._turned_s = self._young, set(), now_s
        name = blake2b(enc, digest_size=12).digest()
        if name in self._young or name in self._old:
            return False
        self._young.add(name)
        return True
