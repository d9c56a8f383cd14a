"""The crawl frontier and what politeness must remember; tables `search_*`."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from synfonium.apps.search.model import (
    LONGEST_URL,
    CrawlPlan,
    CrawlReport,
    CrawlState,
    FetchState,
    authority_of,
)
from synfonium.kernel.outbox import outbox_table

metadata = MetaData()
outbox = outbox_table("search", metadata)

crawls = Table(
    "search_crawl",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("plan", LargeBinary, nullable=False),
    Column("state", String(10), nullable=False),
    Column("begun_s", Float, nullable=False),
    Column("indexed", Integer, nullable=False),
    Column("fetched", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("forbidden", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("waiting", Integer, nullable=False),
    info={"personal": {}},
)

frontier = Table(
    "search_frontier",
    metadata,
    Column("crawl_id", String(26), primary_key=True),
    Column("url", String(LONGEST_URL), primary_key=True),
    Column("authority", String(300), nullable=False),
    Column("hops", Integer, nullable=False),
    Column("depth", Integer, nullable=False),
    Column("redirects", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Index("search_frontier_next", "crawl_id", "authority", "state", "hops", "depth"),
    info={"personal": {}},
)

hosts = Table(
    "search_host",
    metadata,
    Column("authority", String(300), primary_key=True),
    Column("robots", Text, nullable=False),
    Column("robots_read_s", Float, nullable=False),
    info={"personal": {}},
)

pages = Table(
    "search_page",
    metadata,
    Column("url", String(LONGEST_URL), primary_key=True),
    Column("host", String(300), nullable=False, index=True),
    Column("lang", String(20), nullable=False),
    Column("digest", LargeBinary, nullable=False, index=True),
    Column("read_s", Float, nullable=False),
    info={"personal": {}},
)


class FrontierRow(msgspec.Struct, frozen=True, kw_only=True):
    """An address of a crawl. hops: how many hosts away from the seeds'."""

    url: str
    hops: int = 0
    depth: int = 0
    redirects: int = 0


class PageRow(msgspec.Struct, frozen=True, kw_only=True):
    url: str
    host: str
    lang: str
    digest: bytes
    read_s: float


class HostRow(msgspec.Struct, frozen=True, kw_only=True):
    """What robots.txt of a host said, and when."""

    authority: str
    robots: str
    robots_read_s: float


