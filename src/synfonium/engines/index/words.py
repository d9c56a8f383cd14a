"""The words of a question as terms of one language family, with how many documents have each."""

import re
from collections.abc import Iterator, Sequence

import msgspec
from tantivy import Searcher

from synfonium.libraries.chains import PLACE, TEXT, TITLE, clean

# Text fields hold the title again where pages repeat it, hence less than 1. Chosen by
# `synfonium search evaluate` and `search rank`: figures in apps/search/README.md.
TITLE_BOOST = 0.8
ANCHORS_BOOST = 0.5
PLACE_BOOST = 0.7

_QUERY_CHARACTERS = 2000
_QUERY_WORDS = 48
_WORD = re.compile(r"[^\W_]+")


class Term(msgspec.Struct, frozen=True):
    """A term that some document has; `option` is how its field is indexed."""

    field: str
    option: str
    text: str
    boost: float
    documents: int


class Word(msgspec.Struct, frozen=True):
    """A word: its terms in the text, and all that say it somewhere in a document."""

    text: tuple[str, ...]
    terms: tuple[Term, ...]
    is_in_text: bool
    is_in_head: bool

    @property
    def documents(self) -> int:
        """In how many documents it is, or more."""
        return sum(term.documents for term in self.terms)


def split(typed: str) -> list[str]:
    return _WORD.findall(clean(typed))


def words_of(typed: str) -> tuple[str, ...]:
    """The distinct words typed, in order, at most 48 of them."""
    return tuple(dict.fromkeys(split(typed[:_QUERY_CHARACTERS])))[:_QUERY_WORDS]


class Words:
    """The words typed, looked up in an index; each term once, in however many families."""

    def __init__(self, searcher: Searcher, typed: Sequence[str]) -> None:
        self._searcher, self._typed = searcher, typed
        self._counts: dict[tuple[str, str], int] = {}

    def of(self, family: str, *, may_be_none: bool) -> list[Word]:
        """The words that tell something in `family`; those taken for blank only where all are, and
        `may_be_none` is not said."""
        telling = [(word, terms) for word in self._typed if (terms := TEXT[family].analyze(word))]
        if telling or may_be_none:
            return [self._word(word, terms, family) for word, terms in telling]
        return [self._word(word, [], family) for word in self._typed]

    def _word(self, word: str, terms: Sequence[str], family: str) -> Word:
        is_in_text = self._are_known(f"text_{family}", terms)
        is_in_head = self._are_known(f"head_{family}", terms)
        fields = [(f"text_{family}", "position", terms, 1.0)] if is_in_text or len(terms) > 1 else []
        # What no document's head has, no title has, nor an anchor or an address.
        if is_in_head or len(terms) != 1:
            fields += [
                (f"title_{family}", "position", TITLE[family].analyze(word), TITLE_BOOST),
                (f"anchors_{family}", "freq", terms, ANCHORS_BOOST),
                ("place", "freq", PLACE.analyze(word), PLACE_BOOST),
            ]
        return Word(tuple(terms), tuple(self._terms(fields)), is_in_text, is_in_head)

    def _terms(self, fields: Sequence[tuple[str, str, Sequence[str], float]]) -> Iterator[Term]:
        for field, option, texts, boost in fields:
            for text in texts:
                if documents := self._count(field, text):
                    yield Term(field, option, text, boost, documents)

    def _are_known(self, field: str, terms: Sequence[str]) -> bool:
        return bool(terms) and all(self._count(field, term) for term in terms)

    def _count(self, field: str, term: str) -> int:
        found = self._counts.get((field, term))
        if found is None:
            found = self._counts[field, term] = self._searcher.doc_freq(field, term)
        return found
