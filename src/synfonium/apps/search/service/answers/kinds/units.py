"""Conversion of units: `5 miles en km`, `100 °F in C`, `3 tasses en ml`."""

import asyncio
import re
from decimal import Decimal

from synfonium.apps.search.service.answers.asked import Asked, InstantAnswer
from synfonium.apps.search.service.answers.measures import Measure, measure_of, registry
from synfonium.apps.search.service.answers.numbers import NUMBER, read_number, shown
from synfonium.kernel.i18n import _

GATE = re.compile(r"\d.* (?:en|in|to|into|as|vers|=) |^(?:combien|how many)\b")
_LONGEST_NAME = 40
_CONVERT = re.compile(
    rf"(?:convert(?:is|ir)?\s+|combien font\s+|how much is\s+)?(?P<number>[+-−]?{NUMBER})\s*"
    rf"(?P<unit>[^\d\s=][^\d=]{{0,{_LONGEST_NAME}}}?[23]?)\s+(?:en|in|to|into|as|vers|=)\s+(?P<wanted>\S.{{0,{_LONGEST_NAME}}}?)\s*\??",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(
    rf"(?:combien (?:de |d'|d’)|how many )(?P<wanted>.{{1,{_LONGEST_NAME}}}?) (?:y a-t-il |are there "
    rf"|are |font )?"
    rf"(?:dans|in|pour|per) (?P<number>{NUMBER}|une?|an?|one)\s*(?P<unit>.{{1,{_LONGEST_NAME}}}?)\s*\??",
    re.IGNORECASE,
)
_TEMPERATURES = ("degree_Celsius", "degree_Fahrenheit", "kelvin")
_LARGEST = Decimal(10) ** 30
_US_KITCHEN = {"cup", "pint", "gallon", "quart", "fluid_ounce"}
_US = _("Measures of the United States; a metric cup holds 250 ml.")


async def answer(asked: Asked) -> InstantAnswer | None:
    """Only between two known units of one dimension."""
    match = _CONVERT.fullmatch(asked.text) or _HOW_MANY.fullmatch(asked.text)
    if not match:
        return None
    given, wanted = measure_of(match["unit"].strip()), measure_of(match["wanted"].strip())
    written = match["number"]
    number = Decimal(1) if written[0].isalpha() else read_number(written, asked.locale)
    if not given or not wanted or given is wanted or number is None or abs(number) > _LARGEST:
        return None
    value = await asyncio.to_thread(_converted, number, given.unit, wanted.unit)
    return _answer(asked, number, given, value, wanted) if value is not None else None


def _converted(number: Decimal, given: str, wanted: str) -> Decimal | None:
    from pint.errors import DimensionalityError

    units = registry()
    try:
        value = units.Quantity(number, units.parse_units(given)).to(units.parse_units(wanted)).magnitude
    except (DimensionalityError, ArithmeticError):
        return None
    if wanted in _TEMPERATURES and _below_zero(value, wanted):
        return None
    return Decimal(value)


def _below_zero(value: Decimal, unit: str) -> bool:
    """Whether it is colder than absolute zero, by more than a rounding."""
    least = {"degree_Celsius": "-273.15", "degree_Fahrenheit": "-459.67", "kelvin": "0"}[unit]
    return value < Decimal(least) - Decimal("1e-9")


def _answer(asked: Asked, number: Decimal, given: Measure, value: Decimal, wanted: Measure) -> InstantAnswer:
    # What people measure has few digits: 7.14 ounces, not 7.1428571428.
    rounded = (
        value if shown(value)[0] == value and len(value.normalize().as_tuple().digits) <= 8 else _short(value)
    )
    sign = "=" if rounded == value else "≈"
    is_kitchen = bool({given.unit, wanted.unit} & _US_KITCHEN)
    return InstantAnswer(
        kind="units",
        title=f"{asked.number(number)}\u00a0{given.symbol} {sign}",
        lead=f"{asked.number(rounded)}\u00a0{wanted.symbol}",
        note=asked.say(_US) if is_kitchen else "",
    )


def _short(value: Decimal) -> Decimal:
    return Decimal(f"{value:.6g}") if value else value
