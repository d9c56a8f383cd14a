"""What the questions about the crawler share: a web in a process of its own, a crawl as in the worker."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from synfonium.apps.search import store
from synfonium.apps.search.model import CrawlPlan, CrawlReport, CrawlScope
from synfonium.apps.search.service.crawler import Crawler
from synfonium.apps.search.service.fetch import Fetcher
from synfonium.apps.search.service.own_hosts import OwnHosts
from synfonium.apps.search.service.parsers import Parsers
from synfonium.apps.search.service.tools import Tools
from synfonium.engines.database.sqlite import open_sqlite
from synfonium.engines.index.tantivy import TantivyIndex
from synfonium.kernel.calls import Progress
from synfonium.ports.clock import SystemClock


class ManyHosts(msgspec.Struct, frozen=True):
    """port: common to all hosts. hosts: the honest ones."""

    port: int
    hosts: list[str]

    def report(self) -> dict[str, Any]:
        """What the web counted."""
        address = f"http://127.0.0.1:{self.port}/"
        counted: dict[str, Any] = httpx.get(address, headers={"host": "control.localhost"}).json()
        return counted


@contextmanager
def many_hosts(kind: str) -> Iterator[ManyHosts]:
    """Serves a web of many_hosts.py until the block ends."""
    words = [sys.executable, str(Path(__file__).with_name("many_hosts.py")), kind]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            yield ManyHosts(**json.loads(server.stdout.readline()))
        finally:
            server.stdin.close()
            server.terminate()


async def crawl_of(folder: Path, seeds: list[str], pages: int, progress: Progress) -> CrawlReport:
    """One crawl by one worker, with everything but the doors."""
    database = open_sqlite(folder / "search.sqlite")
    index = TantivyIndex(folder / "index", writable=True)
    parsers = Parsers()
    fetcher = Fetcher("SynfoniumBot", is_local_allowed=True, connections=100)
    # The pages link to the real web, which is nobody's to measure with.
    inside = CrawlScope(hosts=("localhost",))
    plan = CrawlPlan(seeds=tuple(seeds), max_pages=pages, delay_s=0.0, is_local_allowed=True, scope=inside)
    try:
        await database.write(store.metadata.create_all)
        await database.write(lambda c: store.add_crawl(c, "crawl", plan, 0.0))
        crawl = await database.read(lambda c: store.read_crawl(c, "crawl"))
        assert crawl is not None
        tools = Tools(
            database=database,
            index=index,
            fetcher=fetcher,
            parsers=parsers,
            own_hosts=OwnHosts((), is_local_allowed=True),
            clock=SystemClock(),
            hosts_at_once=100,
        )
        return await Crawler(crawl, tools, "worker").run(progress)
    finally:
        await parsers.close()
        await fetcher.close()
        index.close()
        database.close()
