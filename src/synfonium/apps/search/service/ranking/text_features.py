"""What the words of the candidates say: how many of the question's, how rare, how near together."""

import numpy as np
from numpy.typing import NDArray

from synfonium.apps.search.service.ranking.matches import Flags, Matches, Terms, Weights
from synfonium.apps.search.service.ranking.reading import (
    ANCHORS,
    HEADINGS,
    PLACE,
    TEXT,
    TITLE,
    ZONES,
    Numbers,
    Reading,
    first_letters,
    folded,
)

LONG_QUESTION = 4
"""From so many telling words on, pages are also compared with the best ones (feedback)."""

_SMALL = 1e-9
_FEEDBACK_PAGES, _FEEDBACK_WORDS, _FEEDBACK_LETTERS = 10, 40, 6
_GRAM = 4


class TextFeatures:
    """Computes the features of one question's candidates; `scores` are the index's own."""

    def __init__(self, reading: Reading, terms: Terms, scores: Weights) -> None:
        self._reading, self._terms, self._scores = reading, terms, scores
        self._found = Matches(reading, terms)
        lengths = reading.zone_words[:, TEXT].astype(np.float64)
        self._lengths = lengths
        self._relative = lengths / max(_SMALL, lengths.mean())
        self._in_text = self._found.zones == TEXT
        self._in_zones = self._found.counts(np.ones(len(self._in_text), bool))
        self._spelt_in_zones = self._found.counts(self._found.exact)
        self._counts, self._spelt = self._in_zones[TEXT], self._spelt_in_zones[TEXT]
        self._all_weights = np.where(terms.is_blank, _rarity(self._spelt), terms.weights)
        self._weights = np.where(terms.is_blank, 0.0, terms.weights)
        self._total = max(_SMALL, self._weights.sum())

    def all(self) -> dict[str, Weights]:
        return self._words() | self._zones() | self._order() | self._nearness() | self._likeness()

    def _bm25(self, counts: Weights, weights: Weights, k1: float = 1.2, b: float = 0.75) -> Weights:
        """BM25 (Robertson & Zaragoza 2009), lengths relative to those of the candidates."""
        norm = k1 * (1 - b + b * self._relative)
        result: Weights = (counts * (k1 + 1) / (counts + norm[:, None] + _SMALL)) @ weights
        return result

    def _share(self, counts: Weights) -> Weights:
        """Which share of the question, rare words counting more, is there at all."""
        result: Weights = (counts > 0) @ self._weights / self._total
        return result

    def _words(self) -> dict[str, Weights]:
        return {
            "score": self._scores,
            "bm25": self._bm25(self._counts, self._weights),
            "bm25_long": self._bm25(self._counts, self._weights, 2.0, 0.9),
            "bm25_flat": self._bm25(self._counts, self._weights, 0.6, 0.6),
            "spelling": self._bm25(self._spelt, self._all_weights),
            "coverage": self._share(self._counts),
        }

    def _zones(self) -> dict[str, Weights]:
        zones = self._in_zones
        spelt = self._spelt_in_zones[TITLE] > 0
        title_words = np.maximum(1, self._reading.zone_words[:, TITLE])
        return {
            "title_coverage": self._share(zones[TITLE]),
            "title_spelling": spelt @ self._all_weights / max(_SMALL, self._all_weights.sum()),
            "title_share": np.minimum(1.0, zones[TITLE].sum(1) / title_words),
            "headings_coverage": self._share(zones[HEADINGS]),
            "anchors_coverage": self._share(zones[ANCHORS]),
            "place_coverage": self._share(zones[PLACE]),
            "any_coverage": self._share(zones.sum(0)),
        }

    def _order(self) -> dict[str, Weights]:
        """Pairs of the question's neighbours that are neighbours there too."""
        found = self._found
        telling = np.flatnonzero(~self._terms.is_blank)
        follows = np.full(self._terms.count, -1)
        follows[telling[:-1]] = telling[1:]
        weights = np.zeros(self._terms.count)
        weights[telling[:-1]] = self._weights[telling[:-1]] + self._weights[telling[1:]]
        near = self._pairs(~self._terms.is_blank[found.terms], follows, 2)
        beside = self._pairs(found.exact, np.append(np.arange(1, self._terms.count), -1), 1)
        in_zones, spelt = found.counts(near), found.counts(beside)[TEXT]
        return {
            "pairs": self._bm25(in_zones[TEXT], weights),
            "title_pairs": (in_zones[TITLE] > 0) @ weights / max(_SMALL, weights.sum()),
            "spelt_pairs": self._bm25(spelt, _rarity(spelt)),
        }

    def _pairs(self, chosen: Flags, follows: Numbers, most: int) -> Flags:
        """Those of the chosen matches that their follower succeeds within `most` words."""
        found, kept = self._found, np.flatnonzero(chosen)
        this, following = kept[:-1], kept[1:]
        is_pair = (
            (found.places[this] == found.places[following])
            & (follows[found.terms[this]] == found.terms[following])
            & (found.words[following] - found.words[this] <= most)
        )
        result = np.zeros(len(found.words), bool)
        result[this[is_pair]] = True
        return result

    def _nearness(self) -> dict[str, Weights]:
        found = self._found
        kept = self._in_text & ~self._terms.is_blank[found.terms]
        words, terms, candidates = found.words[kept], found.terms[kept], found.candidates[kept]
        return {
            "proximity": self._proximity(words, terms, candidates),
            "window_8": self._window(words, terms, candidates, 8),
            "window_25": self._window(words, terms, candidates, 25),
            "early": self._early(words, candidates),
        }

    def _proximity(self, words: Numbers, terms: Numbers, candidates: Numbers) -> Weights:
        """Rare words near one another (Büttcher, Clarke & Lushman 2006)."""
        pair = np.flatnonzero((candidates[1:] == candidates[:-1]) & (terms[1:] != terms[:-1]))
        weight = 1 / (words[pair + 1] - words[pair]).clip(1) ** 2.0
        shape = (self._reading.count, self._terms.count)
        flat = np.concatenate([candidates[pair] * shape[1] + terms[pair + n] for n in (0, 1)])
        gain = np.concatenate([self._weights[terms[pair + 1 - n]] * weight for n in (0, 1)])
        sums = np.bincount(flat, gain, shape[0] * shape[1]).reshape(shape).astype(np.float64)
        return self._bm25(sums, np.minimum(1.0, self._weights))

    def _window(self, words: Numbers, terms: Numbers, candidates: Numbers, size: int) -> Weights:
        """The greatest share of the question that stands within `size` words."""
        result: Weights = np.zeros(self._reading.count)
        if not len(words):
            return result
        stop = np.minimum(
            np.searchsorted(words, words + size), np.searchsorted(candidates, candidates, side="right")
        )
        inside = np.zeros(len(words))
        for term in np.flatnonzero(~self._terms.is_blank):
            seen = np.concatenate([[0], np.cumsum(terms == term)])
            inside += self._weights[term] * (seen[stop] > seen[:-1])
        np.maximum.at(result, candidates, inside)
        result /= self._total
        return result

    def _early(self, words: Numbers, candidates: Numbers) -> Weights:
        result = np.zeros(self._reading.count)
        if len(words):
            first = np.flatnonzero(np.diff(candidates, prepend=-1))
            begins = self._reading.first_words[candidates[first] * len(ZONES) + TEXT]
            result[candidates[first]] = 1 / (1 + (words[first] - begins) / 20)
        return result

    def _likeness(self) -> dict[str, Weights]:
        is_long = (~self._terms.is_blank).sum() >= LONG_QUESTION
        nothing = np.zeros(self._reading.count)
        return {
            "grams": self._grams() if is_long else nothing,
            "feedback": self._feedback() if is_long else nothing,
        }

    def _grams(self) -> Weights:
        """Four letters in a row of the question's words: finds other forms and compounds."""
        grams = sorted({gram for term in self._telling() for gram in _grams_of(term)})
        if not grams:
            return np.zeros(self._reading.count)
        wanted = np.array(grams, np.uint32)
        letters = self._reading.letters
        packed: NDArray[np.uint32] = np.ndarray(
            (len(letters) - _GRAM + 1,), "<u4", letters.tobytes(), strides=(1,)
        )
        table = np.zeros(1 << 16, bool)
        table[_hash(wanted)] = True
        likely = np.flatnonzero(np.take(table, _hash(packed), mode="clip"))
        number = np.searchsorted(wanted, packed[likely]).clip(0, len(wanted) - 1)
        is_one = wanted[number] == packed[likely]
        zones = np.searchsorted(self._reading.zone_starts, likely[is_one] + 1, side="right") - 1
        in_text = zones % len(ZONES) == TEXT
        shape = (self._reading.count, len(wanted))
        flat = zones[in_text] // len(ZONES) * shape[1] + number[is_one][in_text]
        counts = np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)
        return self._bm25(counts, _rarity(counts))

    def _telling(self) -> list[str]:
        return [
            word for word, blank in zip(self._terms.words, self._terms.is_blank, strict=True) if not blank
        ]

    def _feedback(self) -> Weights:
        """Likeness to the pages that the index put first (RM3, Lavrenko & Croft 2001), words
        cut to six letters and their rarity taken from the candidates."""
        reading = self._reading
        best = np.argsort(-self._scores, kind="stable")[:_FEEDBACK_PAGES]
        trust = np.zeros(reading.count)
        trust[best] = self._scores[best].clip(0) / np.maximum(1, self._lengths[best])
        words = np.flatnonzero((reading.zones % len(ZONES) == TEXT) & (reading.lengths > 2))
        of_page = reading.zones[words] // len(ZONES)
        keys = first_letters(reading.keys[words], _FEEDBACK_LETTERS)
        is_best = trust[of_page] > 0
        vocabulary, number = np.unique(keys[is_best], return_inverse=True)
        if not len(vocabulary):
            return np.zeros(reading.count)
        likely = np.bincount(number, trust[of_page[is_best]])
        place = np.searchsorted(vocabulary, keys).clip(0, len(vocabulary) - 1)
        known = vocabulary[place] == keys
        shape = (reading.count, len(vocabulary))
        flat = of_page[known] * shape[1] + place[known]
        counts = np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape)
        likely = likely * _rarity(counts) * ((counts > 0).sum(0) > 1)
        likely[np.isin(vocabulary, first_letters(self._terms.keys, _FEEDBACK_LETTERS))] = 0
        chosen = np.argsort(-likely, kind="stable")[:_FEEDBACK_WORDS]
        kept = counts[:, chosen].astype(np.float64)
        return self._bm25(kept, likely[chosen] / max(_SMALL, likely[chosen].sum()) * _rarity(kept))


def _rarity(counts: NDArray[np.float64] | Numbers) -> Weights:
    """How rare each column is among the candidates."""
    share = (counts > 0).mean(0)
    result: Weights = np.log(1 + (1 - share * 0.999) / (share + 1 / max(1, len(counts))))
    return result


def _grams_of(word: str) -> list[int]:
    letters = b"\0" + folded(word).tobytes() + b"\0"
    return [int.from_bytes(letters[n : n + _GRAM], "little") for n in range(max(0, len(letters) - _GRAM + 1))]


def _hash(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    mixed: NDArray[np.uint32] = (values * np.uint32(2654435761)) >> np.uint32(16)
    return mixed
