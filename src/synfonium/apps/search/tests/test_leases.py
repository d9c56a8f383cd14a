"""Several workers on one frontier: no host meets two, and nothing is read twice."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from tests.corpora.mini_web import html, pages, serve

from synfonium.apps.search import store
from synfonium.apps.search.model import CrawlPlan
from synfonium.apps.search.service.crawler import Crawler
from synfonium.apps.search.service.fetch import Fetcher
from synfonium.apps.search.service.leases import LEASE_S, LeaseLost, Leases
from synfonium.apps.search.service.own_hosts import OwnHosts
from synfonium.apps.search.service.parsers import Parsers
from synfonium.apps.search.service.tools import Tools
from synfonium.ports.clock import SystemClock
from synfonium.ports.database import Database
from synfonium.ports.index import IndexDocument, SearchIndex
from synfonium.testing.chosen_database import open_chosen


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = open_chosen(tmp_path, "search")
    await opened.write(store.metadata.create_all)
    yield opened
    opened.close()


async def test_a_host_is_leased_to_one_worker_until_it_is_given_back(database: Database) -> None:
    async def take(holder: str, now_s: float) -> dict[str, float]:
        return await database.write(
            lambda c: store.take_leases(c, "crawl", holder, ["a.example", "b.example"], now_s, now_s + 40)
        )

    assert await take("one", 1000) == {"a.example": 0, "b.example": 0}
    assert await take("two", 1030) == {}
    left = store.LeaseRow(authority="a.example", next_s=1035.5)
    await database.write(lambda c: store.release_leases(c, "one", [left]))
    assert await take("two", 1031) == {"a.example": 1035.5}, "its pace goes on with the next worker"
    assert await take("three", 1050) == {"b.example": 0}, "the first did not renew, as if it were dead"
    ours = await database.write(lambda c: store.renew_leases(c, "one", [left], 1051, 1091))
    assert ours == set(), "who lost a lease cannot renew it"


async def test_a_worker_that_lost_its_lease_asks_the_host_nothing_more(database: Database) -> None:
    clock = SystemClock()
    leases = Leases(database, clock, "crawl", "one")
    await leases.take(["a.example"])
    leases.check("a.example", LEASE_S / 2)
    with pytest.raises(LeaseLost):
        leases.check("a.example", LEASE_S * 2)
    leases.forget(["a.example"])
    with pytest.raises(LeaseLost):
        leases.check("a.example", 1)


_NO_PAGES = ("/robots.txt", "/sitemap.xml")


class _NoIndex:
    """Takes documents and forgets them; which those are is not asked here."""

    def add(self, documents: Sequence[IndexDocument]) -> None: ...
    def delete(self, keys: Sequence[str]) -> None: ...
    def commit(self) -> None: ...


def _tools(database: Database, index: SearchIndex, parsers: Parsers) -> Tools:
    return Tools(
        database=database,
        index=index,
        fetcher=Fetcher("SynfoniumBot", is_local_allowed=True, connections=20),
        parsers=parsers,
        own_hosts=OwnHosts((), is_local_allowed=True),
        clock=SystemClock(),
        hosts_at_once=20,
    )


async def _nothing(text: str, done: float = 0, total: float = 0) -> None: ...


async def test_three_workers_share_a_crawl_and_no_page_is_read_twice(database: Database) -> None:
    hosts = [f"h{number}.localhost" for number in range(12)]

    def site(number: int) -> dict[str, tuple[int, dict[str, str], bytes]]:
        port = str(web_port[0])
        links = "".join(f'<a href="/p{n}">n</a>' for n in range(15))
        beyond = f'<a href="http://{hosts[(number + 1) % 12]}:{port}/p3">next</a>'
        found = {"/": html(f"<title>Host {number}</title><p>{links} {beyond}")}
        return found | {f"/p{n}": html(f"<title>{number} {n}</title><p>page {n} {beyond}") for n in range(15)}

    web_port = [0]
    with serve({}) as web:
        web_port[0] = web.port
        web.sites.update({host: pages(site(number)) for number, host in enumerate(hosts)})
        plan = CrawlPlan(
            seeds=(web.url(hosts[0]), web.url(hosts[6])), max_pages=1000, delay_s=0.01, is_local_allowed=True
        )
        await database.write(lambda c: store.add_crawl(c, "crawl", plan, 0.0))
        crawl = await database.read(lambda c: store.read_crawl(c, "crawl"))
        assert crawl is not None
        parsers = Parsers(2)
        tools = [_tools(database, _NoIndex(), parsers) for _ in range(3)]
        workers = [Crawler(crawl, own, f"worker{n}") for n, own in enumerate(tools)]
        async with asyncio.timeout(60):
            await asyncio.gather(*(worker.run(_nothing) for worker in workers))
        await parsers.close()
        for own in tools:
            await own.fetcher.close()
    asked = [
        (visit.host, visit.path) for visit in web.visits if visit.path not in ("/robots.txt", "/sitemap.xml")
    ]
    assert len(asked) == len(set(asked)), "nothing is read twice"
    # Hosts that only a link to their /p3 leads to have no more than that link and its page.
    assert {host for host, _ in asked} == set(hosts)
    assert web.overlaps() == 0
    assert web.shortest_wait_s() >= 0.01
    ended = await database.read(lambda c: store.read_crawl(c, "crawl"))
    assert ended is not None
    assert ended.report.waiting == 0
    assert ended.report.fetched == len(asked)
