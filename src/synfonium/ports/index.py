"""The full-text search port."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import msgspec


class Signals(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a page whatever is asked; each from 0 to 1 but for trackers.

    host_rank: how central its host is among the hosts that were read; page_rank: the same of
    the page; spam and adult: how likely it is that; trackers: hosts of trackers it loads from;
    is_home: it is the first page of its host.
    """

    host_rank: float = 0.0
    page_rank: float = 0.0
    spam: float = 0.0
    adult: float = 0.0
    trackers: int = 0
    is_home: bool = False


class IndexDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to find. `key` is its address and unique; `space` fences who may search it.

    marks: exact words by which a search may be narrowed (see Fence); never found by typing.
    headings, anchors: the page's headings, and the words of links that lead to it.
    time_s: when it was published, else read. kind: page, news, image, video or document.
    file_type: an extension without its dot. shown: what a page of results shows besides
    (`image`, `author`, `duration` …), kept and never searched.
    """

    key: str
    space: str = ""
    title: str
    text: str
    lang: str = ""
    host: str = ""
    time_s: float = 0.0
    marks: tuple[str, ...] = ()
    headings: str = ""
    anchors: str = ""
    kind: str = "page"
    file_type: str = ""
    signals: Signals = Signals()
    shown: Mapping[str, str] = {}


class Fence(msgspec.Struct, frozen=True, kw_only=True):
    """The documents of one space that bear, of each group in `marks`, one mark at least."""

    space: str
    marks: tuple[tuple[str, ...], ...] = ()


class IndexQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked, parsed: free words, and what narrows them.

    phrases: words in this order, side by side. without: words or phrases that must not be
    there. hosts: the page is on one of these or below (`example.org` means `www.example.org`
    too); not_hosts the contrary. since_s, until_s: UTC seconds, until exclusive. kinds and
    file_types: one of these. No host, kind or type: any.
    most_adult: what is likelier adult than this is left out.
    """

    words: str = ""
    phrases: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    not_hosts: tuple[str, ...] = ()
    lang: str = ""
    since_s: float | None = None
    until_s: float | None = None
    kinds: tuple[str, ...] = ()
    file_types: tuple[str, ...] = ()
    most_adult: float = 1.0


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A document that the index found, for a second look. text: its beginning, for snippets;
    score: the index's own."""

    key: str
    title: str
    text: str
    headings: str
    anchors: str
    lang: str
    host: str
    time_s: float
    signals: Signals
    score: float


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate's place after the second look. reasons: what each signal added to the score,
    by the signal's name."""

    number: int
    score: float
    reasons: Mapping[str, float] = {}


class Reranker(Protocol):
    """A second look at the best candidates of the index.

    depth: how many it wants to see. document_share: in which share of the documents (0 to 1)
    a word of the query occurs, in the candidates' language family.
    """

    depth: int

    def order(
        self, asked: IndexQuery, candidates: Sequence[Candidate], document_share: Callable[[str], float]
    ) -> Sequence[Scored]:
        """Every candidate once, best first."""
        ...


class IndexHit(msgspec.Struct, frozen=True, kw_only=True):
    """A document found; `snippet` is escaped HTML with `<b>` around the words found.

    kind, signals and shown are the document's. reasons: see Scored; empty without a Reranker.
    """

    key: str
    title: str
    snippet: str
    lang: str
    host: str
    score: float
    time_s: float
    kind: str = "page"
    signals: Signals = Signals()
    shown: Mapping[str, str] = {}
    reasons: Mapping[str, float] = {}


class IndexAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Hits best first; `total` counts all that match, not only those returned; whole: how many of
    them are known to have every word, not only some.

    has_more: a later page has hits. With `most_per_host` this page may be short nevertheless.
    """

    total: int
    hits: tuple[IndexHit, ...]
    has_more: bool = False
    whole: int = 0


class SearchIndex(Protocol):
    """A full-text index; one writer process, any number of readers.

    `add` and `delete` become visible and durable with `commit`. Adding a key that exists
    replaces it. Readers in other processes see a commit within a second, and after the
    writer was killed at any moment they still see the last commit.

    `search` never raises for anything a person may type. Documents with all words come
    first; where they fill less than one page, those with any word follow; phrases and what
    narrows hold for both. Without words and phrases, hosts, kinds, file types or times list
    what they name: the newest first for news and times, else the most central; a language or
    what must not be there lists nothing by itself. `spaces` keeps only documents fenced in one
    of these; `boosts` gives the factor by which a language's documents count more.

    Pages of one query (same `limit`, `offset` a multiple of it) follow one order, that of the
    `reranker` for the best `reranker.depth` candidates. With `most_per_host` above 0, a page
    has at most so many documents of a host and the next ones stand on later pages: nothing
    is lost or shown twice as far as pages go, which is 1000 documents deep at least.

    A Fence among the `spaces` keeps only its documents of that space. A group without marks
    keeps none. `delete_space` and a plain space know no marks: they mean all that is in it.
    """

    def add(self, documents: Sequence[IndexDocument]) -> None: ...
    def build(self, documents: Iterable[IndexDocument]) -> int:
        """Adds and commits very many documents with all cores; how many there were.

        Blocks. Readers see none or all of them, after a crash too; of one key the last counts.
        """
        ...

    def delete(self, keys: Sequence[str]) -> None: ...
    def delete_space(self, space: str) -> None:
        """Deletes all documents that are fenced in this space."""
        ...

    def commit(self) -> None: ...
    def scour(self) -> Sequence[str]:
        """Makes deleted documents leave the files; blocks, for as long as merging takes.

        Where that cannot be done by itself, the keys of all documents that share a file with
        a deleted one: when they have been added again and committed, nothing of it is left.
        """
        ...

    def search(
        self,
        asked: IndexQuery,
        *,
        spaces: Sequence[str | Fence] = ("",),
        limit: int = 10,
        offset: int = 0,
        boosts: Mapping[str, float] | None = None,
        reranker: Reranker | None = None,
        most_per_host: int = 0,
    ) -> IndexAnswer: ...
    def vocabulary(self, prefix: str, *, limit: int = 8) -> tuple[tuple[str, int], ...]:
        """Words that begin so, of titles, headings and first sentences in the public space
        (`""`), each with how many documents have it, the most frequent first; `prefix` has two
        letters or more. Never anything from a query or from another space."""
        ...

    def count(self) -> int:
        """How many documents are visible, in all spaces."""
        ...

    def close(self) -> None: ...
