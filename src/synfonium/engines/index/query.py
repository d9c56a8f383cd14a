"""From what is asked to tantivy queries.

Nothing typed is parsed as a language of operators: words are words, the rest is blank.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product

from tantivy import FieldType, Occur, Query, Schema, Searcher

from synfonium.engines.index.schema import marked, milliseconds, thousandths
from synfonium.engines.index.words import Term, Word, Words, split, words_of
from synfonium.libraries.chains import TEXT, TITLE, clean, family_of
from synfonium.ports.index import Fence, IndexQuery

# From so many documents on, reading a word's list takes longer than a page may.
_FREQUENT = 20_000
_MOST_SOON = 8
_MOST_MIXED = 3
_QUERY_CHARACTERS = 2000
_MOST_PHRASES = 16
_PHRASE_WORDS = 32
_MOST_VALUES = 2048
_MOST_TERMS = 16


def is_list(asked: IndexQuery) -> bool:
    """Whether a question without words lists what its operators name."""
    has_time = asked.since_s is not None or asked.until_s is not None
    return bool(asked.hosts or asked.kinds or asked.file_types or has_time)


class QueryBuilder:
    """Builds the queries for one question over the language families in an index.

    tantivy seeks from match to match in a term and in a conjunction, and in one optional term
    around it, but reads a union from end to end. So `soon` is a conjunction of terms, and what
    only raises a score stands around it, one term a clause.
    """

    def __init__(
        self,
        searcher: Searcher,
        schema: Schema,
        asked: IndexQuery,
        families: Iterable[str],
        boosts: Mapping[str, float],
    ) -> None:
        self._schema, self._asked = schema, asked
        self.typed = words_of(asked.words)
        self.phrases = [phrase for phrase in map(_phrase, asked.phrases[:_MOST_PHRASES]) if phrase]
        words, has_phrases = Words(searcher, self.typed), bool(self.phrases)
        self._families = [
            (family, boosts.get(family, 1.0), words.of(family, may_be_none=has_phrases))
            for family in families
        ]

    def shown_words(self) -> tuple[str, ...]:
        """The words that a snippet marks."""
        return (*self.typed, *(word for phrase in self.phrases for word in phrase.split()))

    def soon(self) -> Query | None:
        """Documents with every word in the text, or every word outside it, and of two or three
        words some here and some there; None where this is no quicker than `all_words`."""
        if self.phrases or not 2 <= len(self.typed) <= _MOST_SOON:
            return None
        return self._union(self._words_soon)

    def all_words(self) -> Query:
        """Documents that have every word and phrase, each wherever it is."""
        return self._union(self._all_words)

    def any_word(self) -> Query:
        """Documents that have some word, and every phrase. A word that a great share of the
        documents has is not enough, where there are rarer ones."""
        return self._union(self._any_word)

    def narrowed(self, query: Query, spaces: Sequence[str | Fence] | None) -> Query:
        """`query` within what the question names and within `spaces` (None: all documents are
        in one of them); scores stay as they are."""
        within = [*self._filters(), *([self._fences(spaces)] if spaces is not None else [])]
        clauses = [(Occur.Must, query)]
        clauses += [(Occur.Must, Query.const_score_query(one, 0.0)) for one in within]
        clauses += [(Occur.MustNot, one) for one in self._unwanted()]
        return Query.boolean_query(clauses) if len(clauses) > 1 else query

    def _union(self, query_of: Callable[[Sequence[Word], str], Query | None]) -> Query:
        parts = []
        for family, boost, words in self._families:
            query = query_of(words, family)
            if query is not None:
                parts.append(query if boost == 1.0 else Query.boost_query(query, boost))
        return _some(parts)

    def _words_soon(self, words: Sequence[Word], family: str) -> Query | None:
        whole = [
            _all([self._within(word, family, inside) for word, inside in zip(words, places, strict=True)])
            for places in _places(len(words))
            if all(w.is_in_text if inside else w.is_in_head for w, inside in zip(words, places, strict=True))
        ]
        if not words or not whole:
            return None
        query = Query.const_score_query(_some(whole), 0.0)
        return self._raised(query, words)

    def _within(self, word: Word, family: str, inside: bool) -> Query:
        field, option = ("text", "position") if inside else ("head", "basic")
        return self._exact(f"{field}_{family}", word.text, option)

    def _all_words(self, words: Sequence[Word], family: str) -> Query | None:
        phrases = [self._phrase(phrase, family) for phrase in self.phrases]
        if not all(word.terms for word in words) or not (words or phrases):
            return None
        return _all([*phrases, *(self._anywhere(word) for word in words)])

    def _any_word(self, words: Sequence[Word], family: str) -> Query | None:
        phrases = [self._phrase(phrase, family) for phrase in self.phrases]
        found = sorted((word for word in words if word.terms), key=lambda word: word.documents)
        rare = [word for word in found if word.documents <= _FREQUENT] or found[:1]
        if phrases:
            return self._raised(_all(phrases), found)
        return (
            self._raised(_some([self._anywhere(word) for word in rare]), found[len(rare) :]) if rare else None
        )

    def _anywhere(self, word: Word) -> Query:
        """The word in any field. Not one field that holds all the others: a page of nothing but
        its title would be short, and come first (Mwmbl candidates: nDCG@10 .49 for .60)."""
        return _some([self._scoring(term) for term in word.terms])

    def _raised(self, query: Query, words: Sequence[Word]) -> Query:
        for word in words[:_MOST_SOON]:
            for term in word.terms:
                query = Query.boolean_query([(Occur.Must, query), (Occur.Should, self._scoring(term))])
        return query

    def _exact(self, field: str, terms: Sequence[str], option: str) -> Query:
        return _all([self._term(field, option, term) for term in terms])

    def _scoring(self, term: Term) -> Query:
        query = self._term(term.field, term.option, term.text)
        return query if term.boost == 1.0 else Query.boost_query(query, term.boost)

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
        found = [
            self._phrase(phrase, family) for phrase in phrases for family, _boost, _words in self._families
        ]
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
        terms = [clean(value) for value in values[:_MOST_VALUES]]
        if len(terms) > _MOST_TERMS:
            return Query.term_set_query(self._schema, field, terms)
        return _some([self._term(field, "basic", term) for term in terms])

    def _term(self, field: str, option: str, term: str) -> Query:
        return Query.term_query(self._schema, field, term, option)


def _places(words: int) -> Iterable[tuple[bool, ...]]:
    """Where each of so many words may be: in the text (True) or outside."""
    if words <= _MOST_MIXED:
        return product((True, False), repeat=words)
    return ((True,) * words, (False,) * words)


def families_of(asked: IndexQuery, present: Sequence[str]) -> Sequence[str]:
    """The families to look in, of those that the index holds."""
    return (family_of(asked.lang),) if asked.lang else present


def _phrase(typed: str) -> str:
    return " ".join(split(typed[:_QUERY_CHARACTERS])[:_PHRASE_WORDS])


def _hosts(hosts: Sequence[str]) -> list[str]:
    return [host.lower().strip(".") for host in hosts]


def _lower(values: Sequence[str]) -> list[str]:
    return [value.lower() for value in values]


def _some(queries: Sequence[Query]) -> Query:
    """What one of them finds."""
    if not queries:
        return Query.empty_query()
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, q) for q in queries])


def _all(queries: Sequence[Query]) -> Query:
    """What all of them find."""
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Must, q) for q in queries])
