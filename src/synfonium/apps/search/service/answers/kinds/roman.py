"""Roman numerals, both ways: `MMXXVI`, `2026 en chiffres romains`."""

import re

from synfonium.apps.search.service.answers.asked import Asked, InstantAnswer

GATE = re.compile(r"roman|romains?|^[mdclxvi]{2,15}(?: (?:in|en) .+)?$")
_NUMERAL = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_TO_ROMAN = re.compile(
    r"(?:convert(?:ir)? )?(\d{1,4}) (?:en|in|to) (?:chiffres?|nombres? )?\s?(?:romains?|roman(?: "
    r"numerals?| numbers?)?)\??"
    r"|(?:chiffres? romains?|roman numerals?) (?:de |of |for )?(\d{1,4})\??"
)
_FROM_ROMAN = re.compile(
    r"(?:chiffres? romains?|roman numerals?) ([mdclxvi]{1,15})|([mdclxvi]{1,15}) (?:en|in) "
    r"(?:chiffres? (?:arabes?)|arabic(?: numerals?)?|chiffres?|nombre|number|numbers)\??"
)
_VALUES = {"M": 1000, "D": 500, "C": 100, "L": 50, "X": 10, "V": 5, "I": 1}
_SIGNS = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
    (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip
_SHORTEST_ALONE = 4


async def answer(asked: Asked) -> InstantAnswer | None:
    """A numeral alone is one only in capitals and of four letters: `CD` and `MIX` are words."""
    if match := _TO_ROMAN.fullmatch(asked.folded):
        number = int(match[1] or match[2])
        return _shown(f"{number}", as_roman(number)) if 0 < number < 4000 else None
    match = _FROM_ROMAN.fullmatch(asked.folded)
    numeral = (match[1] or match[2]).upper() if match else asked.text
    if not match and (len(numeral) < _SHORTEST_ALONE or not numeral.isupper()):
        return None
    return _shown(numeral, str(of_roman(numeral))) if numeral and _NUMERAL.fullmatch(numeral) else None


def as_roman(number: int) -> str:
    """number: 1 to 3999."""
    numeral = ""
    for value, sign in _SIGNS:
        count, number = divmod(number, value)
        numeral += sign * count
    return numeral


def of_roman(numeral: str) -> int:
    values = [_VALUES[sign] for sign in numeral]
    after = [*values[1:], 0]
    return sum(-value if value < following else value for value, following in zip(values, after, strict=True))


def _shown(title: str, lead: str) -> InstantAnswer:
    return InstantAnswer(kind="roman", title=f"{title} =", lead=lead)
