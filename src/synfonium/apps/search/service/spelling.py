"""Did you mean: the nearest word of the indexed pages for one that they hardly have."""

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from synfonium.ports.index import SearchIndex

MOST_WORDS = 8
_SHORTEST, _LONGEST = 4, 40
_TWO_MISTAKES_FROM = 7
_RARER = 10
_LEAST_DOCUMENTS = 2
_MOST_CANDIDATES = 5_000
_COST_OF_A_MISTAKE = 3.0
_WORD = re.compile(r"(?<![\w:])[^\W\d_]+(?![\w:])")
_ACCENTED = {"a": "àâ", "c": "ç", "e": "éèê", "i": "îï", "o": "ôö", "u": "ùûü"}


class Spelling:
    """Corrects words with words of public documents; what people ask never becomes one of them."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index

    def corrected(self, typed: str, words: str) -> str:
        """`typed` with each of `words` that the pages hardly have in the spelling that they have;
        "" when there is nothing to correct. Blocks, some milliseconds a word."""
        asked = dict.fromkeys(_WORD.findall(words))
        fixes = {word: fix for word in list(asked)[:MOST_WORDS] if (fix := self._fix(word))}
        if not fixes:
            return ""
        return _WORD.sub(lambda found: fixes.get(found[0], found[0]), typed)

    def _fix(self, word: str) -> str:
        if not _SHORTEST <= len(word) <= _LONGEST:
            return ""
        known: dict[str, int] = {}
        for prefix in _prefixes(word.lower()[:2]):
            known |= dict(self._index.vocabulary(prefix, limit=_MOST_CANDIDATES))
        return _nearest(word.lower(), known)


def _nearest(word: str, known: Mapping[str, int]) -> str:
    """The known word at the best price of mistakes and rarity, if it is far more frequent."""
    plain = _folded(word)
    own = sum(count for other, count in known.items() if _folded(other) == plain)
    least = max(_LEAST_DOCUMENTS, _RARER * own)
    frequent = [other for other, count in known.items() if count >= least and _folded(other) != plain]
    priced = (
        (math.log(known[other]) - _COST_OF_A_MISTAKE * mistakes, other)
        for other, mistakes in _within_reach(plain, frequent)
    )
    return max(priced, default=(0.0, ""))[1]


def _within_reach(plain: str, words: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Words one mistake away, or two from a long word; swapped neighbours are one (Damerau 1964)."""
    from rapidfuzz.distance import OSA  # where nothing is corrected, nothing is loaded

    reach = 2 if len(plain) >= _TWO_MISTAKES_FROM else 1
    for other in words:
        mistakes = OSA.distance(plain, _folded(other), score_cutoff=reach)
        if 0 < mistakes <= reach:
            yield other, mistakes


def _prefixes(two: str) -> Iterator[str]:
    """The two letters, and with an accent on one of them."""
    yield two
    for place, letter in enumerate(two):
        for accented in _ACCENTED.get(letter, ""):
            yield two[:place] + accented + two[place + 1 :]


def _folded(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
