"""Quiet hours: when a person does not want to be told, in their own time zone."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

import msgspec

DAY_MINUTES = 24 * 60
EVERY_DAY = frozenset(range(7))


class Quiet(msgspec.Struct, frozen=True, kw_only=True):
    """From `from_min` to `to_min` (minutes of the day) on each of `days` (0 is Monday), over
    midnight when it ends before it begins; a whole day when both are the same.

    zone: an IANA name. lets_high: whether what is urgent breaks through.
    """

    is_on: bool = False
    from_min: int = 22 * 60
    to_min: int = 7 * 60
    days: frozenset[int] = EVERY_DAY
    zone: str = "UTC"
    lets_high: bool = True

    def ends_s(self, now_s: float) -> float | None:
        """When the quiet of now is over, UTC seconds; None when it is not quiet. Quiet that
        follows at once on quiet is one; for ever is a week."""
        if not self.is_on or not self.days:
            return None
        end_s: float | None = None
        at_s = now_s
        for _day in range(8):
            found = self._window_end(at_s)
            if found is None:
                return end_s
            at_s = end_s = found
        return end_s

    def _window_end(self, at_s: float) -> float | None:
        """The end of the window that holds this moment."""
        zone = zone_named(self.zone)
        today = datetime.fromtimestamp(at_s, UTC).astimezone(zone).date()
        for day in (today - timedelta(days=1), today):
            if day.weekday() not in self.days:
                continue
            ends_on = day if self.to_min > self.from_min else day + timedelta(days=1)
            begins_s, ends_s = _moment(day, self.from_min, zone), _moment(ends_on, self.to_min, zone)
            if begins_s <= at_s < ends_s:
                return ends_s
        return None


def _moment(day: date, minute: int, zone: ZoneInfo) -> float:
    at = time(minute // 60, minute % 60)
    return datetime.combine(day, at, zone).timestamp()


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo:
    """UTC for a name that this machine does not know (any more)."""
    return ZoneInfo(name) if name in zones() else ZoneInfo("UTC")


@lru_cache(maxsize=1)
def zones() -> tuple[str, ...]:
    """The names that people choose from: places, and UTC."""
    skipped = ("Etc/", "SystemV/", "US/", "Canada/", "Brazil/", "Chile/", "Mexico/")
    places = {zone for zone in available_timezones() if "/" in zone and not zone.startswith(skipped)}
    return tuple(sorted({*places, "UTC"}))


def parse_minute(text: str) -> int:
    """`22:30` as minutes of the day. Raises ValueError."""
    hours, _colon, minutes = text.partition(":")
    found = int(hours) * 60 + int(minutes[:2])
    if not 0 <= found < DAY_MINUTES or not 0 <= int(minutes[:2]) < 60:
        raise ValueError("time of day")
    return found


def as_clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
