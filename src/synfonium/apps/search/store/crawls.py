"""Crawls: their plans and how far they are."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, update

from synfonium.apps.search.model import CrawlPlan, CrawlReport, CrawlState
from synfonium.apps.search.store.frontier import FrontierRow, add_urls
from synfonium.apps.search.store.inserts import insert_new
from synfonium.apps.search.store.leases import forget_crawl
from synfonium.apps.search.store.tables import crawls, failures, frontier, minutes

_REPORT = CrawlReport.__struct_fields__
_MINUTE = ["crawl_id", "begun_s"]


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
    connection.execute(update(crawls).where(crawls.c.id == crawl_id).values(state=state))


def end_crawl(connection: Connection, crawl_id: str, now_s: float) -> None:
    """A crawl that came to its end forgets its frontier; one that was stopped keeps it."""
    ended = update(crawls).where(crawls.c.id == crawl_id, crawls.c.state == "running")
    if connection.execute(ended.values(state="done")).rowcount:
        connection.execute(delete(frontier).where(frontier.c.crawl_id == crawl_id))
        forget_crawl(connection, crawl_id, now_s)


def add_to_report(connection: Connection, crawl_id: str, more: Mapping[str, int]) -> CrawlRow | None:
    """Counts what one worker did since it last said so; the crawl as it is after."""
    if more:
        counted = {name: crawls.c[name] + number for name, number in more.items()}
        connection.execute(update(crawls).where(crawls.c.id == crawl_id).values(**counted))
    return read_crawl(connection, crawl_id)


def add_minute(connection: Connection, crawl_id: str, now_s: float, *, fetched: int, failed: int) -> None:
    """Counts what was read in the minute of `now_s`, for the plot of a crawl."""
    made = insert_new(connection, minutes)
    row = {"crawl_id": crawl_id, "begun_s": int(now_s) // 60 * 60, "fetched": fetched, "failed": failed}
    more = {name: minutes.c[name] + made.excluded[name] for name in ("fetched", "failed")}
    connection.execute(made.values(row).on_conflict_do_update(index_elements=_MINUTE, set_=more))


def add_failures(connection: Connection, crawl_id: str, counts: Mapping[str, int]) -> None:
    """Counts what went wrong, by kind."""
    made = insert_new(connection, failures)
    more = made.on_conflict_do_update(
        index_elements=["crawl_id", "kind"], set_={"count": failures.c["count"] + made.excluded["count"]}
    )
    for kind, count in counts.items():
        connection.execute(more, [{"crawl_id": crawl_id, "kind": kind, "count": count}])


def failures_of(connection: Connection, crawl_id: str) -> dict[str, int]:
    """How often each kind of failure happened, the most frequent first."""
    found = select(failures.c.kind, failures.c["count"]).where(failures.c.crawl_id == crawl_id)
    return {row[0]: row[1] for row in connection.execute(found.order_by(failures.c["count"].desc()))}


def minutes_of(connection: Connection, crawl_id: str, since_s: float) -> dict[int, int]:
    """Pages read in each minute (UTC seconds of its beginning) since then."""
    found = select(minutes.c.begun_s, minutes.c.fetched).where(
        minutes.c.crawl_id == crawl_id, minutes.c.begun_s >= int(since_s)
    )
    return {row[0]: row[1] for row in connection.execute(found.order_by(minutes.c.begun_s))}
