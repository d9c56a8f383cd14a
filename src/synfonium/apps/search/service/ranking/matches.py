"""Where the words of a question stand in what was read."""

import math
import re
import unicodedata
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from synfonium.apps.search.service.ranking.reading import (
    KEY_LETTERS,
    ZONES,
    Numbers,
    Reading,
    first_letters,
    folded,
    key_of,
)
from synfonium.libraries.chains import TEXT as CHAINS
from synfonium.ports.index import IndexQuery

MOST_TERMS = 32
_WORD = re.compile(r"[^\W_]+")
_RAREST = 1e-7
Flags = NDArray[np.bool_]
Weights = NDArray[np.float64]


class Terms:
    """The distinct words of a question. is_blank: the family's chain takes it for a stop word;
    a question of stop words alone has none. weights: how rare each is, `log(1 + 1/share)`."""

    def __init__(self, asked: IndexQuery, family: str, document_share: Callable[[str], float]) -> None:
        typed = " ".join((asked.words, *asked.phrases))
        found = dict.fromkeys(_WORD.findall(unicodedata.normalize("NFC", typed)))
        self.words: list[str] = []
        self.letters: list[bytes] = []
        for word in found:
            letters = folded(word).tobytes()
            if 0 not in letters and len(self.words) < MOST_TERMS:
                self.words.append(word)
                self.letters.append(letters)
        self.count = len(self.words)
        self._chain = CHAINS[family]
        self.stems = [_stem(self._chain.analyze(word)) for word in self.words]
        blank = np.array([not stem for stem in self.stems], bool)
        self.is_blank: Flags = blank & ~blank.all()
        self.weights: Weights = np.array(
            [math.log(1 + 1 / max(_RAREST, min(1.0, document_share(word)))) for word in self.words]
        )
        self.keys = np.array([key_of(letters) for letters in self.letters], np.uint64)
        self.lengths = np.array([len(letters) for letters in self.letters], np.int64)
        self.shared = [
            min(KEY_LETTERS, _common(stem, letters) or len(letters))
            for stem, letters in zip(self.stems, self.letters, strict=True)
        ]

    def has_stem_of(self, word: str, term: int) -> bool:
        return bool(self.stems[term]) and _stem(self._chain.analyze(word)) == self.stems[term]


class Matches:
    """The words that are a term's or of its stem, in their order: their number in the Reading,
    the term, whether it is spelt so; and candidate and zone."""

    def __init__(self, reading: Reading, terms: Terms) -> None:
        numbers, of_term = _beginnings(reading, terms)
        exact = (reading.keys[numbers] == terms.keys[of_term]) & (
            reading.lengths[numbers] == terms.lengths[of_term]
        )
        kept = exact | _same_stem(reading, terms, numbers, of_term, ~exact & ~terms.is_blank[of_term])
        order = np.argsort(numbers[kept], kind="stable")
        self.words: Numbers = numbers[kept][order]
        self.terms: Numbers = of_term[kept][order]
        self.exact: Flags = exact[kept][order]
        where = reading.zones[self.words]
        self.places: Numbers = where
        self.candidates: Numbers = where // len(ZONES)
        self.zones: Numbers = where % len(ZONES)
        self._shape = (reading.count, terms.count)

    def counts(self, chosen: Flags) -> Weights:
        """How often each term is in each zone of each candidate, among the chosen matches:
        zones × candidates × terms."""
        candidates, terms = self._shape
        flat = (self.zones[chosen] * candidates + self.candidates[chosen]) * terms + self.terms[chosen]
        counts = np.bincount(flat, minlength=len(ZONES) * candidates * terms)
        return counts.reshape(len(ZONES), candidates, terms).astype(np.float64)


def _beginnings(reading: Reading, terms: Terms) -> tuple[Numbers, Numbers]:
    """The words that begin as some term's stem does, and which term's."""
    least = min([3, *terms.shared])
    begin = first_letters(reading.keys, least)
    table = np.zeros(1 << 16, bool)
    table[_hash(first_letters(terms.keys, least))] = True
    likely = np.flatnonzero(np.take(table, _hash(begin), mode="clip"))
    keys = reading.keys[likely]
    found = [
        likely[first_letters(keys, letters) == first_letters(terms.keys[term : term + 1], letters)]
        for term, letters in enumerate(terms.shared)
    ]
    of_term = np.repeat(np.arange(terms.count), [len(numbers) for numbers in found])
    return (np.concatenate(found) if found else np.zeros(0, np.int64)), of_term


def _hash(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    mixed: NDArray[np.uint64] = (keys * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(48)
    return mixed


def _same_stem(reading: Reading, terms: Terms, numbers: Numbers, of_term: Numbers, asked: Flags) -> Flags:
    """Of the words `asked` about, which have their term's stem; each spelling is stemmed once."""
    result = np.zeros(len(numbers), bool)
    known: dict[tuple[int, int, int], bool] = {}
    places = np.flatnonzero(asked)
    words, which = numbers[places], of_term[places]
    spelt = zip(reading.keys[words].tolist(), reading.lengths[words].tolist(), which.tolist(), strict=True)
    for place, word, spelling in zip(places.tolist(), words.tolist(), spelt, strict=True):
        if spelling not in known:
            known[spelling] = terms.has_stem_of(reading.word(word), spelling[2])
        result[place] = known[spelling]
    return result


def _stem(analysed: list[str]) -> str:
    return analysed[0] if analysed else ""


def _common(stem: str, letters: bytes) -> int:
    """How many letters the stem and its word begin with alike."""
    same = 0
    for ours, theirs in zip(stem.encode("ascii", "replace"), letters, strict=False):
        if ours != theirs:
            break
        same += 1
    return same
