"""The candidates' texts read at once: folded letters, words and where they stand, as arrays.

One pass over a hundred kilobytes costs half a millisecond; a loop over words would cost fifty.
"""

import unicodedata
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Letters = NDArray[np.uint8]

ZONES = ("title", "headings", "anchors", "place", "text")
TITLE, HEADINGS, ANCHORS, PLACE, TEXT = range(len(ZONES))
KEY_LETTERS = 8
_GAP = "\0" * KEY_LETTERS
_MASKS = np.array([(1 << (8 * n)) - 1 for n in range(KEY_LETTERS + 1)], np.uint64)


@cache
def _folding() -> Letters:
    """For each UTF-16 unit the letter that it is read as, 0 for what parts words."""
    table = np.zeros(1 << 16, np.uint8)
    for code in range(1 << 16):
        character = chr(code)
        if not 0xD800 <= code < 0xE000 and character.isalnum():
            plain = ord(unicodedata.normalize("NFKD", character.lower())[0])
            table[code] = plain if plain < 128 else 128 + plain % 127
    for spelt, plain_letter in zip("œŒæÆß", "ooaas", strict=True):
        table[ord(spelt)] = ord(plain_letter)
    return table


def folded(text: str) -> Letters:
    """Lower case without accents, one byte a letter; other scripts keep a byte of their code."""
    units = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), np.uint16)
    return np.take(_folding(), units, mode="clip")


def key_of(word: bytes) -> int:
    """The first eight letters of a folded word, as a number."""
    return int.from_bytes(word[:KEY_LETTERS].ljust(KEY_LETTERS, b"\0"), "little")


def first_letters(keys: NDArray[np.uint64], count: int) -> NDArray[np.uint64]:
    result: NDArray[np.uint64] = keys & _MASKS[count]
    return result


class Reading:
    """`texts`: of each candidate one text a zone, in the order of ZONES.

    letters: all texts, folded, eight zeros between two. starts, lengths, keys: of each word
    its place in them, its letters and its `key_of`. zones: candidate * 5 + zone of each word.
    first_words, zone_words: of each zone the number of its first word, and how many it has.
    """

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        flat = [text for of_candidate in texts for text in of_candidate]
        self.count = len(texts)
        self.letters = folded(_GAP + _GAP.join(flat) + _GAP)
        sizes = [len(text) for text in flat]
        if sum(sizes) + (len(sizes) + 1) * KEY_LETTERS != len(self.letters):
            sizes = [len(text.encode("utf-16-le", "surrogatepass")) // 2 for text in flat]
        self.zone_starts: Numbers = KEY_LETTERS + np.concatenate(
            [[0], np.cumsum(np.array(sizes, np.int64) + KEY_LETTERS)[:-1]]
        )
        is_letter = self.letters != 0
        edges = np.flatnonzero(is_letter[1:] != is_letter[:-1]) + 1
        self.starts: Numbers = edges[::2]
        self.lengths: Numbers = edges[1::2] - self.starts
        packed: NDArray[np.uint64] = np.ndarray(
            (len(self.letters) - KEY_LETTERS + 1,), "<u8", self.letters.tobytes(), strides=(1,)
        )
        self.keys = packed[self.starts] & _MASKS[np.minimum(self.lengths, KEY_LETTERS)]
        self.first_words: Numbers = np.append(
            np.searchsorted(self.starts, self.zone_starts), len(self.starts)
        )
        counts = np.diff(self.first_words)
        self.zone_words: Numbers = counts.reshape(self.count, len(ZONES))
        self.zones: Numbers = np.repeat(np.arange(len(flat)), counts)

    def word(self, number: int) -> str:
        start = self.starts[number]
        return self.letters[start : start + self.lengths[number]].tobytes().decode("latin-1")
