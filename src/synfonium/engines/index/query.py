"""From what is asked to tantivy queries.

Nothing typed is parsed as a language of operators: words are words, the rest is blank.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from tantivy import FieldType, Occur, Query, Schema

from synfonium.engines.index.schema import marked, milliseconds, thousandths
from synfonium.libraries.chains import PLACE, TEXT, TITLE, clean, family_of
from synfonium.ports.index import Fence, IndexQuery

# Text fields hold the title again where pages repeat it, hence less than 1. Chosen by
# `synfonium search evaluate` and `search rank`: figures in apps/search/README.md.
TITLE_BOOST = 0.8
ANCHORS_BOOST = 0.5
PLACE_BOOST = 0.7
ALL_WORDS_BONUS = 1000.0

_QUERY_CHARACTERS = 2000
_QUERY_WORDS = 48
_MOST_PHRASES = 16
_PHRASE_WORDS = 32
_MOST_VALUES = 64
_WORD = re.compile(r"[^\W_]+")


def words_of(typed: str) -> tuple[str, ...]:
    """The distinct words typed, in order, at most 48 of them."""
    found = _WORD.findall(clean(typed[:_QUERY_CHARACTERS]))
    return tuple(dict.fromkeys(found))[:_QUERY_WORDS]


def is_list(asked: IndexQuery) -> bool:
    """Whether a question without words lists what its operators name."""
    has_time = asked.since_s is not None or asked.until_s is not None
    return bool(asked.hosts or asked.kinds or asked.file_types or has_time)


class QueryBuilder:
    """Builds the queries for one question over the language families in an index."""

    def __init__(
        self, schema: Schema, asked: IndexQuery, families: Iterable[str], boosts: Mapping[str, float]
    ) -> None:
        self._schema, self._asked = schema, asked
        self._families = [(family, boosts.get(family, 1.0)) for family in families]
        self.words = words_of(asked.words)
        self.phrases = [phrase for phrase in map(_phrase, asked.phrases[:_MOST_PHRASES]) if phrase]

    def all_words(self) -> Query:
        """Documents that have every word and phrase."""
        return self._union(Occur.Must)

    def any_word(self) -> Query:
        """Documents that have some word; those with all of them in `all_words` order first,
        with ALL_WORDS_BONUS on top of their score."""
        bonus = Query.const_score_query(self.all_words(), ALL_WORDS_BONUS)
        return Query.boolean_query([(Occur.Should, self._union(Occur.Should)), (Occur.Should, bonus)])

    def narrowed(self, query: Query, spaces: Sequence[str | Fence] | None) -> Query:
        """`query` within what the question names and within `spaces` (None: all documents are
        in one of them); scores stay as they are."""
        within = [*self._filters(), *([self._fences(spaces)] if spaces is not None else [])]
        clauses = [(Occur.Must, query)]
        clauses += [(Occur.Must, Query.const_score_query(one, 0.0)) for one in within]
        clauses += [(Occur.MustNot, one) for one in self._unwanted()]
        return Query.boolean_query(clauses) if len(clauses) > 1 else query

    def _union(self, occur: Occur) -> Query:
        """Each family's documents with all (Must) or some (Should) of the words."""
        parts = []
        for family, boost in self._families:
            phrases = [(Occur.Must, self._phrase(phrase, family)) for phrase in self.phrases]
            clauses = [(occur, clause) for clause in self._clauses(family)]
            if not phrases and not clauses:
                continue
            query = Query.boolean_query([*phrases, *clauses])
            parts.append(query if boost == 1.0 else Query.boost_query(query, boost))
        return _some(parts)

    def _clauses(self, family: str) -> list[Query]:
        """A clause a word; a word that the family takes for blank counts only where all are."""
        telling = [word for word in self.words if TEXT[family].analyze(word)]
        if telling or self.phrases:
            return [self._word(word, family) for word in telling]
        return [clause for word in self.words if (clause := self._blank_word(word, family))]

    def _word(self, word: str, family: str) -> Query:
        """The word in any field. Not one field that holds all the others: a page of nothing but
        its title would be short, and come first (Mwmbl candidates: nDCG@10 .49 for .60)."""
        terms = TEXT[family].analyze(word)
        return _some(
            [
                *(self._term(f"text_{family}", "position", term) for term in terms),
                *self._raising(f"title_{family}", "position", TITLE[family].analyze(word), TITLE_BOOST),
                *self._raising(f"anchors_{family}", "freq", terms, ANCHORS_BOOST),
                *self._raising("place", "freq", PLACE.analyze(word), PLACE_BOOST),
            ]
        )

    def _raising(self, field: str, option: str, terms: Sequence[str], boost: float) -> list[Query]:
        return [Query.boost_query(self._term(field, option, term), boost) for term in terms]

    def _blank_word(self, word: str, family: str) -> Query | None:
        terms = [
            *(self._term(f"title_{family}", "position", term) for term in TITLE[family].analyze(word)),
            *(self._term("place", "freq", term) for term in PLACE.analyze(word)),
        ]
        return _some(terms) if terms else None

    def _phrase(self, phrase: str, family: str) -> Query:
        """In text or title, the words in this order; words that are blank leave their gaps."""
        found = []
        for chains, field in ((TEXT, f"text_{family}"), (TITLE, f"title_{family}")):
            tokens = chains[family].pre_tokenize(phrase).tokens
            if len(tokens) > 1:
                placed: list[str | tuple[int, str]] = [(token.position, token.text) for token in tokens]
                found.append(Query.phrase_query(self._schema, field, placed))
            elif tokens:
                found.append(self._term(field, "position", tokens[0].text))
        return _some(found)

    def _filters(self) -> list[Query]:
        asked = self._asked
        lang = (asked.lang,) if asked.lang else ()
        exact = (("lang", lang), ("kind", asked.kinds), ("file_type", _lower(asked.file_types)))
        found = [self._one_of(field, values) for field, values in exact if values]
        if asked.hosts:
            found.append(self._one_of("site", _hosts(asked.hosts)))
        if asked.since_s is not None or asked.until_s is not None:
            found.append(self._within_time())
        return found

    def _within_time(self) -> Query:
        asked = self._asked
        since = None if asked.since_s is None else milliseconds(asked.since_s)
        last = None if asked.until_s is None else milliseconds(asked.until_s) - 1
        if since is not None and last is not None and since > last:
            return Query.empty_query()
        return Query.range_query(self._schema, "time_ms", FieldType.Integer, since, last)

    def _unwanted(self) -> list[Query]:
        asked = self._asked
        phrases = [phrase for phrase in map(_phrase, asked.without[:_MOST_PHRASES]) if phrase]
        found = [self._phrase(phrase, family) for phrase in phrases for family, _boost in self._families]
        if asked.not_hosts:
            found.append(self._one_of("site", _hosts(asked.not_hosts)))
        if asked.most_adult < 1.0:
            least = thousandths(asked.most_adult) + 1
            found.append(Query.range_query(self._schema, "adult", FieldType.Unsigned, least, None))
        return found

    def _fences(self, spaces: Sequence[str | Fence]) -> Query:
        return _some([self._fence(f if isinstance(f, Fence) else Fence(space=f)) for f in spaces])

    def _fence(self, fence: Fence) -> Query:
        if not fence.marks:
            return self._term("space", "basic", fence.space)
        groups = [
            _some([self._term("space", "basic", marked(fence.space, mark)) for mark in group])
            for group in fence.marks
        ]
        return Query.boolean_query([(Occur.Must, group) for group in groups])

    def _one_of(self, field: str, values: Sequence[str]) -> Query:
        return _some([self._term(field, "basic", clean(value)) for value in values[:_MOST_VALUES]])

    def _term(self, field: str, option: str, term: str) -> Query:
        return Query.term_query(self._schema, field, term, option)


def families_of(asked: IndexQuery, present: Sequence[str]) -> Sequence[str]:
    """The families to look in, of those that the index holds."""
    return (family_of(asked.lang),) if asked.lang else present


def _phrase(typed: str) -> str:
    return " ".join(_WORD.findall(clean(typed[:_QUERY_CHARACTERS]))[:_PHRASE_WORDS])


def _hosts(hosts: Sequence[str]) -> list[str]:
    return [host.lower().strip(".") for host in hosts]


def _lower(values: Sequence[str]) -> list[str]:
    return [value.lower() for value in values]


def _some(queries: Sequence[Query]) -> Query:
    """What one of them finds."""
    if not queries:
        return Query.empty_query()
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, q) for q in queries])
