"""The graph of what was read: who links to whom, on which words, and how central that makes a page.

docs/decisions/0050-link-graph.md says what is kept and why.
"""

import asyncio
from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection

from synfonium.apps.search import store
from synfonium.apps.search.model import GraphReport, ReadPage, host_of
from synfonium.apps.search.service.documents import Standing, derived_keys, documents_of
from synfonium.apps.search.service.ranks import harmonic_centrality, page_rank, scaled
from synfonium.apps.search.store import ExtractRow, PageLinkRow, page_number
from synfonium.kernel import logs
from synfonium.kernel.calls import Progress
from synfonium.ports.database import Database
from synfonium.ports.index import IndexDocument, SearchIndex

if TYPE_CHECKING:
    from synfonium.apps.search.service.ranks import Ints

log = logs.get("search")
T = TypeVar("T", str, int)

MOST_OUT = 300
MOST_ANCHORS = 30
LONGEST_ANCHOR = 100
_REINDEXED_AT_ONCE = 300
_LOOKED_AT_ONCE = 2000
# A rank is indexed anew when it moved so far: less changes no order.
_STEP = 0.05


def documents_for(connection: Connection, pages: Sequence[ReadPage]) -> list[IndexDocument]:
    """What these pages become in the index, with what the graph knows of them."""
    known = standings(connection, [page.url for page in pages])
    return [
        document
        for page in pages
        for document in documents_of(
            page.url, page.extract, read_s=page.read_s, standing=known[page.url], file_type=page.file_type
        )
    ]


def remember(connection: Connection, pages: Sequence[ReadPage]) -> None:
    """Keeps what the pages said and where they lead; what they said before is forgotten."""
    latest = {page.url: page for page in pages}
    known = standings(connection, list(latest))
    rows = [
        ExtractRow(
            url=page.url,
            extract=page.extract,
            file_type=page.file_type,
            read_s=page.read_s,
            standing=_mark(known[page.url]),
        )
        for page in latest.values()
    ]
    store.put_extracts(connection, rows)
    links = [row for page in latest.values() for row in _page_links(page)]
    store.put_page_links(connection, [page_number(url) for url in latest], links)
    store.put_host_links(connection, {pair for page in latest.values() for pair in _host_links(page)})


def forget(connection: Connection, urls: Sequence[str]) -> None:
    """Forgets what these pages said and where they led."""
    store.remove_extracts(connection, urls)
    store.forget_links_of(connection, [page_number(url) for url in urls])


def _page_links(page: ReadPage) -> list[PageLinkRow]:
    source, host = page_number(page.url), page_number(host_of(page.url))
    return [
        PageLinkRow(
            target=page_number(link.url), source=source, host=host, anchor=link.anchor[:LONGEST_ANCHOR]
        )
        for link in page.extract.links[:MOST_OUT]
        if link.url != page.url
    ]


def _host_links(page: ReadPage) -> set[tuple[str, str]]:
    here = host_of(page.url)
    return {(here, there) for link in page.extract.links if (there := host_of(link.url)) != here}


def standings(connection: Connection, urls: Sequence[str]) -> dict[str, Standing]:
    """What the graph knows of each of these pages."""
    numbers = {url: page_number(url) for url in urls}
    hosts = {url: host_of(url) for url in urls}
    host_ranks = store.ranks_of_hosts(connection, list(set(hosts.values())))
    page_ranks = store.ranks_of_pages(connection, list(numbers.values()))
    anchors = store.anchors_into(connection, list(numbers.values()))
    return {
        url: Standing(
            host_rank=host_ranks.get(hosts[url], 0.0),
            page_rank=page_ranks.get(number, 0.0),
            anchors=_anchors(page_number(hosts[url]), anchors.get(number, [])),
        )
        for url, number in numbers.items()
    }


def _anchors(own_host: int, found: list[tuple[int, str]]) -> tuple[str, ...]:
    """Words of other hosts first; each host says a thing once."""
    said = dict.fromkeys(found)
    foreign = [anchor for host, anchor in said if host != own_host]
    own = dict.fromkeys(anchor for host, anchor in said if host == own_host)
    return tuple([*foreign, *own][:MOST_ANCHORS])


def _mark(standing: Standing) -> int:
    """Equal for standings that need no other place in the index."""
    steps = [round(standing.host_rank / _STEP), round(standing.page_rank / _STEP)]
    said = repr((steps, sorted(standing.anchors))).encode("utf-8", "replace")
    return int.from_bytes(blake2b(said, digest_size=8).digest(), "big") >> 1


