"""How much picture may be on its way: a browser that lags gets fewer frames, not older ones."""

from collections import deque

WINDOW_FRAMES = 24


class Flow:
    """Counts frames that the browser has not drawn yet.

    Past the window, frames are left out; once the browser has caught up, every stripe
    waits for a picture that stands on its own, which `acknowledge` says is needed.
    """

    def __init__(self, window_frames: int = WINDOW_FRAMES) -> None:
        self._window = window_frames
        self._under_way: deque[int] = deque()
        self._left_out = False
        self._waiting: set[int] = set()
        self._rows: set[int] = set()

    def admits(self, frame: int, row: int, stands_alone: bool) -> bool:
        """Whether the stripe at `row` of `frame` may be sent; counts it if so."""
        self._rows.add(row)
        is_new = not self._under_way or self._under_way[-1] != frame
        if self._left_out or (is_new and len(self._under_way) >= self._window):
            self._left_out = True
            return False
        if row in self._waiting and not stands_alone:
            return False
        self._waiting.discard(row)
        if is_new:
            self._under_way.append(frame)
        return True

    def acknowledge(self, frame: int) -> bool:
        """The browser has drawn `frame`; True when a new picture must be asked for."""
        if frame in self._under_way:
            while self._under_way and self._under_way.popleft() != frame:
                pass
        if self._left_out and len(self._under_way) <= self._window // 2:
            self._left_out = False
            self._waiting = set(self._rows)
            return True
        return False
