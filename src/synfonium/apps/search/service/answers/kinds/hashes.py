"""Hashes of words: `sha256 of hello`, `md5 de bonjour`."""

import hashlib
import re

from synfonium.apps.search.service.answers.asked import Asked, InstantAnswer
from synfonium.kernel.i18n import _

GATE = re.compile(r"^(?:hash |empreinte )?(?:md5|sha)")
_ASK = re.compile(
    r"(?:hash |empreinte )?(md5|sha-?1|sha-?256|sha-?384|sha-?512|sha3-256)(?: hash)?(?: of | de | "
    r"d['’]|\s?: ?)(.{1,250})",
    re.IGNORECASE,
)
_BROKEN = {"md5", "sha1"}


async def answer(asked: Asked) -> InstantAnswer | None:
    """Of the text in UTF-8, without its quotes."""
    match = _ASK.fullmatch(asked.text)
    if not match:
        return None
    name = match[1].lower()
    name = name if name.startswith("sha3") else name.replace("-", "")
    text = _without_quotes(match[2].strip())
    algorithm = name.replace("-", "_")
    return InstantAnswer(
        kind="hashes",
        title=f"{name.upper()} · {text}",
        lead=hashlib.new(algorithm, text.encode(), usedforsecurity=False).hexdigest(),
        note=asked.say(_("No longer safe against forgery.")) if name in _BROKEN else "",
        code=True,
    )


def _without_quotes(text: str) -> str:
    pairs = (('"', '"'), ("'", "'"), ("«", "»"), ("“", "”"))
    is_quoted = len(text) > 2 and any(text.startswith(a) and text.endswith(b) for a, b in pairs)
    return text[1:-1].strip() if is_quoted else text
