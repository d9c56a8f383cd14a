"""How a crawl goes: its hosts, its pages a minute, what went wrong; read in any role."""

import msgspec

from synfonium.apps.search import store
from synfonium.apps.search.errors import UnknownCrawl
from synfonium.apps.search.store import CrawlRow, LeaseRow
from synfonium.ports.clock import Clock
from synfonium.ports.database import Database

MINUTES = 60
_MOST_HOSTS = 100


class CrawlDetail(msgspec.Struct, frozen=True, kw_only=True):
    """pages: read in each of the last 60 minutes, the oldest first. pages_per_s: over the last
    whole minute and the running one. failures: how often each kind happened."""

    crawl: CrawlRow
    active: int
    pages: tuple[int, ...]
    pages_per_s: float
    failures: dict[str, int]
    hosts: list[LeaseRow]


async def detail_of(database: Database, clock: Clock, crawl_id: str) -> CrawlDetail:
    """Raises UnknownCrawl."""
    now_s = clock.now_s()
    crawl = await database.read(lambda c: store.read_crawl(c, crawl_id))
    if crawl is None:
        raise UnknownCrawl
    first_s = (int(now_s) // 60 - MINUTES + 1) * 60
    read = await database.read(lambda c: store.minutes_of(c, crawl_id, first_s))
    pages = tuple(read.get(first_s + 60 * n, 0) for n in range(MINUTES))
    return CrawlDetail(
        crawl=crawl,
        active=await database.read(lambda c: store.count_active(c, crawl_id, now_s)),
        pages=pages,
        pages_per_s=round(sum(pages[-2:]) / (60 + now_s % 60), 1),
        failures=await database.read(lambda c: store.failures_of(c, crawl_id)),
        hosts=await database.read(lambda c: store.hosts_of(c, crawl_id, _MOST_HOSTS)),
    )


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """A minute in the plot; lengths in its own units."""

    x: int
    y: float
    height: float


def plot(pages: tuple[int, ...], height: int = 60, step: int = 8) -> list[Bar]:
    """Bars for the pages of each minute, the tallest as high as the plot."""
    most = max(pages, default=0) or 1
    return [
        Bar(x=n * step, y=round(height - height * count / most, 1), height=round(height * count / most, 1))
        for n, count in enumerate(pages)
    ]
