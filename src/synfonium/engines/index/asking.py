"""One question put to what the index held at one commit: candidates, their order, a page of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

import msgspec
from tantivy import DocAddress, Query, Schema, Searcher

from synfonium.engines.index.hits import HitReader
from synfonium.engines.index.keeping import Kept
from synfonium.engines.index.paging import page_numbers
from synfonium.engines.index.query import QueryBuilder, families_of, is_list
from synfonium.engines.index.schema import from_document
from synfonium.libraries.chains import FAMILIES, TEXT, clean, family_of
from synfonium.ports.index import Candidate, Fence, IndexAnswer, IndexQuery, Reranker

DEEPEST = 1000
_SPREAD_OVER = 100
_CANDIDATE_CHARACTERS = 2_000


class Found(msgspec.Struct, frozen=True):
    """A document found and not yet shown; reasons: see ports.index.Scored."""

    score: float
    address: DocAddress
    reasons: Mapping[str, float] = {}


class Generation:
    """What the index held at one commit."""

    def __init__(self, searcher: Searcher, schema: Schema) -> None:
        self.searcher, self.schema = searcher, schema
        self._counts = {family: searcher.doc_freq("family", family) for family in FAMILIES}
        self.families = tuple(family for family in FAMILIES if self._counts[family])
        self.is_all_public = searcher.doc_freq("space", "") == sum(self._counts.values())

    def read(self, address: DocAddress) -> Kept:
        return from_document(self.searcher.doc(address))

    def document_share(self, family: str, word: str) -> float:
        """In which share of the family's documents `word` is; 1 for one that is taken for blank."""
        terms = TEXT[family].analyze(clean(word))
        counts = [self.searcher.doc_freq(f"text_{family}", term) for term in terms]
        return min(counts) / max(1, self._counts[family]) if counts else 1.0


class Asking:
    """One question to one generation; `answer` is called once."""

    def __init__(
        self,
        generation: Generation,
        asked: IndexQuery,
        *,
        spaces: Sequence[str | Fence],
        boosts: Mapping[str, float],
        reranker: Reranker | None,
    ) -> None:
        self._generation, self._asked, self._reranker = generation, asked, reranker
        families = families_of(asked, generation.families)
        self._builder = QueryBuilder(generation.searcher, generation.schema, asked, families, boosts)
        self._spaces = None if generation.is_all_public and "" in spaces else spaces
        self._order_by = ""
        self._total = self._whole = 0

    def answer(self, *, limit: int, offset: int, most_per_host: int) -> IndexAnswer:
        depth = self._depth(limit, offset, most_per_host)
        page, has_more = self._page(self._ordered(limit, depth), limit, offset, most_per_host)
        if len(page) < limit and most_per_host and depth < min(DEEPEST, self._total):
            page, has_more = self._page(self._ordered(limit, DEEPEST), limit, offset, most_per_host)
        reader, now = HitReader(self._builder.shown_words()), self._generation
        hits = tuple(reader.hit(now.read(one.address), one.score, one.reasons) for one in page)
        return IndexAnswer(total=self._total, hits=hits, has_more=has_more, whole=self._whole)

    def _depth(self, limit: int, offset: int, most_per_host: int) -> int:
        """How many documents decide what stands on the page, as a rule."""
        if offset >= DEEPEST:
            return 1
        seen = self._reranker.depth if self._reranker else 1
        return min(DEEPEST, max(offset + limit, seen, _SPREAD_OVER if most_per_host else 1))

    def _ordered(self, limit: int, depth: int) -> list[Found]:
        found = self._look(limit, depth)
        return self._reordered(found, self._reranker) if self._reranker and found else found

    def _look(self, limit: int, depth: int) -> list[Found]:
        """Documents with all words, and with some, where those fill no page; or, without words, the
        list that the operators name."""
        builder = self._builder
        if builder.typed or builder.phrases:
            return self._found_by_words(limit, depth)
        if not is_list(self._asked):
            return []
        is_timely = self._asked.since_s is not None or self._asked.until_s is not None
        self._order_by = "time_ms" if is_timely or "news" in self._asked.kinds else "central"
        found = self._search(Query.all_query(), depth)
        self._whole = self._total
        return found

    def _found_by_words(self, limit: int, depth: int) -> list[Found]:
        soon = self._builder.soon()
        if soon is not None:
            found = self._search(soon, depth)
            self._whole = self._total
            if self._total >= limit:
                return found
        found = self._search(self._builder.all_words(), depth)
        self._whole = self._total
        if self._total >= limit or len(self._builder.typed) < 2:
            return found
        first = {(one.address.segment_ord, one.address.doc) for one in found}
        some = self._search(self._builder.any_word(), depth)
        return found + [one for one in some if (one.address.segment_ord, one.address.doc) not in first]

    def _search(self, query: Query, depth: int) -> list[Found]:
        searcher, narrowed = self._generation.searcher, self._builder.narrowed(query, self._spaces)
        result = searcher.search(narrowed, depth, order_by_field=self._order_by or None)
        self._total = int(result.count)  # type: ignore[attr-defined]  # the stub lacks it
        scored = not self._order_by
        return [Found(score if scored else 0.0, address) for score, address in result.hits]

    def _reordered(self, found: list[Found], reranker: Reranker) -> list[Found]:
        first, rest = found[: reranker.depth], found[reranker.depth :]
        seen = [_candidate(self._generation.read(one.address), one.score) for one in first]
        ((family, _count),) = Counter(family_of(one.lang) for one in seen).most_common(1)
        placed = reranker.order(self._asked, seen, partial(self._generation.document_share, family))
        return [Found(one.score, first[one.number].address, one.reasons) for one in placed] + rest

    def _page(
        self, found: list[Found], limit: int, offset: int, most_per_host: int
    ) -> tuple[list[Found], bool]:
        """The page at `offset`, and whether a later one has documents."""
        if offset >= DEEPEST:
            return [], False
        if not most_per_host:
            return found[offset : offset + limit], offset + limit < min(DEEPEST, self._total)
        searcher = self._generation.searcher
        hosts = searcher.fast_field_values("host_number", [one.address for one in found])
        numbers, number = page_numbers(hosts, size=limit, most=most_per_host), offset // limit
        page = [one for one, its in zip(found, numbers, strict=True) if its == number]
        is_later = max(numbers, default=0) > number or len(found) < min(DEEPEST, self._total)
        return page, is_later and offset + limit < DEEPEST


def _candidate(kept: Kept, score: float) -> Candidate:
    return Candidate(
        key=kept.key,
        title=kept.title,
        text=kept.text[:_CANDIDATE_CHARACTERS],
        headings=kept.headings,
        anchors=kept.anchors,
        lang=kept.lang,
        host=kept.host,
        time_s=kept.time_s,
        signals=kept.known(),
        score=score,
    )
