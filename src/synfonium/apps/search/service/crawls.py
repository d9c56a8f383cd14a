"""The life of crawls in the worker: begun, watched, stopped, resumed."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property

import msgspec
from sqlalchemy import Connection

from synfonium.apps.search import store
from synfonium.apps.search.config import SearchConfig
from synfonium.apps.search.errors import NotAWebAddress, NothingToRead, UnknownCrawl
from synfonium.apps.search.model import CrawlPlan, CrawlReport, CrawlScope, CrawlState, normal_url
from synfonium.apps.search.service.archive import Archive
from synfonium.apps.search.service.crawler import Crawler
from synfonium.apps.search.service.fetch import Fetcher
from synfonium.apps.search.service.graph import Graph
from synfonium.apps.search.service.own_hosts import OwnHosts
from synfonium.apps.search.service.parsers import Parsers
from synfonium.apps.search.service.tools import Tools
from synfonium.common.ids import new_id
from synfonium.kernel import logs
from synfonium.kernel.calls import Progress
from synfonium.kernel.context import Context
from synfonium.ports.index import SearchIndex

log = logs.get("search")
VERSION = "0.1"
MOST_PAGES = 1_000_000
MOST_SEEDS = 1000


class Crawls:
    """At most one task a crawl; a crawl's plan and frontier are in the database."""

    def __init__(self, context: Context, index: SearchIndex, is_removed: Callable[[str], bool]) -> None:
        self._context, self._index, self._is_removed = context, index, is_removed
        self.graph = Graph(context.database, index)
        self._config: SearchConfig = context.config
        self._tasks: dict[str, asyncio.Task[CrawlReport]] = {}
        self._watchers: dict[str, list[Progress]] = {}

    @cached_property
    def archive(self) -> Archive:
        """The pages as they came."""
        context, config = self._context, self._config
        return Archive(
            context.blobs, context.database, context.clock, keeps=config.archive, days=config.archive_days
        )

    def plan(
        self,
        seeds: list[str],
        *,
        max_pages: int,
        delay_s: float | None,
        local: bool,
        same_host: bool,
        is_endless: bool = False,
        scope_name: str = "",
        scope: CrawlScope | None = None,
    ) -> CrawlPlan:
        """The plan within our limits; 0 pages or no delay mean the settings', no seeds those of
        the scope. Raises NotAWebAddress, NothingToRead."""
        scope = scope or CrawlScope()
        normal = dict.fromkeys(_seed(seed) for seed in (seeds or scope.seeds)[:MOST_SEEDS])
        if not normal:
            raise NothingToRead
        return CrawlPlan(
            seeds=tuple(normal),
            max_pages=min(max_pages if max_pages > 0 else self._config.max_pages, MOST_PAGES),
            delay_s=max(0.0, self._config.delay_s if delay_s is None else delay_s),
            is_local_allowed=local,
            same_host=same_host,
            is_endless=is_endless,
            scope_name=scope_name,
            scope=scope,
        )

    async def begin(self, plan: CrawlPlan) -> str:
        """Writes the crawl down and gives its id; an unfinished one from the same seeds goes on."""

        def write(connection: Connection) -> str:
            found = store.unfinished_crawl(connection, plan)
            if found:
                store.change_plan(connection, found.id, plan)
                return found.id
            crawl_id = new_id(self._context.clock.now_s())
            store.add_crawl(connection, crawl_id, plan, self._context.clock.now_s())
            return crawl_id

        return await self._context.database.write(write)

    async def want(self, plan: CrawlPlan) -> str:
        """As `begin`; the crawl itself starts from the outbox, so a crash loses nothing."""
        crawl_id = await self.begin(plan)
        event = ("search.crawl.wanted", f"search:crawl/{crawl_id}", {"crawl_id": crawl_id})
        await self._context.database.write(lambda c: self._context.outbox.add(c, *event))
        return crawl_id

    def start(self, crawl_id: str) -> "asyncio.Task[CrawlReport]":
        """Runs the crawl in this process; idempotent."""
        task = self._tasks.get(crawl_id)
        if task is None or task.done():
            task = asyncio.create_task(self._run(crawl_id))
            task.add_done_callback(lambda done: self._ended(crawl_id, done))
            self._tasks[crawl_id] = task
        return task

    async def watch(self, crawl_id: str, progress: Progress) -> CrawlReport:
        """Runs the crawl, or joins the one that runs, until its end."""
        watchers = self._watchers.setdefault(crawl_id, [])
        watchers.append(progress)
        task = self.start(crawl_id)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            # Whoever waited has gone: they meant to stop it. When the task itself was
            # cancelled, this process ends, and the crawl goes on at the next start.
            if not task.cancelled():
                await self.stop(crawl_id)
            raise
        finally:
            watchers.remove(progress)

    async def resume(self, crawl_id: str) -> None:
        """Lets a crawl that was paused or stopped go on. Raises UnknownCrawl."""
        crawl = await self._context.database.read(lambda c: store.read_crawl(c, crawl_id))
        if crawl is None or crawl.state == "done":
            raise UnknownCrawl
        await self.want(crawl.plan)

    async def stop(self, crawl_id: str, state: CrawlState = "stopped") -> None:
        """Ends it where it is; the same seeds go on from there. Other workers hear of it when they
        next commit. Raises UnknownCrawl."""
        crawl = await self._context.database.read(lambda c: store.read_crawl(c, crawl_id))
        if crawl is None:
            raise UnknownCrawl
        await self._context.database.write(lambda c: store.set_state(c, crawl_id, state))
        await self._cancel(crawl_id)

    async def close(self) -> None:
        """Stops all tasks; crawls that ran go on at the next start."""
        for crawl_id in list(self._tasks):
            await self._cancel(crawl_id)

    async def _cancel(self, crawl_id: str) -> None:
        task = self._tasks.pop(crawl_id, None)
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _ended(self, crawl_id: str, task: "asyncio.Task[CrawlReport]") -> None:
        if self._tasks.get(crawl_id) is task:
            del self._tasks[crawl_id]
        if not task.cancelled() and (failure := task.exception()):
            log.error("crawl.failed", failure)

    async def _run(self, crawl_id: str) -> CrawlReport:
        database = self._context.database
        crawl = await database.read(lambda c: store.read_crawl(c, crawl_id))
        if crawl is None:
            raise UnknownCrawl
        if crawl.state == "done":
            return crawl.report
        tools = self._tools(crawl.plan)
        try:
            crawler = Crawler(crawl, tools, holder=new_id(self._context.clock.now_s()))
            report = await crawler.run(self._tell(crawl_id))
        finally:
            await tools.parsers.close()
            await tools.fetcher.close()
        now_s = self._context.clock.now_s()
        await database.write(lambda c: store.end_crawl(c, crawl_id, now_s))
        await self.archive.forget_old()
        await self.graph.refresh(self._tell(crawl_id))
        return report

    def _tools(self, plan: CrawlPlan) -> Tools:
        return Tools(
            database=self._context.database,
            index=self._index,
            fetcher=Fetcher(
                self.user_agent,
                is_local_allowed=plan.is_local_allowed,
                connections=self._config.hosts_at_once,
            ),
            parsers=Parsers(),
            own_hosts=OwnHosts(self._config.own_hosts, is_local_allowed=plan.is_local_allowed),
            clock=self._context.clock,
            archive=self.archive,
            hosts_at_once=self._config.hosts_at_once,
            is_removed=self._is_removed,
        )

    def _tell(self, crawl_id: str) -> Progress:
        async def progress(text: str, done: float = 0, total: float = 0) -> None:
            for watcher in list(self._watchers.get(crawl_id, ())):
                with suppress(ConnectionError):
                    await watcher(text, done, total)

        return progress

    @property
    def user_agent(self) -> str:
        """Who we are and where to read about us (RFC 9110, section 10.1.5)."""
        return f"SynfoniumBot/{VERSION} (+{self._context.site.public_url}/bot)"


def _seed(typed: str) -> str:
    typed = typed.strip()
    url = normal_url(typed if "://" in typed else f"https://{typed}")
    if url is None:
        raise NotAWebAddress(address=typed)
    return url


def as_plain(report: CrawlReport) -> dict[str, int]:
    """The report for the wire between roles."""
    plain: dict[str, int] = msgspec.to_builtins(report)
    return plain
