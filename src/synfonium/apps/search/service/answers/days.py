"""Days by their names: dates as people write them, feasts, French public holidays."""

import re
from datetime import date, timedelta

from synfonium.kernel.i18n import _

FIRST_YEAR, LAST_YEAR = 1583, 9998
"""Before 1583 the calendar was another (the bull Inter gravissimas, 1582)."""
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "janvier january janv jan",
            "fevrier february fevr fev feb",
            "mars march mar",
            "avril april avr apr",
            "mai may",
            "juin june jun",
            "juillet july juil jul",
            "aout august aug",
            "septembre september sept sep",
            "octobre october oct",
            "novembre november nov",
            "decembre december dec",
        ),
        1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_NUMERIC = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
_DAY_MONTH = re.compile(
    rf"(?:le )?(?:\w+day |lundi |mardi |mercredi |jeudi |vendredi |samedi |dimanche )?"
    rf"(\d{{1,2}}|1er)(?:st|nd|rd|th)?(?: of)? ({_MONTH})\.?,?(?: (\d{{4}}))?"
)
_MONTH_DAY = re.compile(rf"({_MONTH})\.? (\d{{1,2}})(?:st|nd|rd|th)?(?:,? (\d{{4}}))?")
_NOT_MONDAY = re.compile(r"^(?:le |la |l'|the )")


def easter(year: int) -> date:
    """Western Easter (Meeus, Jones and Butcher). year: 1583 to 9999."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    el = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * el) // 451
    month, day = divmod(h + el - 7 * m + 114, 31)
    return date(year, month, day + 1)


def french_holidays(year: int) -> list[tuple[date, str]]:
    """Public holidays of metropolitan France today (Code du travail, article L3133-1), by date."""
    sunday = easter(year)
    return sorted(
        (
            (date(year, 1, 1), _("New Year's Day")),
            (sunday + timedelta(1), _("Easter Monday")),
            (date(year, 5, 1), _("Labour Day")),
            (date(year, 5, 8), _("Victory Day 1945")),
            (sunday + timedelta(39), _("Ascension")),
            (sunday + timedelta(50), _("Whit Monday")),
            (date(year, 7, 14), _("National Day of France")),
            (date(year, 8, 15), _("Assumption")),
            (date(year, 11, 1), _("All Saints' Day")),
            (date(year, 11, 11), _("Armistice 1918")),
            (date(year, 12, 25), _("Christmas")),
        )
    )


_BY_EASTER = {
    "mardi gras": -47, "shrove tuesday": -47, "mercredi des cendres": -46, "ash wednesday": -46,
    "rameaux": -7, "palm sunday": -7, "vendredi saint": -2, "good friday": -2, "paques": 0, "easter": 0,
    "easter sunday": 0, "dimanche de paques": 0, "lundi de paques": 1, "easter monday": 1, "ascension": 39,
    "jeudi de l'ascension": 39, "ascension day": 39, "pentecote": 49, "pentecost": 49, "whitsun": 49,
    "lundi de pentecote": 50, "whit monday": 50,
}  # fmt: skip
_FIXED = {
    "noel": (12, 25), "christmas": (12, 25), "christmas day": (12, 25), "xmas": (12, 25),
    "reveillon": (12, 24),
    "christmas eve": (12, 24),
    "saint-sylvestre": (12, 31), "new year's eve": (12, 31), "nouvel an": (1, 1),
    "jour de l'an": (1, 1), "new year": (1, 1), "new year's day": (1, 1), "saint-valentin": (2, 14),
    "saint valentin": (2, 14), "valentine's day": (2, 14), "fete du travail": (5, 1), "labour day": (5, 1),
    "fete nationale": (7, 14), "bastille day": (7, 14), "assomption": (8, 15), "assumption": (8, 15),
    "halloween": (10, 31), "toussaint": (11, 1), "all saints' day": (11, 1), "armistice": (11, 11),
    "fete de la musique": (6, 21), "journee de l'europe": (5, 9), "europe day": (5, 9),
}  # fmt: skip


def feast(name: str, year: int) -> date | None:
    """The day of a feast in this year. name: folded, in French or English."""
    name = _NOT_MONDAY.sub("", name)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    if name in _BY_EASTER:
        return easter(year) + timedelta(_BY_EASTER[name])
    return date(year, *_FIXED[name]) if name in _FIXED else None


def next_feast(name: str, today: date) -> date | None:
    """Today or the first day after it."""
    found = feast(name, today.year)
    return feast(name, today.year + 1) if found and found < today else found


def day_of(text: str, locale: str, today: date) -> date | None:
    """A day written in any usual way (folded), or None. Without a year: of this year.

    `3/4/2026` is April in French. In English it could be March as well, and is nothing.
    """
    near = {"aujourd'hui": 0, "today": 0, "demain": 1, "tomorrow": 1, "hier": -1, "yesterday": -1}
    if text in near:
        return today + timedelta(near[text])
    if match := _ISO.fullmatch(text):
        return _day(match[1], match[2], match[3])
    if match := _NUMERIC.fullmatch(text):
        is_clear = locale == "fr" or int(match[1]) > 12 or match[1] == match[2]
        return _day(match[3], match[2], match[1]) if is_clear else None
    if match := _DAY_MONTH.fullmatch(text):
        return _day(match[3] or today.year, _MONTHS[match[2]], match[1].removesuffix("er"))
    if match := _MONTH_DAY.fullmatch(text):
        return _day(match[3] or today.year, _MONTHS[match[1]], match[2])
    return _feast_of_year(text, today)


def _feast_of_year(text: str, today: date) -> date | None:
    name, _space, year = text.rpartition(" ")
    if len(year) == 4 and year.isdecimal():
        return feast(name, int(year))
    return next_feast(text, today)


def _day(year: str | int, month: str | int, day: str | int) -> date | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None


def has_year(text: str) -> bool:
    return re.search(r"\d{4}", text) is not None


def in_words(day: date, locale: str) -> str:
    """`jeudi 25 décembre 2026`."""
    from babel.dates import format_date

    if locale == "en":
        return str(format_date(day, "EEEE d MMMM y", locale="en"))
    text = str(format_date(day, "full", locale=locale))
    return text.replace(" 1 ", " 1er ") if locale == "fr" and day.day == 1 else text
