"""The full-text search port."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec


class IndexDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to find. `key` is its address and unique; `space` fences who may search it.

    marks: exact words by which a search may be narrowed (see Fence); never found by typing.
    """

    key: str
    space: str = ""
    title: str
    text: str
    lang: str = ""
    host: str = ""
    time_s: float = 0.0
    marks: tuple[str, ...] = ()


class Fence(msgspec.Struct, frozen=True, kw_only=True):
    """The documents of one space that bear, of each group in `marks`, one mark at least."""

    space: str
    marks: tuple[tuple[str, ...], ...] = ()


class IndexHit(msgspec.Struct, frozen=True, kw_only=True):
    """A document found; `snippet` is escaped HTML with `<b>` around the words found."""

    key: str
    title: str
    snippet: str
    lang: str
    host: str
    score: float
    time_s: float


class IndexAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Hits best first; `total` counts all that match, not only those returned."""

    total: int
    hits: tuple[IndexHit, ...]


class SearchIndex(Protocol):
    """A full-text index; one writer process, any number of readers.

    `add` and `delete` become visible and durable with `commit`. Adding a key that exists
    replaces it. Readers in other processes see a commit within a second, and after the
    writer was killed at any moment they still see the last commit.

    `search` never raises for anything a person may type; operators that it does not know
    are words. Documents with all words come first; where they fill less than one page,
    those with any word follow. `lang` keeps only documents in that language, `spaces`
    only those fenced in one of these; `boosts` gives the factor by which a language's
    documents count more. Pages of one query (same `limit`) follow one order.

    A Fence among the `spaces` keeps only its documents of that space. A group without marks
    keeps none. `delete_space` and a plain space know no marks: they mean all that is in it.
    """

    def add(self, documents: Sequence[IndexDocument]) -> None: ...
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
        query: str,
        *,
        lang: str = "",
        spaces: Sequence[str | Fence] = ("",),
        limit: int = 10,
        offset: int = 0,
        boosts: Mapping[str, float] | None = None,
    ) -> IndexAnswer: ...
    def suggest(self, prefix: str, *, limit: int = 8) -> tuple[str, ...]:
        """Words of the documents in the public space (`""`) that begin so, the most frequent
        first; `prefix` has two letters or more. Never anything from a query or from another
        space."""
        ...

    def count(self) -> int:
        """How many documents are visible, in all spaces."""
        ...

    def close(self) -> None: ...
