"""What is left out of the index, and kept out whoever writes to it or asks it."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from synfonium.apps.search.model import normal_url
from synfonium.apps.search.service.documents import derived_keys
from synfonium.apps.search.store import duties
from synfonium.apps.search.store.duties import BlockRow
from synfonium.ports.database import Database
from synfonium.ports.index import (
    Fence,
    IndexAnswer,
    IndexDocument,
    IndexHit,
    IndexQuery,
    Reranker,
    SearchIndex,
)

_PAGE = "page"
MOST_DELETED, MOST_ROUNDS = 500, 1_000


class Blocks:
    """The block list, in memory; `load` reads it anew after a change, `ready` before the first use."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._urls, self._hosts = frozenset[str](), frozenset[str]()
        self._named = tuple[tuple[frozenset[str], BlockRow], ...]()
        self._is_loaded = False

    async def ready(self) -> None:
        """Returns once the list is known: a role may open before there is a database to read."""
        if not self._is_loaded:
            await self.load()

    async def load(self) -> None:
        self.use(await self._database.read(duties.read_blocks))

    def use(self, rows: Sequence[BlockRow]) -> None:
        """Takes these rows for the whole list."""
        self._is_loaded = True
        for_all = [row for row in rows if not row.name]
        self._urls = frozenset(row.url for row in for_all if not row.is_site)
        self._hosts = frozenset(host_of(row.url) for row in for_all if row.is_site)
        self._named = tuple((words_of(row.name), row) for row in rows if row.name)

    def is_removed(self, url: str) -> bool:
        """Whether a page must not be read, kept or found: it or its site was taken out."""
        return (normal_url(url) or url) in self._urls or _is_below(host_of(url), self._hosts)

    def is_hidden(self, url: str, words: frozenset[str]) -> bool:
        """Whether a page must not be found by these words, which hold the name of somebody."""
        return any(name <= words and _covers(row, url) for name, row in self._named)

    def kept(self, answer: IndexAnswer, asked: IndexQuery) -> IndexAnswer:
        """The answer without what must not be found."""
        words = words_of(" ".join((asked.words, *asked.phrases)))
        hits = tuple(hit for hit in answer.hits if not self._is_out(hit, words))
        left_out = len(answer.hits) - len(hits)
        return (
            msgspec.structs.replace(answer, hits=hits, total=answer.total - left_out) if left_out else answer
        )

    def _is_out(self, hit: IndexHit, words: frozenset[str]) -> bool:
        return any(
            self.is_removed(url) or self.is_hidden(url, words) for url in addresses_of(hit.key, hit.shown)
        )


def addresses_of(key: str, shown: Mapping[str, str]) -> set[str]:
    """The page that a document is, or is a part of."""
    return {key.partition("#")[0], shown.get(_PAGE, key)}


def host_of(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()


def _is_below(host: str, hosts: frozenset[str]) -> bool:
    parts = host.split(".")
    return any(".".join(parts[at:]) in hosts for at in range(len(parts)))


def _covers(row: BlockRow, url: str) -> bool:
    if row.is_site:
        return _is_below(host_of(url), frozenset({host_of(row.url)}))
    return (normal_url(url) or url) == row.url


def words_of(text: str) -> frozenset[str]:
    """Words without accents and capitals, as names are compared."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return frozenset(kept.split())


class ObedientIndex:
    """An index that takes in nothing that was taken out, and gives nothing out that must not be found."""

    def __init__(self, index: SearchIndex, blocks: Blocks) -> None:
        self._index, self._blocks = index, blocks
        self.delete, self.delete_space, self.commit = index.delete, index.delete_space, index.commit
        self.scour, self.vocabulary, self.count, self.close = (
            index.scour,
            index.vocabulary,
            index.count,
            index.close,
        )

    def add(self, documents: Sequence[IndexDocument]) -> None:
        self._index.add([one for one in documents if not self._is_removed(one)])

    def build(self, documents: Iterable[IndexDocument]) -> int:
        return self._index.build(one for one in documents if not self._is_removed(one))

    def _is_removed(self, document: IndexDocument) -> bool:
        addresses = addresses_of(document.key, document.shown)
        return any(self._blocks.is_removed(address) for address in addresses)

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
    ) -> IndexAnswer:
        answer = self._index.search(
            asked,
            spaces=spaces,
            limit=limit,
            offset=offset,
            boosts=boosts,
            reranker=reranker,
            most_per_host=most_per_host,
        )
        return self._blocks.kept(answer, asked)


def take_out(whole: SearchIndex, index: SearchIndex, block: BlockRow) -> set[str]:
    """Deletes from `index` what a block for all covers, and commits; the pages' addresses. Blocks.

    whole: the same index, seen with what must not be found.
    """
    if not block.is_site:
        index.delete([block.url, *derived_keys(block.url)])
        index.commit()
        return {block.url}
    site, gone = IndexQuery(hosts=(host_of(block.url),)), set[str]()
    for _round in range(MOST_ROUNDS):
        keys = [hit.key for hit in whole.search(site, limit=MOST_DELETED).hits]
        index.delete(keys)
        index.commit()
        gone.update(key.partition("#")[0] for key in keys)
        if len(keys) < MOST_DELETED:
            break
    return gone
