"""Days and spans: `jours jusqu'à Noël`, `days between 2024-01-01 and 2024-03-05`, weekdays, weeks."""

import re
from datetime import date, timedelta

from synfonium.apps.search.service.answers.asked import Asked, InstantAnswer
from synfonium.apps.search.service.answers.days import day_of, has_year, in_words, next_feast
from synfonium.kernel.i18n import _

GATE = re.compile(
    r"jour|day|semaine|week|date|\bquand\b|\bwhen\b|^(?:dans|in|il y a) \d|\bago$|\bpaques\b"
    r"|\beaster\b|combien de temps"
)
_UNTIL = re.compile(
    r"(?:combien de )?(?:jours?|dodos|temps) (?:reste-t-il |restants? )?(?:jusqu'a|jusqu'au|avant) "
    r"(?:le |la |l')?(.{3,40}?) ?\??"
    r"|(?:how many |how long )?(?:days? )?(?:is it |left )?(?:until|till|before|to) (.{3,40}?) ?\??"
)
_BETWEEN = re.compile(
    r"(?:combien de |nombre de |how many )?(?:jours|days)(?: y a-t-il)? (?:entre|between|from|du) "
    r"(?:le )?(.{3,40}?) (?:et|and|to|au) (?:le )?(.{3,40}?) ?\??"
)
_WEEKDAY = re.compile(
    r"(?:quel )?jour (?:de la semaine )?(?:etait|est|sera|tombe|tombait) (?:le )?(.{3,40}?) ?\??"
    r"|(?:what )?(?:day|weekday)(?: of the week)? (?:was|is|will be) (.{3,40}?) ?\??"
)
_WHEN = re.compile(
    r"(?:quand (?:est|tombe)|date (?:de|du|d')|when is|date of) ?(?:le |la |l')?(.{3,40}?) ?\??"
    r"|((?:paques|easter) \d{4})"
)
_WEEK = re.compile(
    r"(?:numero (?:de )?(?:la )?semaine|quelle semaine(?: sommes-nous| est-on)?|week number|what week "
    r"is it)(?: (?:du|of|for)?(?: le)? ?(.{3,40}?))? ?\??"
)
_FROM_NOW = re.compile(
    r"(?:(dans|in) |(il y a) )(\d{1,5}) (jours?|days?|semaines?|weeks?)|(\d{1,5}) (days?|weeks?) (ago"
    r"|from now)"
)
_TODAY = re.compile(
    r"(?:quel jour (?:sommes-nous|est-on|est-il)|quelle est la date|date d'aujourd'hui|date du jour"
    r"|what(?:'s| is) (?:the date|today's date)|today's date|what day is it)(?: aujourd'hui| today)? ?\??"
)


async def answer(asked: Asked) -> InstantAnswer | None:
    today = asked.now.date()
    text = asked.folded
    if _TODAY.fullmatch(text):
        return _shown(asked, asked.say(_("Today")), today)
    for pattern, act in ((_BETWEEN, _between), (_UNTIL, _until), (_WEEKDAY, _weekday), (_WEEK, _week)):
        if match := pattern.fullmatch(text):
            return act(asked, match, today)
    if match := _FROM_NOW.fullmatch(text):
        return _from_now(asked, match, today)
    match = _WHEN.fullmatch(text)
    day = day_of(match[1] or match[2], asked.locale, today) if match else None
    return _shown(asked, asked.text.rstrip("? \u00a0"), day) if day else None


def _until(asked: Asked, match: re.Match[str], today: date) -> InstantAnswer | None:
    wanted = match[1] or match[2]
    day = next_feast(wanted, today) or day_of(wanted, asked.locale, today)
    if day and day < today and not has_year(wanted):
        day = day_of(f"{wanted} {today.year + 1}", asked.locale, today)
    if not day or day < today:
        return None
    title = asked.say(_("Until %(day)s")) % {"day": in_words(day, asked.locale)}
    return InstantAnswer(kind="dates", title=title, lead=_days(asked, (day - today).days))


def _between(asked: Asked, match: re.Match[str], today: date) -> InstantAnswer | None:
    first, last = (day_of(match[number], asked.locale, today) for number in (1, 2))
    if not first or not last:
        return None
    count = abs((last - first).days)
    rows = [(asked.say(_("Weeks")), _weeks(asked, count))] if count >= 14 else []
    rows.append((asked.say(_("With both days")), _days(asked, count + 1)))
    title = f"{in_words(first, asked.locale)} → {in_words(last, asked.locale)}"
    return InstantAnswer(kind="dates", title=title, lead=_days(asked, count), rows=tuple(rows))


def _weekday(asked: Asked, match: re.Match[str], today: date) -> InstantAnswer | None:
    day = day_of(match[1] or match[2], asked.locale, today)
    if not day:
        return None
    from babel.dates import format_date

    weekday = str(format_date(day, "EEEE", locale=asked.locale))
    return InstantAnswer(
        kind="dates", title=str(format_date(day, "long", locale=asked.locale)), lead=weekday.capitalize()
    )


def _week(asked: Asked, match: re.Match[str], today: date) -> InstantAnswer | None:
    day = day_of(match[1], asked.locale, today) if match[1] else today
    if not day:
        return None
    year, week, _weekday_number = day.isocalendar()
    monday = date.fromisocalendar(year, week, 1)
    title = in_words(day, asked.locale)
    span = f"{in_words(monday, asked.locale)} → {in_words(monday + timedelta(6), asked.locale)}"
    return InstantAnswer(
        kind="dates",
        title=title,
        lead=asked.say(_("Week %(number)s")) % {"number": week},
        rows=((asked.say(_("From Monday to Sunday")), span),),
        note=asked.say(_("Weeks by ISO 8601: the first one holds the first Thursday.")),
    )


def _from_now(asked: Asked, match: re.Match[str], today: date) -> InstantAnswer | None:
    number, unit = int(match[3] or match[5]), match[4] or match[6]
    days = number * (7 if unit[0] in "sw" else 1)
    is_past = bool(match[2]) or match[7] == "ago"
    return _shown(asked, asked.text, today + timedelta(-days if is_past else days))


def _shown(asked: Asked, title: str, day: date) -> InstantAnswer:
    distance = (day - asked.now.date()).days
    rows = ((asked.say(_("In")), _days(asked, distance)),) if distance > 0 else ()
    lead = in_words(day, asked.locale)
    return InstantAnswer(
        kind="dates",
        title=title,
        lead=lead[0].upper() + lead[1:],
        rows=(*rows, (asked.say(_("Week")), str(day.isocalendar().week))),
    )


def _days(asked: Asked, count: int) -> str:
    from babel.units import format_unit

    return str(format_unit(count, "duration-day", "long", locale=asked.locale))


def _weeks(asked: Asked, count: int) -> str:
    from babel.units import format_unit

    weeks, days = divmod(count, 7)
    text = str(format_unit(weeks, "duration-week", "long", locale=asked.locale))
    return f"{text}, {_days(asked, days)}" if days else text
