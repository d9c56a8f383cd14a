"""Clocks elsewhere: `heure à Tokyo`, `15h à Paris en New York`."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from synfonium.apps.search.service.answers.asked import Asked, InstantAnswer
from synfonium.apps.search.service.answers.cities import zone_of
from synfonium.kernel.i18n import _

GATE = re.compile(
    r"\bheures?\b|\btime\b|\d ?h\b|\d:\d\d|\d ?[ap]m\b|\dh\d\d|\bmidi\b|\bnoon\b|\bminuit\b|\bmidnight\b"
)
_PLACE = r"([a-z][a-z' .-]{1,40}?)"
_NOW = re.compile(
    rf"(?:quelle heure est-il|quelle heure il est|il est quelle heure|heure|l'heure)(?: actuelle| "
    rf"locale)? (?:(?:a|au|en|aux|de|il est a) |d')(?:la |l')?{_PLACE} ?\??"
    rf"|(?:what time is it|what's the time|current time|local time|time|time now) (?:in|at) (?:the "
    rf")?{_PLACE}(?: now)? ?\??"
    rf"|{_PLACE} (?:time|heure)(?: now)?"
)
_CLOCK = r"(\d{1,2}) ?(?:h|:) ?(\d{2})?|(\d{1,2})(?::(\d{2}))? ?([ap])\.?m\.?|(midi|noon|minuit|midnight)"
_THERE = re.compile(
    rf"(?:{_CLOCK}) (?:(?:a|au|in|en|heure de) )?(?:la |l')?{_PLACE} (?:en|in|a|to|vers|=|heure de) "
    rf"(?:la |l')?{_PLACE} ?\??"
)


async def answer(asked: Asked) -> InstantAnswer | None:
    if match := _THERE.fullmatch(asked.folded):
        return _there(asked, match)
    match = _NOW.fullmatch(asked.folded)
    name = next((group for group in match.groups() if group), "") if match else ""
    zone = zone_of(name, asked.locale) if name else None
    if not zone:
        return None
    moment = asked.now.astimezone(ZoneInfo(zone))
    return InstantAnswer(
        kind="zones",
        title=asked.say(_("Time in %(place)s")) % {"place": _place(asked, name)},
        lead=_clock(moment, asked.locale),
        rows=((asked.say(_("Day")), _day(moment, asked.locale)), (asked.say(_("Time zone")), _zone(moment))),
    )


def _there(asked: Asked, match: re.Match[str]) -> InstantAnswer | None:
    clock, (here, there) = _hour_minute(match), match.groups()[-2:]
    zones = zone_of(here, asked.locale), zone_of(there, asked.locale)
    if clock is None or not zones[0] or not zones[1]:
        return None
    today = asked.now.astimezone(ZoneInfo(zones[0]))
    moment = today.replace(hour=clock[0], minute=clock[1], second=0, microsecond=0)
    then = moment.astimezone(ZoneInfo(zones[1]))
    return InstantAnswer(
        kind="zones",
        title=f"{_clock(moment, asked.locale)} · {_place(asked, here)} =",
        lead=f"{_clock(then, asked.locale)} · {_place(asked, there)}",
        rows=((asked.say(_("Day")), _day(then, asked.locale)), (asked.say(_("Time zone")), _zone(then))),
        note=asked.say(_("Counted for today: summer time begins and ends on different days.")),
    )


def _hour_minute(match: re.Match[str]) -> tuple[int, int] | None:
    hour, minute, hour_12, minute_12, half, word = match.groups()[:6]
    if word:
        return (12, 0) if word in ("midi", "noon") else (0, 0)
    if hour_12:
        value = int(hour_12) % 12 + (12 if half == "p" else 0)
        return (value, int(minute_12 or 0)) if 1 <= int(hour_12) <= 12 and int(minute_12 or 0) < 60 else None
    return (int(hour), int(minute or 0)) if int(hour) < 24 and int(minute or 0) < 60 else None


def _place(asked: Asked, name: str) -> str:
    """As it was typed, where it can be found there, with a capital."""
    at = asked.text.casefold().find(name)
    return asked.text[at : at + len(name)].title() if at >= 0 else name.title()


def _clock(moment: datetime, locale: str) -> str:
    return f"{moment.hour}\u00a0h\u00a0{moment:%M}" if locale == "fr" else f"{moment:%H:%M}"


def _day(moment: datetime, locale: str) -> str:
    from babel.dates import format_date

    return str(format_date(moment.date(), "EEEE d MMMM", locale=locale))


def _zone(moment: datetime) -> str:
    offset = moment.utcoffset() or timedelta()
    minutes = round(offset.total_seconds() / 60)
    sign = "−" if minutes < 0 else "+"
    return f"{moment.tzinfo} (UTC{sign}{abs(minutes) // 60}:{abs(minutes) % 60:02})"
