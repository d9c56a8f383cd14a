"""How long to wait for more before work that costs as much for many as for one."""

import time

_PAUSE_S = 1.0


class Gathering:
    """first_s: the wait for what comes after a pause of a second. While more comes without a pause each
    wait is twice the one before, up to most_s: in a flow nobody waits for a single thing."""

    def __init__(self, first_s: float, most_s: float) -> None:
        self._first_s, self._most_s = first_s, most_s
        self._wait_s, self._until_s = first_s, float("-inf")

    def next_s(self) -> float:
        """The wait that begins now, in seconds."""
        now_s = time.monotonic()
        is_flow = now_s - self._until_s < _PAUSE_S
        self._wait_s = min(2 * self._wait_s, self._most_s) if is_flow else self._first_s
        self._until_s = now_s + self._wait_s
        return self._wait_s
