"""Names that look like other names: one script a name, one key for all that look alike.

A small part of Unicode TS 39 (sections 4 and 5): letters of Greek and Cyrillic that a
reader takes for Latin ones are folded onto them, and a word that mixes scripts is refused,
since no honest name of a group needs one.
"""

import unicodedata
from functools import lru_cache

__all__ = ["is_of_one_script", "skeleton"]

_ALIKE = str.maketrans(
    {
        # Cyrillic
        "а": "a", "в": "b", "е": "e", "ё": "e", "з": "3", "и": "u", "і": "i", "ї": "i", "ј": "j",
        "к": "k", "м": "m", "н": "h", "о": "o", "п": "n", "р": "p", "с": "c", "т": "t", "у": "y",
        "х": "x", "ѕ": "s", "ԁ": "d", "ԛ": "q", "ԝ": "w", "һ": "h", "ь": "b", "ӏ": "l", "г": "r",
        # Greek
        "α": "a", "β": "b", "γ": "y", "ε": "e", "ζ": "z", "η": "n", "ι": "i", "κ": "k", "μ": "u",
        "ν": "v", "ο": "o", "ρ": "p", "σ": "o", "ς": "c", "τ": "t", "υ": "u", "χ": "x", "ϲ": "c",
        "ϳ": "j", "ω": "w",
        # Latin letters and digits that a reader confuses
        "ı": "i", "ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "0": "o", "1": "l",
        "|": "l",
    }
)  # fmt: skip
_TOGETHER = ({"HIRAGANA", "KATAKANA", "CJK"}, {"HANGUL", "CJK"}, {"BOPOMOFO", "CJK"})


def skeleton(text: str) -> str:
    """A key that is equal for names which a reader takes for one another.

    Case, accents, spaces and punctuation do not count.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    plain = "".join(c for c in folded if unicodedata.category(c)[0] in "LN" or c == "|")
    return plain.translate(_ALIKE).replace("i", "l").replace("rn", "m").replace("vv", "w")


def is_of_one_script(text: str) -> bool:
    """Whether the letters of `text` are of one script, or of those that one language mixes."""
    scripts = {_script(c) for c in text if unicodedata.category(c).startswith("L")}
    return len(scripts) <= 1 or any(scripts <= together for together in _TOGETHER)


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    first = unicodedata.name(letter, "UNKNOWN").partition(" ")[0]
    return "LATIN" if first in ("FEMININE", "MASCULINE", "MICRO") else first
