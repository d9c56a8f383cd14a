"""How many passwords may be tried at a link, counted in memory and without looking at addresses."""

from collections import OrderedDict

from synfonium.apps.drive.errors import TooManyTries

MOST_TRIES = 10
REFILLED_S = 600.0
COUNTED = 10_000


class Tries:
    """Ten at once for each link, refilled evenly over ten minutes."""

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, now_s: float) -> None:
        """Raises TooManyTries."""
        left, at_s = self._left.pop(name, (float(MOST_TRIES), now_s))
        left = min(float(MOST_TRIES), left + max(0.0, now_s - at_s) * MOST_TRIES / REFILLED_S)
        is_over = left < 1
        self._left[name] = (left if is_over else left - 1, now_s)
        if len(self._left) > COUNTED:
            self._left.popitem(last=False)
        if is_over:
            raise TooManyTries

    def forgive(self, name: str) -> None:
        self._left.pop(name, None)
