"""Time as something that can be given."""

import time
from typing import Protocol


class Clock(Protocol):
    """Wall time in seconds UTC; tests give one that they move."""

    def now_s(self) -> float: ...


class SystemClock:
    """The machine's clock."""

    def now_s(self) -> float:
        return time.time()
