"""One worker's part of a crawl: many hosts side by side, each at its own pace, resumable after
any crash, beside other workers on the same frontier."""

import asyncio
import time
from collections.abc import Iterable

import msgspec

from synfonium.apps.search import store
from synfonium.apps.search.model import CrawlReport, authority_of
from synfonium.apps.search.service.batch import Findings, save_batch
from synfonium.apps.search.service.duplicates import worse_twins
from synfonium.apps.search.service.graph import documents_for, write_index
from synfonium.apps.search.service.leases import Leases
from synfonium.apps.search.service.reading import Reader
from synfonium.apps.search.service.tools import Tools
from synfonium.apps.search.service.visiting import Visits
from synfonium.apps.search.store import CrawlRow, LeaseRow
from synfonium.kernel import logs
from synfonium.kernel.calls import Progress

log = logs.get("search")

_TICK_S = 0.1
_COMMIT_S = 4.0
_COMMIT_PAGES = 400
_LOOK_S = 2.0
_HOSTS_IN_MIND = 500
_LARGEST_FRONTIER = 200_000
_REQUESTS_A_PAGE = 5
_WITHOUT_END = 1 << 40


class Crawler:
    """Runs the crawl until its plan is fulfilled, nothing is left to read, or it was stopped.

    Several of these, in one process or in many, share the crawl: each visits hosts whose
    lease it holds. `max_pages` is kept to within what the others read since the last commit.
    """

    def __init__(self, crawl: CrawlRow, tools: Tools, holder: str) -> None:
        self._id, self._plan, self._tools = crawl.id, crawl.plan, tools
        self._database, self._clock = tools.database, tools.clock
        self._saved, self._is_wanted = crawl.report, True
        self._findings = Findings()
        self._leases = Leases(tools.database, tools.clock, crawl.id, holder)
        self._most_pages = _WITHOUT_END if crawl.plan.is_endless else crawl.plan.max_pages
        pages_left = max(0, self._most_pages - crawl.report.fetched)
        reader = Reader(crawl.plan, tools, self._findings)
        self._visits = Visits(crawl, tools, self._leases, self._findings, reader, pages_left)
        self._requests_left = _REQUESTS_A_PAGE * pages_left + 100
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._fresh: dict[str, None] = {}
        self._known: set[str] = set()  # the frontier need not be asked about each link of each page
        self._begun_s = self._committed_s = time.monotonic()
        self._fetched_before = crawl.report.fetched
        self._looked_s = float("-inf")

    @property
    def report(self) -> CrawlReport:
        """All workers' work as it was last saved, and ours since."""
        counts = self._findings.batch.counts
        saved = msgspec.structs.asdict(self._saved)
        return CrawlReport(**{name: number + counts[name] for name, number in saved.items()})

    async def run(self, progress: Progress) -> CrawlReport:
        """Raises only for our own faults (a full disk, a database that is gone)."""
        self._begun_s = time.monotonic()
        renewing = asyncio.create_task(self._leases.keep(self._told))
        try:
            while not await self._is_over():
                await progress(self._words(), self.report.fetched, self._plan.max_pages)
                if renewing.done():
                    renewing.result()
        finally:
            await self._stop_tasks()
            renewing.cancel()
            await asyncio.shield(self._commit())
        seconds = round(time.monotonic() - self._begun_s, 1)
        log.info("crawl.ended", pages=self.report.indexed, count=self.report.fetched, seconds=seconds)
        return self.report

    def _words(self) -> str:
        report, hosts = self.report, len(self._tasks)
        rate = (report.fetched - self._fetched_before) / (time.monotonic() - self._begun_s)
        return (
            f"{report.indexed} pages indexed, {report.waiting} addresses waiting,"
            f" {hosts} hosts at work, {rate:.1f} pages/s"
        )

    def _told(self, authorities: Iterable[str]) -> list[LeaseRow]:
        return [self._visits.told(authority) for authority in authorities]

    async def _is_over(self) -> bool:
        await self._start_tasks()
        await asyncio.sleep(_TICK_S)
        self._end_tasks()
        await self._save_links()
        is_late = time.monotonic() - self._committed_s > _COMMIT_S
        if is_late or len(self._findings.batch) >= _COMMIT_PAGES:
            await self._commit()
        is_spent = self.report.fetched >= self._most_pages or self._visits.requests > self._requests_left
        return is_spent or not self._is_wanted or await self._is_empty()

    async def _is_empty(self) -> bool:
        """Nothing waits and nobody is at work, who might find more."""
        if self._tasks or self._fresh:
            return False
        if not self._findings.batch.is_empty:
            await self._commit()
        if self._plan.is_endless:
            return False
        now_s = self._clock.now_s()
        waiting = await self._database.read(lambda c: store.count_waiting(c, self._id))
        at_work = await self._database.read(
            lambda c: store.others_at_work(c, self._id, self._leases.holder, now_s)
        )
        return not waiting and not at_work

    # Hosts

    async def _start_tasks(self) -> None:
        await self._look()
        self._visits.forget_rested(self._tasks.keys())
        room = _HOSTS_IN_MIND - len(self._tasks)
        saving = self._findings.saving.released
        wanted = [a for a in self._fresh if a not in self._tasks and a not in saving][: max(0, room)]
        if not wanted:
            return
        waits = await self._leases.take(wanted)
        for authority in wanted:
            del self._fresh[authority]
            if authority in waits:
                self._findings.batch.released.pop(authority, None)
                self._tasks[authority] = asyncio.create_task(self._visits.visit(authority, waits[authority]))

    async def _look(self) -> None:
        """Hosts that wait in the frontier: also those that other workers found or gave back."""
        is_early = time.monotonic() - self._looked_s < _LOOK_S
        if is_early or self._fresh or len(self._tasks) > _HOSTS_IN_MIND // 2:
            return
        self._looked_s, now_s = time.monotonic(), self._clock.now_s()
        if self._plan.is_endless:
            self._findings.due += await self._database.read(
                lambda c: store.due_again(c, self._id, now_s, _HOSTS_IN_MIND)
            )
            await self._save_links()
        waiting = await self._database.read(
            lambda c: store.waiting_hosts(c, self._id, self._leases.holder, now_s, 2 * _HOSTS_IN_MIND)
        )
        self._fresh = dict.fromkeys(a for a in waiting if a not in self._tasks)

    def _end_tasks(self) -> None:
        for authority, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[authority]
                task.result()  # a fault of ours ends the crawl
                self._give_back(authority)

    def _give_back(self, authority: str) -> None:
        if authority in self._leases:
            self._findings.batch.released[authority] = self._visits.told(authority)

    async def _stop_tasks(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        for authority in self._leases.held:
            self._visits.rest(authority)
            self._give_back(authority)

    # Making it durable

    async def _save_links(self) -> None:
        links, due = self._findings.take_links()
        if due:
            woken = await self._database.write(lambda c: store.wake(c, self._id, due))
            self._findings.batch.counts["waiting"] += woken
        links = [row for row in links if row.url not in self._known]
        if not links or self.report.waiting > _LARGEST_FRONTIER:
            return
        if len(self._known) > _LARGEST_FRONTIER:
            self._known.clear()
        self._known.update(row.url for row in links)
        fresh = await self._database.write(lambda c: store.add_urls(c, self._id, links))
        self._findings.batch.counts["waiting"] += len(fresh)
        if len(self._fresh) < 4 * _HOSTS_IN_MIND:
            self._fresh.update(dict.fromkeys(authority_of(row.url) for row in fresh))

    async def _commit(self) -> None:
        await self._save_links()
        self._committed_s = time.monotonic()
        batch = self._findings.begin_saving()
        twins = await self._database.read(lambda c: worse_twins(c, batch.rows))
        added, gone = batch.without(twins)
        documents = await self._database.read(lambda c: documents_for(c, added))
        if self._tools.archive:
            batch.archived = await self._tools.archive.write(batch.records)
        known = list(batch.known)
        await asyncio.to_thread(write_index, self._tools.index, documents, known, gone)
        now_s, holder = self._clock.now_s(), self._leases.holder
        crawl = await self._database.write(lambda c: save_batch(c, self._id, holder, batch, twins, now_s))
        self._leases.forget(batch.released)
        self._findings.end_saving()
        if crawl is not None:
            self._saved, self._is_wanted = crawl.report, crawl.state == "running"
