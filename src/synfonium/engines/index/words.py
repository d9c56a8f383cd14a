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


def words_in(searcher: Searcher, typed: Sequence[str], family: str, *, may_be_none: bool) -> list[Word]:
    """The words that tell something in `family`; those taken for blank only where all are, and
    `may_be_none` is not said."""
    telling = [(word, terms) for word in typed if (terms := TEXT[family].analyze(word))]
    if telling or may_be_none:
        return [_word(searcher, word, terms, family) for word, terms in telling]
    return [_word(searcher, word, [], family) for word in typed]


def _word(searcher: Searcher, word: str, terms: Sequence[str], family: str) -> Word:
    def is_known(field: str) -> bool:
        return bool(terms) and all(searcher.doc_freq(field, term) for term in terms)

    return Word(
        text=tuple(terms),
        terms=tuple(_terms(searcher, word, terms, family)),
        is_in_text=is_known(f"text_{family}"),
        is_in_head=is_known(f"head_{family}"),
    )


def _terms(searcher: Searcher, word: str, terms: Sequence[str], family: str) -> Iterator[Term]:
    fields = (
        (f"text_{family}", "position", terms, 1.0),
        (f"title_{family}", "position", TITLE[family].analyze(word), TITLE_BOOST),
        (f"anchors_{family}", "freq", terms, ANCHORS_BOOST),
        ("place", "freq", PLACE.analyze(word), PLACE_BOOST),
    )
    for field, option, texts, boost in fields:
        for text in texts:
            if documents := searcher.doc_freq(field, text):
                yield Term(field, option, text, boost, documents)
