"""One crawl: many hosts side by side, each at its own pace, resumable after any crash."""

import asyncio
import time
from collections import Counter
from hashlib import blake2b

import msgspec

from synfonium.apps.search import store
from synfonium.apps.search.model import CrawlReport, Extract, Link, ParseJob, authority_of, host_of
from synfonium.apps.search.service.batch import Batch, save_batch
from synfonium.apps.search.service.fetch import Fetched, Fetcher
from synfonium.apps.search.service.hosts import Host, HostClosed
from synfonium.apps.search.service.parsing import Parser, Unparsable
from synfonium.apps.search.service.robots import is_fresh
from synfonium.apps.search.store import CrawlRow, FrontierRow, PageRow
from synfonium.kernel import logs
from synfonium.kernel.calls import Progress
from synfonium.ports.clock import Clock
from synfonium.ports.database import Database
from synfonium.ports.index import IndexDocument, SearchIndex

log = logs.get("search")

_TICK_S = 0.25
_COMMIT_S = 4.0
_COMMIT_PAGES = 400
_HOSTS_IN_MIND = 500
_TAKEN_AT_ONCE = 20
_ATTEMPTS = 3
_MOST_REDIRECTS = 5
_DEEPEST = 50
_LARGEST_FRONTIER = 200_000
_REQUESTS_A_PAGE = 5
_TWIN_FROM = 200
_MEDIA_TYPES = ("text/html", "application/xhtml+xml", "text/plain")


