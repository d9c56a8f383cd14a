"""An engine that fails is left alone for a while, longer each time."""

import msgspec

from synfonium.apps.search.service.federation.words import Failure

_PATIENCE = 3
_FIRST_REST_S = 30.0
_LONGEST_REST_S = 900.0


class Breaker(msgspec.Struct, kw_only=True):
    """Of one engine, in this process. Times are seconds of a monotonic clock."""

    least_wait_s: float = 0.0
    failures: int = 0
    """In a row."""
    last_failure: Failure = ""
    last_failure_s: float = 0.0
    rests_until_s: float = 0.0
    _asked_s: float = float("-inf")

    def is_resting(self, now_s: float) -> bool:
        return now_s < self.rests_until_s

    def take_turn(self, now_s: float) -> bool:
        """Whether it may be asked now without breaking its own rule of pace."""
        if now_s - self._asked_s < self.least_wait_s:
            return False
        self._asked_s = now_s
        return True

    def succeed(self) -> None:
        self.failures, self.rests_until_s = 0, 0.0

    def fail(self, why: Failure, now_s: float, retry_after_s: float = 0.0) -> None:
        """After three failures in a row it rests 30 s, then twice as long each time up to a
        quarter of an hour; where it says itself how long, from the first on."""
        self.failures += 1
        self.last_failure, self.last_failure_s = why, now_s
        rest_s = 0.0
        if self.failures >= _PATIENCE:
            rest_s = _FIRST_REST_S * 2.0 ** min(self.failures - _PATIENCE, 10)
        self.rests_until_s = now_s + min(_LONGEST_REST_S, max(rest_s, retry_after_s))
