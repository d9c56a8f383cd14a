"""From what a person typed to a tantivy query.

Nothing typed is parsed as a language of operators: words are words, the rest is blank.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from tantivy import Occur, Query, Schema

from synfonium.engines.index.chains import PLACE, TEXT, TITLE, clean
from synfonium.engines.index.schema import marked
from synfonium.ports.index import Fence

# Text fields hold the title again where pages repeat it, hence less than 1. Chosen by
# `synfonium search evaluate` and `search rank`: figures in apps/search/README.md.
TITLE_BOOST = 0.8
PLACE_BOOST = 0.7

_QUERY_CHARACTERS = 2000
_QUERY_WORDS = 48
_ALL_WORDS_BONUS = 1000.0
_WORD = re.compile(r"[^\W_]+")


def words_of(typed: str) -> tuple[str, ...]:
    """The distinct words typed, in order, at most 48 of them."""
    found = _WORD.findall(clean(typed[:_QUERY_CHARACTERS]))
    return tuple(dict.fromkeys(found))[:_QUERY_WORDS]


class QueryBuilder:
    """Builds the queries for one set of words over the language families in an index."""

    def __init__(
        self, schema: Schema, words: Sequence[str], families: Iterable[str], boosts: Mapping[str, float]
    ) -> None:
        self._schema = schema
        self._per_family = [
            (boosts.get(family, 1.0), clauses)
            for family in families
            if (clauses := self._clauses(words, family))
        ]

    def all_words(self) -> Query:
        """Documents that have every word, each in title, text or address."""
        return self._union(
            (boost, Query.boolean_query([(Occur.Must, clause) for clause in clauses]))
            for boost, clauses in self._per_family
        )

    def any_word(self) -> Query:
        """Documents that have some word; those with all of them in `all_words` order first."""
        some = self._union(
            (boost, Query.boolean_query([(Occur.Should, clause) for clause in clauses]))
            for boost, clauses in self._per_family
        )
        bonus = Query.const_score_query(self.all_words(), _ALL_WORDS_BONUS)
        return Query.boolean_query([(Occur.Should, some), (Occur.Should, bonus)])

    def fenced(self, query: Query, spaces: Sequence[str | Fence], lang: str) -> Query:
        """`query` within `spaces` and, if given, within `lang`; scores stay as they are."""
        fences = [fence if isinstance(fence, Fence) else Fence(space=fence) for fence in spaces]
        within = _some([self._fence(fence) for fence in fences])
        clauses = [(Occur.Must, query), (Occur.Must, Query.const_score_query(within, 0.0))]
        if lang:
            spoken = Query.term_query(self._schema, "lang", clean(lang), "basic")
            clauses.append((Occur.Must, Query.const_score_query(spoken, 0.0)))
        return Query.boolean_query(clauses)

    def _fence(self, fence: Fence) -> Query:
        if not fence.marks:
            return self._in_space(fence.space)
        groups = [
            _some([self._in_space(marked(fence.space, mark)) for mark in group]) for group in fence.marks
        ]
        return Query.boolean_query([(Occur.Must, group) for group in groups])

    def _in_space(self, term: str) -> Query:
        return Query.term_query(self._schema, "space", term, "basic")

    def _union(self, parts: Iterable[tuple[float, Query]]) -> Query:
        boosted = [query if boost == 1.0 else Query.boost_query(query, boost) for boost, query in parts]
        return _some(boosted)

    def _clauses(self, words: Sequence[str], family: str) -> list[Query]:
        telling = [word for word in words if TEXT[family].analyze(word)]
        return [clause for word in telling or words if (clause := self._clause(word, family))]

    def _clause(self, word: str, family: str) -> Query | None:
        terms = [
            *((f"text_{family}", "position", term, 1.0) for term in TEXT[family].analyze(word)),
            *((f"title_{family}", "position", term, TITLE_BOOST) for term in TITLE[family].analyze(word)),
            *(("place", "freq", term, PLACE_BOOST) for term in PLACE.analyze(word)),
        ]
        if not terms:
            return None
        return Query.boolean_query([(Occur.Should, self._term(*term)) for term in terms])

    def _term(self, field: str, option: str, term: str, boost: float) -> Query:
        query = Query.term_query(self._schema, field, term, option)
        return query if boost == 1.0 else Query.boost_query(query, boost)


def _some(queries: Sequence[Query]) -> Query:
    """What one of them finds."""
    if not queries:
        return Query.empty_query()
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, q) for q in queries])