class Crawler:
    """Runs the crawl `crawl` until its plan is fulfilled or nothing is left to read."""

    def __init__(
        self,
        crawl: CrawlRow,
        *,
        database: Database,
        index: SearchIndex,
        fetcher: Fetcher,
        parser: Parser,
        clock: Clock,
        hosts_at_once: int,
    ) -> None:
        self._id, self._plan = crawl.id, crawl.plan
        self._database, self._index, self._clock = database, index, clock
        self._fetcher, self._parser = fetcher, parser
        self._counts = Counter(msgspec.structs.asdict(crawl.report))
        pages_left = max(0, crawl.plan.max_pages - crawl.report.fetched)
        self._pages_left = asyncio.Semaphore(pages_left)
        self._requests_left = _REQUESTS_A_PAGE * pages_left + 100
        self._lines = asyncio.Semaphore(hosts_at_once)
        self._batch, self._saving, self._links = Batch(), Batch(), list[FrontierRow]()
        self._hosts: dict[str, Host] = {}
        self._closed: set[str] = set()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._fresh: dict[str, None] = {}
        self._home_hosts = {host_of(seed) for seed in crawl.plan.seeds}
        self._committed_s = time.monotonic()

    @property
    def report(self) -> CrawlReport:
        return CrawlReport(**self._counts)

    async def run(self, progress: Progress) -> CrawlReport:
        """Raises only for our own faults (a full disk, a database that is gone)."""
        begun_s = time.monotonic()
        waiting = await self._database.read(lambda c: store.waiting_hosts(c, self._id))
        self._counts["waiting"] = sum(waiting.values())
        self._fresh = dict.fromkeys(waiting)
        try:
            while not await self._is_over():
                await progress(self._words(), self.report.fetched, self._plan.max_pages)
        finally:
            await self._stop_tasks()
            await asyncio.shield(self._commit())
        seconds = round(time.monotonic() - begun_s, 1)
        log.info("crawl.ended", pages=self.report.indexed, count=self.report.fetched, seconds=seconds)
        return self.report

    def _words(self) -> str:
        report = self.report
        return f"{report.indexed} pages indexed, {report.waiting} addresses waiting"

    async def _is_over(self) -> bool:
        self._start_tasks()
        await asyncio.sleep(_TICK_S)
        for task in self._tasks.values():
            if task.done():
                task.result()  # a fault of ours ends the crawl
        self._tasks = {a: t for a, t in self._tasks.items() if not t.done()}
        await self._save_links()
        if len(self._batch) >= _COMMIT_PAGES or time.monotonic() - self._committed_s > _COMMIT_S:
            await self._commit()
        is_spent = self.report.fetched >= self._plan.max_pages or self._requests_left <= 0
        return is_spent or not (self._tasks or self._fresh)

    # Hosts

    def _start_tasks(self) -> None:
        if len(self._hosts) > 2 * _HOSTS_IN_MIND:
            self._hosts = {a: h for a, h in self._hosts.items() if a in self._tasks or not h.is_rested}
        for authority in list(self._fresh):
            if len(self._tasks) >= _HOSTS_IN_MIND:
                return
            if authority not in self._tasks:
                self._tasks[authority] = asyncio.create_task(self._visit(authority))

    async def _stop_tasks(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _visit(self, authority: str) -> None:
        host = self._hosts.get(authority)
        if host is None:
            host = self._hosts[authority] = Host(authority, self._fetcher, self._lines, self._plan.delay_s)
        try:
            while rows := await self._take(authority):
                if host.rules is None:
                    await self._learn_rules(host, rows[0].url)
                for row in rows:
                    await self._read(host, row)
        except HostClosed:
            self._closed.add(authority)
            self._batch.closed.add(authority)
            self._fresh.pop(authority, None)

    async def _take(self, authority: str) -> list[FrontierRow]:
        """The next addresses of a host that are not dealt with yet."""
        self._fresh.pop(authority, None)
        if authority in self._closed:
            return []
        handled = self._batch.states.keys() | self._saving.states.keys()
        limit = _TAKEN_AT_ONCE + len(handled)
        rows = await self._database.read(lambda c: store.next_urls(c, self._id, authority, limit))
        return [row for row in rows if row.url not in handled][:_TAKEN_AT_ONCE]

    async def _learn_rules(self, host: Host, url: str) -> None:
        row = await self._database.read(lambda c: store.read_host(c, host.authority))
        if row is None or not is_fresh(row, self._clock.now_s()):
            row = await host.read_robots(url, self._clock.now_s())
            if row is None:
                raise HostClosed
            known = row
            await self._database.write(lambda c: store.put_host(c, known))
        host.obey(row)

    # Pages

    async def _read(self, host: Host, row: FrontierRow) -> None:
        assert host.rules is not None
        if not host.rules.allows(row.url):
            self._deal_with(row, "forbidden")
            return
        await self._pages_left.acquire()
        is_page = False
        try:
            answer = await self._fetch(host, row)
            is_page = await self._take_in(host, row, answer)
        except HostClosed:
            self._deal_with(row, "failed")
            raise
        finally:
            if not is_page:
                self._pages_left.release()

    async def _fetch(self, host: Host, row: FrontierRow) -> Fetched:
        for _ in range(_ATTEMPTS):
            self._requests_left -= 1
            answer = await host.get(row.url)
            # A page that took too long once is not asked for again: it may be a trap.
            if answer.status not in (429, 503) and answer.failure != "unreachable":
                break
        return answer

    async def _take_in(self, host: Host, row: FrontierRow, answer: Fetched) -> bool:
        """Whether the answer was a page."""
        if answer.location:
            self._follow(row, answer.location)
            self._deal_with(row, "skipped")
        elif answer.failure or answer.status != 200:
            if answer.status in (404, 410):
                self._batch.forget_page(row.url)
            self._deal_with(row, "failed")
        elif answer.media_type not in _MEDIA_TYPES:
            self._deal_with(row, "skipped")
        else:
            await self._parse(host, row, answer)
            return True
        return False

    async def _parse(self, host: Host, row: FrontierRow, answer: Fetched) -> None:
        job = ParseJob(url=row.url, body=answer.body, charset=answer.charset, media_type=answer.media_type)
        try:
            extract = await self._parser.parse(job)
        except Unparsable:
            self._counts["fetched"] += 1
            self._deal_with(row, "failed")
            return
        self._counts["fetched"] += 1
        told = header_rules(answer.robots_tag)
        if not told & {"nofollow", "none"}:
            self._links += self._rows_of(row, extract.links)
        if extract.is_hidden or told & {"noindex", "none"} or not (extract.text or extract.title):
            self._batch.forget_page(row.url)
            self._deal_with(row, "skipped")
            return
        self._add_page(_address(host, row.url, extract), extract)
        self._deal_with(row, "indexed")

    def _add_page(self, url: str, extract: Extract) -> None:
        now_s = self._clock.now_s()
        host = host_of(url)
        self._batch.add_page(
            IndexDocument(
                key=url, title=extract.title, text=extract.text, lang=extract.lang, host=host, time_s=now_s
            ),
            PageRow(url=url, host=host, lang=extract.lang, digest=digest_of(url, extract.text), read_s=now_s),
        )

    def _deal_with(self, row: FrontierRow, what: str) -> None:
        self._counts[what] += 1
        self._counts["waiting"] -= 1
        self._batch.states[row.url] = "failed" if what in ("failed", "forbidden") else "done"

    # Links

    def _follow(self, row: FrontierRow, location: str) -> None:
        if row.redirects < _MOST_REDIRECTS:
            self._links.append(msgspec.structs.replace(row, url=location, redirects=row.redirects + 1))
            if row.hops == 0:
                self._home_hosts.add(host_of(location))

    def _rows_of(self, row: FrontierRow, links: tuple[Link, ...]) -> list[FrontierRow]:
        if row.depth >= _DEEPEST:
            return []
        here = authority_of(row.url)
        return [
            FrontierRow(url=link.url, hops=row.hops + (authority_of(link.url) != here), depth=row.depth + 1)
            for link in links
            if not self._plan.same_host or host_of(link.url) in self._home_hosts
        ]

    # Making it durable

    async def _save_links(self) -> None:
        links, self._links = self._links, []
        if not links or self._counts["waiting"] + self._counts["fetched"] > _LARGEST_FRONTIER:
            return
        fresh = await self._database.write(lambda c: store.add_urls(c, self._id, links))
        self._counts["waiting"] += len(fresh)
        self._fresh.update(dict.fromkeys(authority_of(row.url) for row in fresh))

    async def _commit(self) -> None:
        await self._save_links()
        self._committed_s = time.monotonic()
        batch = self._saving = self._batch
        self._batch = Batch()
        twins = await self._database.read(lambda c: store.twins(c, list(batch.rows.values())))
        self._counts["indexed"] -= len(twins)
        self._counts["skipped"] += len(twins)
        report = self.report
        await asyncio.to_thread(self._write_index, *batch.without(twins))
        given_up = await self._database.write(lambda c: save_batch(c, self._id, batch, twins, report))
        self._counts["failed"] += given_up
        self._counts["waiting"] -= given_up
        self._saving = Batch()

    def _write_index(self, added: list[IndexDocument], deleted: list[str]) -> None:
        if added or deleted:
            self._index.delete(deleted)
            self._index.add(added)
            self._index.commit()


def header_rules(value: str) -> set[str]:
    """The rules of an X-Robots-Tag header that are for us: `noindex`, `otherbot: nofollow`."""
    found = set()
    for part in value.split(","):
        name, colon, rule = part.strip().partition(":")
        if not colon or name.strip() == "synfoniumbot":
            found.add((rule if colon else name).strip())
    return found


def digest_of(url: str, text: str) -> bytes:
    """Equal for pages with the same long text; short texts are equal too easily."""
    same = text if len(text) >= _TWIN_FROM else url
    return blake2b(same.encode("utf-8", "replace"), digest_size=16).digest()


def _address(host: Host, url: str, extract: Extract) -> str:
    """The page's canonical address if it stays on its host and may be read, else its own."""
    canonical = extract.canonical
    assert host.rules is not None
    if canonical and authority_of(canonical) == host.authority and host.rules.allows(canonical):
        return canonical
    return url
