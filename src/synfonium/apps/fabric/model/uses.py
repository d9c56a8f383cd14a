"""How often a right was used on a day."""

import msgspec

from synfonium.common.ids import GrantId

DAY_S = 86_400.0
KEPT_DAYS = 90


class Use(msgspec.Struct, kw_only=True):
    """What one grant let happen on one day (of UTC, counted from 1970).

    reads, writes, runs: how often it was asked for to see, to change, to use, and let it
    happen. last_s: when last, UTC seconds. An app that changes is let in to see as well.
    """

    grant: GrantId
    day: int
    reads: int = 0
    writes: int = 0
    runs: int = 0
    last_s: float = 0.0

    @property
    def is_change(self) -> bool:
        return self.writes + self.runs > 0


def day_of(time_s: float) -> int:
    return int(time_s // DAY_S)
