"""What sitemaps and feeds bring into the frontier."""

import asyncio

from synfonium.apps.search import store
from synfonium.apps.search.model import VisitKind, authority_of
from synfonium.apps.search.service.batch import Findings
from synfonium.apps.search.service.feeds import parse_feed
from synfonium.apps.search.service.sitemaps import parse_sitemap
from synfonium.apps.search.store import FrontierRow
from synfonium.ports.database import Database


def led(row: FrontierRow, url: str, kind: VisitKind = "page", published_s: float = 0.0) -> FrontierRow:
    """The place in the frontier of an address to which `row` leads."""
    is_elsewhere = authority_of(url) != authority_of(row.url)
    return FrontierRow(
        url=url, hops=row.hops + is_elsewhere, depth=row.depth + 1, kind=kind, published_s=published_s
    )


class Lists:
    """Reads lists of pages for one crawl."""

    def __init__(self, database: Database, findings: Findings) -> None:
        self._database, self._findings = database, findings

    async def sitemap(self, row: FrontierRow, body: bytes) -> list[FrontierRow]:
        """Its pages but for those that did not change since we were there, by its word; those
        that did are due. Raises BadXml."""
        entries = await asyncio.to_thread(parse_sitemap, row.url, body)
        dated = {entry.url: entry.changed_s for entry in entries if entry.changed_s}
        visited = await self._database.read(lambda c: store.visited(c, list(dated)))
        still = {url for url, visited_s in visited.items() if dated[url] <= visited_s}
        self._findings.due += visited.keys() - still
        return [
            led(row, entry.url, "sitemap" if entry.is_sitemap else "page")
            for entry in entries
            if entry.url not in still
        ]

    async def feed(self, row: FrontierRow, body: bytes) -> list[FrontierRow]:
        """Its entries; those that came out since we were there are due. Raises BadXml."""
        entries = await asyncio.to_thread(parse_feed, row.url, body)
        dated = {entry.url: entry.published_s for entry in entries}
        visited = await self._database.read(lambda c: store.visited(c, list(dated)))
        self._findings.due += [url for url, visited_s in visited.items() if dated[url] > visited_s]
        return [led(row, entry.url, published_s=entry.published_s) for entry in entries]