class Graph:
    """Computes the ranks of all hosts and pages, and indexes in `index` anew what they move."""

    def __init__(self, database: Database, index: SearchIndex) -> None:
        self._database, self.index = database, index
        self._turn = asyncio.Lock()

    async def refresh(self, progress: Progress) -> GraphReport:
        """One at a time; again after a crash it begins anew and does what is left."""
        async with self._turn:
            await progress("ranks are computed", 0, 0)
            hosts, host_links = await self._rank_hosts()
            pages, page_links = await self._rank_pages()
            reindexed = await self._reindex(progress)
        log.info("graph.ranked", count=hosts, pages=pages)
        return GraphReport(
            hosts=hosts, host_links=host_links, pages=pages, page_links=page_links, reindexed=reindexed
        )

    async def _rank_hosts(self) -> tuple[int, int]:
        links = await self._database.read(
            lambda c: [pair for some in store.read_host_links(c) for pair in some]
        )
        ranks = await asyncio.to_thread(rank_hosts, links)
        await self._database.write(lambda c: store.put_host_ranks(c, ranks))
        return len(ranks), len(links)

    async def _rank_pages(self) -> tuple[int, int]:
        links = await self._database.read(
            lambda c: [pair for some in store.read_page_links(c) for pair in some]
        )
        ranks = await asyncio.to_thread(rank_pages, links)
        await self._database.write(lambda c: store.put_page_ranks(c, ranks))
        return len(ranks), len(links)

    async def _reindex(self, progress: Progress) -> int:
        last, count = "", 0
        while some := await self._moved_after(last):
            last, moved = some
            for at in range(0, len(moved), _REINDEXED_AT_ONCE):
                await self._index_anew(dict(list(moved.items())[at : at + _REINDEXED_AT_ONCE]))
            count += len(moved)
            await progress(f"{count} pages indexed anew", 0, 0)
        return count

    async def _moved_after(self, url: str) -> tuple[str, dict[str, Standing]] | None:
        """The last address of the next pages, and those of them that stand elsewhere now."""

        def read(connection: Connection) -> tuple[str, dict[str, Standing]] | None:
            marks = dict(store.standings_after(connection, url, _LOOKED_AT_ONCE))
            known = standings(connection, list(marks))
            moved = {url: known[url] for url, mark in marks.items() if _mark(known[url]) != mark}
            return (next(reversed(marks)), moved) if marks else None

        return await self._database.read(read)

    async def _index_anew(self, moved: dict[str, Standing]) -> None:
        rows = await self._database.read(lambda c: store.read_extracts(c, list(moved)))
        documents = [
            document
            for row in rows
            for document in documents_of(
                row.url, row.extract, read_s=row.read_s, standing=moved[row.url], file_type=row.file_type
            )
        ]
        await asyncio.to_thread(write_index, self.index, documents, list(moved), [])
        marks = {url: _mark(standing) for url, standing in moved.items()}
        await self._database.write(lambda c: store.set_standings(c, marks))


def write_index(
    index: SearchIndex, documents: Sequence[IndexDocument], known: Sequence[str], gone: Sequence[str]
) -> None:
    """Adds documents, deletes what was on `known` pages before, and the pages that are gone;
    durable."""
    deleted = [*gone, *(key for url in (*known, *gone) for key in derived_keys(url))]
    if deleted or documents:
        index.delete(deleted)
        index.add(documents)
        index.commit()


def rank_hosts(links: Sequence[tuple[str, str]]) -> dict[str, float]:
    """Each host's place from 0 to 1: the mean of its harmonic centrality and its PageRank, both
    by orders of magnitude."""
    names, sources, targets = _numbered(links)
    if not names:
        return {}
    central = scaled(harmonic_centrality(sources, targets, len(names)))
    ranked = scaled(page_rank(sources, targets, len(names)))
    return dict(zip(names, ((central + ranked) / 2).round(4).tolist(), strict=True))


def rank_pages(links: Sequence[tuple[int, int]]) -> dict[int, float]:
    """Each page's PageRank from 0 to 1, by orders of magnitude."""
    names, sources, targets = _numbered(links)
    if not names:
        return {}
    return dict(zip(names, scaled(page_rank(sources, targets, len(names))).round(4).tolist(), strict=True))


def _numbered(links: Sequence[tuple[T, T]]) -> "tuple[list[T], Ints, Ints]":
    """The nodes, and the links between them by number."""
    import numpy as np

    numbers: dict[T, int] = {}
    pairs = []
    for source, target in links:
        first = numbers.setdefault(source, len(numbers))
        pairs.append((first, numbers.setdefault(target, len(numbers))))
    both = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return list(numbers), both[:, 0], both[:, 1]
