"""The addresses that a crawl knows, and what became of each."""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from synfonium.apps.search.model import FetchState, authority_of
from synfonium.apps.search.store.chunks import chunks
from synfonium.apps.search.store.tables import frontier


class FrontierRow(msgspec.Struct, frozen=True, kw_only=True):
    """An address of a crawl. hops: how many hosts away from the seeds'."""

    url: str
    hops: int = 0
    depth: int = 0
    redirects: int = 0


def add_urls(connection: Connection, crawl_id: str, rows: Sequence[FrontierRow]) -> list[FrontierRow]:
    """Puts the addresses that the crawl does not know yet into its frontier; returns those."""
    fresh = {row.url: row for row in reversed(rows)}
    for some in chunks(list(fresh)):
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
    for some in chunks(list(urls)):
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
