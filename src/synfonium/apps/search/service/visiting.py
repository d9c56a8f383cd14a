"""Visits of hosts: what waits for one is read, one address after the other."""

import asyncio
from collections.abc import Container

from synfonium.apps.search import store
from synfonium.apps.search.service.batch import Findings
from synfonium.apps.search.service.fetch import LARGEST_PAGE_BYTES, Fetched, Known
from synfonium.apps.search.service.hosts import LONGEST_WAIT_S, Host, HostClosed
from synfonium.apps.search.service.leases import LeaseLost, Leases
from synfonium.apps.search.service.lists import led
from synfonium.apps.search.service.reading import Reader
from synfonium.apps.search.service.robots import Rules, is_fresh
from synfonium.apps.search.service.sitemaps import sitemap_urls
from synfonium.apps.search.service.tools import Tools
from synfonium.apps.search.service.xml_texts import LARGEST_XML_BYTES
from synfonium.apps.search.store import CrawlRow, FrontierRow, HostRow, LeaseRow, VisitRow

_TAKEN_AT_ONCE = 20
_ATTEMPTS = 3
_MOST_HOSTS = 1000
_LARGEST_BYTES = {"page": LARGEST_PAGE_BYTES, "sitemap": LARGEST_XML_BYTES, "feed": LARGEST_PAGE_BYTES}


class Visits:
    """The hosts that one worker visits for one crawl. `requests`: how often pages were asked for."""

    def __init__(
        self,
        crawl: CrawlRow,
        tools: Tools,
        leases: Leases,
        findings: Findings,
        reader: Reader,
        pages_left: int,
    ) -> None:
        self._id, self._plan, self._tools = crawl.id, crawl.plan, tools
        self._leases, self._findings, self._reader = leases, findings, reader
        self._lines = asyncio.Semaphore(tools.hosts_at_once)
        self._pages_left = asyncio.Semaphore(pages_left)
        self._hosts: dict[str, Host] = {}
        self._closed: set[str] = set()
        self.requests = 0

    def told(self, authority: str) -> LeaseRow:
        """How a host is, for whoever watches or visits it next."""
        host = self._hosts.get(authority)
        now_s = self._tools.clock.now_s()
        return host.told(now_s) if host else LeaseRow(authority=authority, next_s=now_s)

    def rest(self, authority: str) -> None:
        """Nobody is at the host any more."""
        if host := self._hosts.get(authority):
            host.rest()

    def forget_rested(self, busy: Container[str]) -> None:
        """Keeps memory flat: a host that may be asked at once is like a new one."""
        if len(self._hosts) > _MOST_HOSTS:
            self._hosts = {
                a: h for a, h in self._hosts.items() if a in busy or a in self._leases or not h.is_rested
            }

    async def visit(self, authority: str, wait_s: float) -> None:
        """Reads what waits for the host until nothing does, or it had enough, or it is no
        longer ours."""
        try:
            await self._visit(authority, wait_s)
        finally:
            await self._tools.fetcher.leave(authority)

    async def _visit(self, authority: str, wait_s: float) -> None:
        if authority in self._closed or wait_s > LONGEST_WAIT_S:
            self._close(authority)
            return
        try:
            while rows := await self._take(authority):
                await self._read_all(authority, rows, wait_s)
            self.rest(authority)
        except HostClosed:
            self._close(authority)
        except LeaseLost:
            self._hosts.pop(authority, None)

    def _close(self, authority: str) -> None:
        self._closed.add(authority)
        self._findings.batch.closed.add(authority)
        if host := self._hosts.get(authority):
            host.rest("closed")

    async def _take(self, authority: str) -> list[FrontierRow]:
        """The next addresses of a host that are not dealt with yet."""
        handled = self._findings.handled
        limit = _TAKEN_AT_ONCE + len(handled)
        rows = await self._tools.database.read(lambda c: store.next_urls(c, self._id, authority, limit))
        return [row for row in rows if row.url not in handled][:_TAKEN_AT_ONCE]

    async def _read_all(self, authority: str, rows: list[FrontierRow], wait_s: float) -> None:
        urls = [row.url for row in rows]
        before = await self._tools.database.read(lambda c: store.visits_of(c, urls))
        host = self._hosts.get(authority) or await self._arrive(authority, urls[0], wait_s)
        rules = host.rules or await self._learn_rules(host, rows[0])
        for row in rows:
            await self._read(host, rules, row, before.get(row.url))

    async def _arrive(self, authority: str, url: str, wait_s: float) -> Host:
        delay_s = await self._tools.own_hosts.least_delay_s(url, self._plan.delay_s)
        host = Host(authority, self._tools.fetcher, self._leases, delay_s=delay_s, wait_s=wait_s)
        self._hosts[authority] = host
        return host

    async def _learn_rules(self, host: Host, first: FrontierRow) -> Rules:
        row = await self._robots(host, first.url)
        rules = host.obey(row)
        self._findings.links += [
            led(first, url, "sitemap") for url in sitemap_urls(first.url, rules) if rules.allows(url)
        ]
        return rules

    async def _robots(self, host: Host, url: str) -> HostRow:
        database, clock = self._tools.database, self._tools.clock
        row = await database.read(lambda c: store.read_host(c, host.authority))
        if row is None or not is_fresh(row, clock.now_s()):
            row = await host.read_robots(url, clock.now_s(), self._lines)
            if row is None:
                raise HostClosed
            known = row
            await database.write(lambda c: store.put_host(c, known))
        return row

    async def _read(self, host: Host, rules: Rules, row: FrontierRow, before: VisitRow | None) -> None:
        if not rules.allows(row.url) or self._tools.is_removed(row.url):
            self._findings.deal_with(row, "forbidden")
            return
        await self._pages_left.acquire()
        is_page = False
        try:
            is_page = await self._ask(host, rules, row, before)
        except HostClosed:
            self._findings.deal_with(row, "failed", "closed")
            raise
        finally:
            if not is_page:
                self._pages_left.release()

    async def _ask(self, host: Host, rules: Rules, row: FrontierRow, before: VisitRow | None) -> bool:
        """Whether it was a page. A line is kept until it is parsed: so bodies in memory are few."""
        known = Known(etag=before.etag, last_modified=before.last_modified) if before else None
        for attempt in range(_ATTEMPTS):
            self.requests += 1
            await host.turn()
            async with self._lines:
                answer = await host.get(row.url, _LARGEST_BYTES[row.kind], known)
                # A page that took too long once is not asked for again: it may be a trap.
                if attempt == _ATTEMPTS - 1 or not _is_worth_another(answer):
                    return await self._reader.take_in(row, answer, rules, before)
        return False


def _is_worth_another(answer: Fetched) -> bool:
    return answer.status in (429, 503) or answer.failure == "unreachable"
