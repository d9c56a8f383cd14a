"""Found documents, read back with a snippet each."""

import html
import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any

from tantivy import DocAddress, Document, Query, Schema, Searcher, SnippetGenerator

from synfonium.engines.index.chains import TEXT
from synfonium.ports.index import IndexHit

_SNIPPET_CHARACTERS = 220
_BEFORE = 60
_WINDOW = 320
_MOST_PLACES = 40
_STEM = 6
_ACCENTED = {
    "a": "aàáâãäå", "c": "cç", "e": "eèéêë", "i": "iìíîï", "n": "nñ", "o": "oòóôõö", "u": "uùúûü", "y": "yýÿ",
}  # fmt: skip


class HitReader:
    """Reads the hits of one search.

    The index's own snippets cost 0.1 ms a kilobyte of text, so that ten manuals would take
    longer than the search: the densest window is found first, and only that is analysed.
    """

    def __init__(self, searcher: Searcher, asked: Query, schema: Schema, words: Sequence[str]) -> None:
        self._searcher, self._asked, self._schema, self._words = searcher, asked, schema, words
        self._generators: dict[str, SnippetGenerator] = {}
        self._patterns: dict[str, re.Pattern[str] | None] = {}

    def read(self, found: Sequence[tuple[float, DocAddress]]) -> tuple[IndexHit, ...]:
        return tuple(self._hit(score, address) for score, address in found)

    def _hit(self, score: float, address: DocAddress) -> IndexHit:
        values: dict[str, list[Any]] = self._searcher.doc(address).to_dict()
        family = values["family"][0]
        return IndexHit(
            key=values["key"][0],
            title=values[f"title_{family}"][0],
            snippet=self._snippet(bytes(values["shown"][0]).decode(), family),
            lang=values["lang"][0],
            host=values["host"][0],
            score=score,
            time_s=values["time_s"][0],
        )

    def _snippet(self, text: str, family: str) -> str:
        start = self._best_place(text, family)
        window = _whole_words(text, start, start + _WINDOW)
        document = Document()
        document.add_text(f"text_{family}", window)
        marked = self._generator(family).snippet_from_doc(document).to_html()
        return marked or html.escape(_whole_words(text, 0, _SNIPPET_CHARACTERS))

    def _generator(self, family: str) -> SnippetGenerator:
        if family not in self._generators:
            made = SnippetGenerator.create(self._searcher, self._asked, self._schema, f"text_{family}")
            made.set_max_num_chars(_SNIPPET_CHARACTERS)
            self._generators[family] = made
        return self._generators[family]

    def _best_place(self, text: str, family: str) -> int:
        """Where a window begins that holds most of the words, near enough."""
        if family not in self._patterns:
            self._patterns[family] = _pattern(self._words, family)
        pattern = self._patterns[family]
        places = [] if pattern is None else list(islice(pattern.finditer(text), _MOST_PLACES))
        if not places:
            return 0
        inside, last, best, first = Counter[int | None](), 0, (0, 0), places[0].start()
        for place in places:
            while last < len(places) and places[last].start() < place.start() + _WINDOW - 2 * _BEFORE:
                inside[places[last].lastindex] += 1
                last += 1
            kinds = (len(+inside), sum(inside.values()))
            if kinds > best:
                best, first = kinds, place.start()
            inside[place.lastindex] -= 1
        return _word_start(text, max(0, first - _BEFORE))


def _pattern(words: Sequence[str], family: str) -> re.Pattern[str] | None:
    """Finds words that begin like the terms, whatever their accents."""
    terms = dict.fromkeys(term[:_STEM] for word in words for term in TEXT[family].analyze(word))
    kinds = [f"({''.join(_letter(c) for c in term)})" for term in terms]
    return re.compile(rf"\b(?:{'|'.join(kinds)})", re.IGNORECASE) if kinds else None


def _letter(character: str) -> str:
    return f"[{_ACCENTED[character]}]" if character in _ACCENTED else re.escape(character)


def _whole_words(text: str, start: int, stop: int) -> str:
    """The piece of `text`, without a last word that it would cut in two."""
    piece = text[start:stop]
    if stop >= len(text):
        return piece.strip()
    return (piece[: piece.rfind(" ")] if " " in piece else piece).strip()


def _word_start(text: str, place: int) -> int:
    """The next place after a blank, so that no word is cut in two."""
    if place == 0:
        return 0
    blank = text.find(" ", place, place + _BEFORE)
    return blank + 1 if blank >= 0 else place
