"""Numbers as people write them, in French and in English."""

import re
from decimal import Context, Decimal, InvalidOperation

# 1 234,5  1,234.5  1.234,5  1'234.5  .5  1e6
NUMBER = r"(?:\d{1,3}(?:[ ']\d{3})+(?![\d])(?:[.,]\d+)?|\d[\d.,]*|[.,]\d+)(?:e[+-]?\d{1,4}(?![a-z\d]))?"
_SHAPE = re.compile(rf"[+-]?{NUMBER}")
MOST_DIGITS = 60
SHOWN_DIGITS = 15
_SHOWN = Context(prec=SHOWN_DIGITS)
_EXACT = Context(prec=50)
_LONGEST_WHOLE = 40


def read_number(text: str, locale: str) -> Decimal | None:
    """The number written so, or None where it is none or could be two.

    A lone comma parts thousands in English when three digits follow, and decimals in French.
    """
    text = text.translate({0xA0: " ", 0x202F: " ", 0x2009: " ", 0x2212: "-"}).strip().lower()
    if len(text) > MOST_DIGITS or not _SHAPE.fullmatch(text):
        return None
    head, _e, exponent = text.replace(" ", "").replace("'", "").partition("e")
    plain = _with_point(head, locale)
    try:
        return Decimal(f"{plain}e{exponent}" if exponent else plain) if plain else None
    except InvalidOperation:
        return None


def _with_point(text: str, locale: str) -> str:
    commas, points = text.count(","), text.count(".")
    if commas and points:
        decimal = "," if text.rfind(",") > text.rfind(".") else "."
        group = "." if decimal == "," else ","
        whole, _sign, rest = text.rpartition(decimal)
        return f"{_joined(whole, group)}.{rest}" if decimal not in whole and _joined(whole, group) else ""
    if not commas and not points:
        return text
    sign = "," if commas else "."
    if commas + points > 1 or (sign == "," and locale == "en" and _joined(text, ",")):
        return _joined(text, sign)
    return text.replace(",", ".")


def _joined(text: str, group: str) -> str:
    first, *rest = text.split(group)
    if not 1 <= len(first.lstrip("+-")) <= 3 or any(len(part) != 3 for part in rest):
        return "" if rest else text
    return first + "".join(rest)


def shown(value: Decimal) -> tuple[Decimal, bool]:
    """The value with as many digits as are shown, and whether it is no longer exact."""
    if value == value.to_integral_value() and value.adjusted() < _LONGEST_WHOLE:
        return value.quantize(Decimal(1), context=Context(prec=_LONGEST_WHOLE + 1)), False
    short = _SHOWN.plus(value)
    return short, short != _EXACT.plus(value)


def written(value: Decimal, locale: str) -> str:
    """`1 234,5` in French, `1,234.5` in English; powers of ten where it would be long."""
    value, _is_rounded = shown(value)
    if not value:
        return "0"
    if not -7 <= value.adjusted() < _LONGEST_WHOLE:
        digits = f"{value:e}".partition("e")[0]
        digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
        return f"{_local(digits, locale)} × 10{_raised(value.adjusted())}"
    text = f"{value:,f}"
    return _local(text.rstrip("0").rstrip(".") if "." in text else text, locale)


def _local(text: str, locale: str) -> str:
    if locale == "fr":
        text = text.replace(",", "\u202f").replace(".", ",")
    return text.replace("-", "−")


def _raised(exponent: int) -> str:
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