class CrawlRow(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    plan: CrawlPlan
    state: CrawlState
    begun_s: float
    report: CrawlReport


_REPORT = CrawlReport.__struct_fields__
_AT_ONCE = 300
T = TypeVar("T")


def _crawl(row: Row[tuple[object, ...]]) -> CrawlRow:
    return CrawlRow(
        id=row.id,
        plan=msgspec.json.decode(row.plan, type=CrawlPlan),
        state=row.state,
        begun_s=row.begun_s,
        report=CrawlReport(**{name: getattr(row, name) for name in _REPORT}),
    )


def add_crawl(connection: Connection, crawl_id: str, plan: CrawlPlan, now_s: float) -> None:
    """A new crawl, running, with its seeds waiting."""
    row = {"id": crawl_id, "plan": msgspec.json.encode(plan), "state": "running", "begun_s": now_s}
    connection.execute(
        insert(crawls), [{**row, **msgspec.structs.asdict(CrawlReport(waiting=len(plan.seeds)))}]
    )
    add_urls(connection, crawl_id, [FrontierRow(url=seed) for seed in plan.seeds])


def read_crawl(connection: Connection, crawl_id: str) -> CrawlRow | None:
    row = connection.execute(select(crawls).where(crawls.c.id == crawl_id)).first()
    return _crawl(row) if row else None


def unfinished_crawl(connection: Connection, plan: CrawlPlan) -> CrawlRow | None:
    """The last crawl from the same seeds that did not come to its end."""
    found = connection.execute(
        select(crawls).where(crawls.c.state != "done").order_by(crawls.c.id.desc()).limit(100)
    )
    rows = (_crawl(row) for row in found)
    return next((row for row in rows if set(row.plan.seeds) == set(plan.seeds)), None)


def latest_crawls(connection: Connection, limit: int) -> list[CrawlRow]:
    return [
        _crawl(row) for row in connection.execute(select(crawls).order_by(crawls.c.id.desc()).limit(limit))
    ]


def running_crawls(connection: Connection) -> list[str]:
    return list(
        connection.scalars(select(crawls.c.id).where(crawls.c.state == "running").order_by(crawls.c.id))
    )


def change_plan(connection: Connection, crawl_id: str, plan: CrawlPlan) -> None:
    connection.execute(
        update(crawls).where(crawls.c.id == crawl_id).values(plan=msgspec.json.encode(plan), state="running")
    )


def set_state(connection: Connection, crawl_id: str, state: CrawlState) -> None:
    """A crawl that is done forgets its frontier."""
    connection.execute(update(crawls).where(crawls.c.id == crawl_id).values(state=state))
    if state == "done":
        connection.execute(delete(frontier).where(frontier.c.crawl_id == crawl_id))


def set_report(connection: Connection, crawl_id: str, report: CrawlReport) -> None:
    connection.execute(update(crawls).where(crawls.c.id == crawl_id).values(**msgspec.structs.asdict(report)))


def add_urls(connection: Connection, crawl_id: str, rows: Sequence[FrontierRow]) -> list[FrontierRow]:
    """Puts the addresses that the crawl does not know yet into its frontier; returns those."""
    fresh = {row.url: row for row in reversed(rows)}
    for some in _chunks(list(fresh)):
        known = select(frontier.c.url).where(frontier.c.crawl_id == crawl_id, frontier.c.url.in_(some))
        for url in connection.scalars(known):
            del fresh[url]
    if fresh:
        connection.execute(insert(frontier), [_frontier_values(crawl_id, row) for row in fresh.values()])
    return list(fresh.values())


def _frontier_values(crawl_id: str, row: FrontierRow) -> dict[str, object]:
    state: FetchState = "waiting"
    return {
        **msgspec.structs.asdict(row),
        "crawl_id": crawl_id,
        "authority": authority_of(row.url),
        "state": state,
    }


def waiting_hosts(connection: Connection, crawl_id: str) -> dict[str, int]:
    """Authorities with waiting addresses, nearest to the seeds first, and how many wait."""
    found = connection.execute(
        select(frontier.c.authority, func.count())
        .where(frontier.c.crawl_id == crawl_id, frontier.c.state == "waiting")
        .group_by(frontier.c.authority)
        .order_by(func.min(frontier.c.hops), frontier.c.authority)
    )
    return {row[0]: row[1] for row in found}


def next_urls(connection: Connection, crawl_id: str, authority: str, limit: int) -> list[FrontierRow]:
    """Waiting addresses of one host, the nearest to the seeds first."""
    columns = (frontier.c.url, frontier.c.hops, frontier.c.depth, frontier.c.redirects)
    found = connection.execute(
        select(*columns)
        .where(
            frontier.c.crawl_id == crawl_id,
            frontier.c.authority == authority,
            frontier.c.state == "waiting",
        )
        .order_by(frontier.c.hops, frontier.c.depth, frontier.c.url)
        .limit(limit)
    )
    return [FrontierRow(url=r.url, hops=r.hops, depth=r.depth, redirects=r.redirects) for r in found]


def mark(connection: Connection, crawl_id: str, urls: Iterable[str], state: FetchState) -> None:
    for some in _chunks(list(urls)):
        connection.execute(
            update(frontier)
            .where(frontier.c.crawl_id == crawl_id, frontier.c.url.in_(some))
            .values(state=state)
        )


def close_host(connection: Connection, crawl_id: str, authority: str) -> int:
    """Gives up what waits for one host; returns how much that was."""
    given_up = connection.execute(
        update(frontier)
        .where(
            frontier.c.crawl_id == crawl_id,
            frontier.c.authority == authority,
            frontier.c.state == "waiting",
        )
        .values(state="failed")
    )
    return given_up.rowcount


def read_host(connection: Connection, authority: str) -> HostRow | None:
    row = connection.execute(select(hosts).where(hosts.c.authority == authority)).first()
    return HostRow(**row._mapping) if row else None


def put_host(connection: Connection, host: HostRow) -> None:
    connection.execute(delete(hosts).where(hosts.c.authority == host.authority))
    connection.execute(insert(hosts), [msgspec.structs.asdict(host)])


def twins(connection: Connection, rows: Sequence[PageRow]) -> set[str]:
    """Addresses among `rows` whose content is known under another address, or came earlier
    in `rows`."""
    owner: dict[bytes, str] = {}
    for some in _chunks([row.digest for row in rows]):
        for url, digest in connection.execute(
            select(pages.c.url, pages.c.digest).where(pages.c.digest.in_(some))
        ):
            owner.setdefault(digest, url)
    own = {row.url for row in rows}
    owner = {digest: url for digest, url in owner.items() if url not in own}
    return {row.url for row in rows if owner.setdefault(row.digest, row.url) != row.url}


def put_pages(connection: Connection, rows: Sequence[PageRow]) -> None:
    remove_pages(connection, [row.url for row in rows])
    latest = {row.url: msgspec.structs.asdict(row) for row in rows}
    if latest:
        connection.execute(insert(pages), list(latest.values()))


def remove_pages(connection: Connection, urls: Iterable[str]) -> None:
    for some in _chunks(list(urls)):
        connection.execute(delete(pages).where(pages.c.url.in_(some)))


def sources(connection: Connection, limit: int) -> list[tuple[str, int, float]]:
    """Hosts with most pages: (host, pages, last read, UTC seconds)."""
    count = func.count()
    found = connection.execute(
        select(pages.c.host, count, func.max(pages.c.read_s))
        .group_by(pages.c.host)
        .order_by(count.desc(), pages.c.host)
        .limit(limit)
    )
    return [(host, number, read_s) for host, number, read_s in found]


def _chunks(values: list[T]) -> Iterable[list[T]]:
    return (values[i : i + _AT_ONCE] for i in range(0, len(values), _AT_ONCE))
