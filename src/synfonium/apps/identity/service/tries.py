"""Counting tries, in memory and without looking at addresses."""

from collections import OrderedDict
from collections.abc import Callable

from synfonium.apps.identity.errors import TooManyTries

COUNTED = 10_000


class Bucket:
    """`most` tries at once, refilled evenly over `seconds`."""

    def __init__(self, most: int, seconds: float, now_s: float) -> None:
        self._most, self._rate = most, most / seconds
        self._left, self._at_s = float(most), now_s

    def take(self, now_s: float) -> bool:
        self._left = min(self._most, self._left + max(0.0, now_s - self._at_s) * self._rate)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Tries:
    """Counts tries by a name and in all; each limit is (tries, seconds)."""

    def __init__(
        self, now_s: Callable[[], float], *, of_one: tuple[int, float], in_all: tuple[int, float]
    ) -> None:
        self._now_s, self._of_one = now_s, of_one
        self._in_all = Bucket(*in_all, now_s())
        self._known: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, name: str) -> None:
        """Raises TooManyTries."""
        now_s = self._now_s()
        bucket = self._known.pop(name, None) or Bucket(*self._of_one, now_s)
        self._known[name] = bucket
        if len(self._known) > COUNTED:
            self._known.popitem(last=False)
        if not bucket.take(now_s) or not self._in_all.take(now_s):
            raise TooManyTries

    def forgive(self, name: str) -> None:
        self._known.pop(name, None)
