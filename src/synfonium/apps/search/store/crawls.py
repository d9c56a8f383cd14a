"""Crawls: their plans and how far they are."""

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, update

from synfonium.apps.search.model import CrawlPlan, CrawlReport, CrawlState
from synfonium.apps.search.store.frontier import FrontierRow, add_urls
from synfonium.apps.search.store.tables import crawls, frontier

_REPORT = CrawlReport.__struct_fields__


class CrawlRow(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    plan: CrawlPlan
    state: CrawlState
    begun_s: float
    report: CrawlReport


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
