"""Numbers in other bases: `255 en hexadécimal`, `0xff`, `1010 binary to decimal`."""

import re

from synfonium.apps.search.service.answers.asked import Asked, InstantAnswer
from synfonium.kernel.i18n import _

GATE = re.compile(r"\b0[xbo][\da-f]|hexa|\bhex\b|binai?r|octal|decimal")
_BASES = {"hex": 16, "bin": 2, "oct": 8, "dec": 10, "0x": 16, "0b": 2, "0o": 8}
_NAME = r"(?:hexa(?:decimale?)?|hexadecimal|hex|binaire|binary|bin|octale?|oct|decimale?|dec)"
_ASK = re.compile(
    rf"(?:convert(?:ir)? )?(?P<number>(?:0[xbo])?[\da-f]{{1,40}})(?: (?:(?:en|in|from|base) "
    rf")?(?P<given>{_NAME}))??"
    rf"(?: (?:en|in|to|vers) (?P<wanted>{_NAME}))?\??"
)
_LABELS = {10: _("Decimal"), 16: _("Hexadecimal"), 8: _("Octal"), 2: _("Binary")}
_FORMATS = {10: "d", 16: "X", 8: "o", 2: "b"}


async def answer(asked: Asked) -> InstantAnswer | None:
    match = _ASK.fullmatch(asked.folded)
    if not match or not (match["wanted"] or match["given"] or match["number"][:2] in _BASES):
        return None
    written, prefix = match["number"], match["number"][:2]
    has_prefix = prefix in _BASES and prefix[1] != "d" and len(written) > 2
    given = _BASES[prefix] if has_prefix else _base(match["given"])
    try:
        value = int(written[2:] if has_prefix else written, given)
    except ValueError:
        return None
    wanted = _base(match["wanted"], 10 if given != 10 else 16)
    return _shown(asked, written, value, given, wanted) if wanted != given else None


def _base(name: str | None, otherwise: int = 10) -> int:
    return _BASES[name[:3]] if name else otherwise


def _shown(asked: Asked, written: str, value: int, given: int, wanted: int) -> InstantAnswer:
    others = [base for base in _LABELS if base not in (given, wanted)]
    return InstantAnswer(
        kind="bases",
        title=f"{written} ({asked.say(_LABELS[given])}) =",
        lead=format(value, _FORMATS[wanted]),
        rows=tuple((asked.say(_LABELS[base]), format(value, _FORMATS[base])) for base in others),
        code=True,
    )
