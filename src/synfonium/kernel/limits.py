"""Keeps the anonymous doors open for everybody, whoever asks too much, without knowing who that is.

A token bucket for each asker: an address (of IPv6 the /64, which is one household's), or an API token.
Askers are told apart by a keyed hash (BLAKE2b, RFC 7693) whose key is drawn each day and lives in memory
alone, as everything here does. An asker who stays away is forgotten within ten minutes.
"""

import asyncio
import os
import socket
import time
from collections.abc import Callable
from hashlib import blake2b
from typing import ClassVar, Protocol
from weakref import WeakSet

import msgspec

from synfonium.common.problem import Problem
from synfonium.kernel import gate
from synfonium.kernel.asgi import Scope
from synfonium.kernel.i18n import _
from synfonium.kernel.metrics import Metric
from synfonium.kernel.site import Site

limited = Metric("http_limited_total", "Questions that were refused because the asker had asked too many.")
MOST_ASKERS = 100_000
FORGET_S = 240.0
SWEEP_S = 30.0
KEY_S = 86_400.0
TOKEN_PREFIX = "ask_"
_BEARER = b"Bearer " + TOKEN_PREFIX.encode()


class TooManyQuestions(Problem):
    """The asker has asked more than their share; Retry-After says when they may again."""

    status, code = 429, "too_many_questions"
    title = _("These were many questions in a short time.")
    remedy = _("Ask again in {seconds} s. Programs get more by a token, which the operator issues.")

    def __init__(self, wait_s: float) -> None:
        seconds = max(1, int(wait_s + 0.999))
        super().__init__(seconds=seconds)
        self.headers = {"retry-after": str(seconds)}  # type: ignore[misc]


class UnknownToken(Problem):
    """An API token that was never issued, is over, or was taken back."""

    status, code = 401, "unknown_token"
    title = _("This token is not, or no longer, good for anything here.")
    remedy = _("Ask the operator for another one, or ask without a token.")
    headers: ClassVar[dict[str, str]] = {"www-authenticate": 'Bearer realm="Synfonium"'}


class Rate(msgspec.Struct, frozen=True):
    """per_s questions a second in the long run, `burst` at once."""

    per_s: float
    burst: int


class Tokens(Protocol):
    """API tokens for the anonymous doors; offered by an app of the web role."""

    async def rate_of(self, token: str) -> Rate | None:
        """How much may be asked with it; None for one that is not good."""
        ...


class Remembered(msgspec.Struct, frozen=True):
    """How many askers this process knows at the moment, and for how long the one who came first."""

    askers: int
    oldest_s: float


def remembered() -> Remembered:
    """For who wants to see that they are forgotten."""
    buckets = list(_all)
    return Remembered(sum(map(len, buckets)), max((one.sweep() for one in buckets), default=0.0))


class Buckets:
    """How much each asker has left. At most `most` of them; those who came first are forgotten first."""

    def __init__(self, *, most: int = MOST_ASKERS, now_s: Callable[[], float] = time.monotonic) -> None:
        self._most, self._now_s = most // 2, now_s
        # Of two generations the older one is dropped as a whole: nobody has to look for what is old.
        self._young, self._old = dict[bytes, tuple[float, float]](), dict[bytes, tuple[float, float]]()
        self._turned_s = self._keyed_s = now_s()
        self._key = os.urandom(16)
        _all.add(self)

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def sweep(self) -> float:
        """Lets go who stayed away; for how long the one is kept who asked first."""
        now_s = self._now_s()
        self._turn(now_s)
        kept = [at for generation in (self._old, self._young) for _left, at in generation.values()]
        return now_s - min(kept, default=now_s)

    def take(self, who: bytes, rate: Rate) -> float:
        """Takes one question; 0.0, or the seconds until there is one again."""
        now_s = self._now_s()
        if now_s - self._turned_s > FORGET_S or len(self._young) >= self._most:
            self._turn(now_s)
        name = blake2b(who, key=self._key, digest_size=12).digest()
        left, at = self._young.get(name) or self._old.get(name) or (float(rate.burst), now_s)
        left = min(float(rate.burst), left + (now_s - at) * rate.per_s)
        if left < 1:
            self._young[name] = left, now_s
            return (1 - left) / rate.per_s
        self._young[name] = left - 1, now_s
        return 0.0

    def _turn(self, now_s: float) -> None:
        """Lets a generation go when its time has come, and all with the key of yesterday."""
        if now_s - self._keyed_s > KEY_S:
            self._key, self._keyed_s = os.urandom(16), now_s
            self._young, self._old = {}, {}
        late_s = now_s - self._turned_s
        if late_s > FORGET_S or len(self._young) >= self._most:
            self._old = {} if late_s > 2 * FORGET_S else self._young
            self._young, self._turned_s = {}, now_s


_all: WeakSet[Buckets] = WeakSet()


class Limits:
    """What the front asks before a request to an anonymous door is stripped of who asks."""

    def __init__(self, rate: Rate, tokens: Tokens | None = None) -> None:
        self._rate, self._tokens, self.buckets = rate, tokens, Buckets()
        self._sweeping: asyncio.TimerHandle | None = None

    async def check(self, scope: Scope, site: Site) -> None:
        """Raises TooManyQuestions and UnknownToken. This machine itself may ask as much as it likes."""
        who, rate = network_of(gate.peer_of(scope, site)), self._rate
        if token := _token(scope):
            found = await self._tokens.rate_of(token) if self._tokens else None
            if found is None:
                self._take(who, rate)  # guessing is a question too
                raise UnknownToken
            who, rate = token.encode(), found
        self._take(who, rate)

    def _take(self, who: bytes, rate: Rate) -> None:
        wait_s = self.buckets.take(who, rate) if who and rate.per_s > 0 else 0.0
        if self._sweeping is None:
            self._sweeping = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)
        if wait_s:
            limited.add()
            raise TooManyQuestions(wait_s)

    def _sweep(self) -> None:
        """Also when nobody asks any more."""
        self._sweeping = None
        if self.buckets.sweep() or len(self.buckets):
            self._sweeping = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)


def _token(scope: Scope) -> str:
    """The API token of a request. Other credentials are not for these doors, and nobody reads them."""
    for name, value in scope["headers"]:
        if name == b"authorization" and value.startswith(_BEARER):
            return bytes(value[7:]).decode("latin-1")
    return ""


def network_of(peer: str) -> bytes:
    """What stands for an asker: an IPv4 address, the first 64 bits of an IPv6 one; empty for this machine
    itself, and for what is no address."""
    try:
        packed = socket.inet_pton(socket.AF_INET, peer)
    except (OSError, ValueError):
        packed = _of_six(peer)
    return b"" if packed[:1] == b"\x7f" and len(packed) == 4 else packed


def _of_six(peer: str) -> bytes:
    try:
        packed = socket.inet_pton(socket.AF_INET6, peer.partition("%")[0])
    except (OSError, ValueError):
        return b""
    if packed[:12] == b"\0" * 10 + b"\xff\xff":  # RFC 4291, section 2.5.5.2
        return packed[12:]
    return b"" if packed == b"\0" * 15 + b"\1" else packed[:8]
