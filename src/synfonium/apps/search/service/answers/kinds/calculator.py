"""Arithmetic: `3 fois 4`, `20 % de 150`, `sqrt(2) + 1`."""

import re
from decimal import Decimal

from synfonium.apps.search.service.answers.asked import Asked, InstantAnswer
from synfonium.apps.search.service.answers.expression import NotAnExpression, value_of
from synfonium.apps.search.service.answers.numbers import shown
from synfonium.kernel.i18n import _

GATE = re.compile(r"\d")
_ACTS = re.compile(r"[-+*/^%!²³√()]|\bmod\b")
_ASKS = re.compile(
    r"^(?:combien (?:font?|vaut|valent)|que (?:font?|vaut)|calcule[rz]?|calculate|compute|what is"
    r"|what's|how much is)\b"
)
# A day, a span of years, or a telephone number is no subtraction or division.
_NO_SUM = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{4}-\d{2,4}|24/7|[079]/11|\+\d[\d -]+"
    r"|\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?|\d+(?:-\d+){2,}"
)
# Words, and what they mean; longest first.
_WORDS = tuple(
    (re.compile(rf"(?<![a-z]){words}(?![a-z])"), sign)
    for words, sign in (
        (r"racine (?:carree )?de|square root of", "√"),
        (r"multiplie par|multiplied by|fois|times|x", "*"),
        (r"divise par|divided by|sur|over", "/"),
        (r"(?:eleve a la )?puissance|to the power of", "^"),
        (r"au carre|squared", "²"),
        (r"au cube|cubed", "³"),
        (r"pour ?cents?|percent|per cent", "%"),
        (r"modulo", "mod"),
        (r"plus", "+"),
        (r"moins|minus", "-"),
        (r"du|de|des|of|d'", "of"),
    )
)
_SIGNS = str.maketrans({"×": "*", "⋅": "*", "·": "*", "÷": "/", "∕": "/", "−": "-", "π": " pi ", ":": "/"})
_PRETTY = {"*": "×", "/": "÷", "-": "−", "pi": "π"}
_LONGEST = 200
_RADIANS = _("Angles are in radians; write 30° for degrees.")


async def answer(asked: Asked) -> InstantAnswer | None:
    """Only where the whole question is arithmetic with something to compute."""
    if len(asked.folded) > _LONGEST:
        return None
    text = _ASKS.sub("", asked.folded).strip(" =?")
    if _NO_SUM.fullmatch(text.replace(" ", "") if "+" in text[:1] else text):
        return None
    signs = _as_signs(text)
    if not _ACTS.search(signs) or not _is_worth_it(signs):
        return None
    try:
        value = value_of(signs, asked.locale)
    except NotAnExpression:
        return None
    return _answer(asked, signs, value)


def _as_signs(text: str) -> str:
    text = text.translate(_SIGNS)
    for pattern, sign in _WORDS:
        text = pattern.sub(f" {sign} ", text)
    return " ".join(text.split())


def _is_worth_it(signs: str) -> bool:
    """A number alone, signed or in parentheses, asks for nothing."""
    return not re.fullmatch(r"[-+(]*[\d ,.]+[%)°]*", signs)


def _answer(asked: Asked, signs: str, value: Decimal) -> InstantAnswer:
    sign = "≈" if shown(value)[1] else "="
    return InstantAnswer(
        kind="calculator",
        title=f"{_pretty(asked, signs)} {sign}",
        lead=asked.number(value),
        note=asked.say(_RADIANS) if re.search(r"(?:sin|cos|tan)\([^°]*$", signs) else "",
    )


def _pretty(asked: Asked, signs: str) -> str:
    of = asked.say(_("of"))
    for sign, shape in {**_PRETTY, "of": of}.items():
        signs = signs.replace(f" {sign} ", f" {shape} ") if sign.isalpha() else signs.replace(sign, shape)
    return signs
