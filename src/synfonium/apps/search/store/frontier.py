"""The addresses that a crawl knows, and what became of each."""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection, func, select, update

from synfonium.apps.search.model import FetchState, VisitKind, authority_of
from synfonium.apps.search.store.chunks import chunks
from synfonium.apps.search.store.inserts import insert_new
from synfonium.apps.search.store.tables import frontier, leases, visits


class FrontierRow(msgspec.Struct, frozen=True, kw_only=True):
    """An address of a crawl. hops: how many hosts away from the seeds'. kind: what is asked for.

    published_s: when a feed says that the page came out, UTC seconds, or 0.
    """

    url: str
    hops: int = 0
    depth: int = 0
    redirects: int = 0
    kind: VisitKind = "page"
    published_s: float = 0.0


def add_urls(connection: Connection, crawl_id: str, rows: Sequence[FrontierRow]) -> list[FrontierRow]:
    """Puts the addresses that the crawl does not know yet into its frontier; returns those.

    Other workers may add the same at the same time: each address is new to one of them.
    """
    fresh = {row.url: row for row in reversed(rows)}
    if not fresh:
        return []
    # In one order in every worker, so that two never wait for each other.
    values = [_frontier_values(crawl_id, fresh[url]) for url in sorted(fresh)]
    insert = insert_new(connection, frontier).on_conflict_do_nothing().returning(frontier.c.url)
    return [fresh[url] for url in connection.scalars(insert, values)]


def _frontier_values(crawl_id: str, row: FrontierRow) -> dict[str, object]:
    state: FetchState = "waiting"
    return {
        **msgspec.structs.asdict(row),
        "crawl_id": crawl_id,
        "authority": authority_of(row.url),
        "state": state,
    }


def count_waiting(connection: Connection, crawl_id: str) -> int:
    """How many addresses wait."""
    waiting = frontier.c.crawl_id == crawl_id, frontier.c.state == "waiting"
    return connection.scalar(select(func.count()).select_from(frontier).where(*waiting)) or 0


def waiting_hosts(connection: Connection, crawl_id: str, holder: str, now_s: float, limit: int) -> list[str]:
    """Authorities with waiting addresses that no other worker visits, nearest to the seeds first."""
    taken = select(leases.c.authority).where(leases.c.until_s > now_s, leases.c.holder != holder)
    found = connection.scalars(
        select(frontier.c.authority)
        .where(
            frontier.c.crawl_id == crawl_id,
            frontier.c.state == "waiting",
            frontier.c.authority.not_in(taken),
        )
        .group_by(frontier.c.authority)
        .order_by(func.min(frontier.c.hops), frontier.c.authority)
        .limit(limit)
    )
    return list(found)


def next_urls(connection: Connection, crawl_id: str, authority: str, limit: int) -> list[FrontierRow]:
    """Waiting addresses of one host, the nearest to the seeds first."""
    found = connection.execute(
        select(*(frontier.c[name] for name in FrontierRow.__struct_fields__))
        .where(
            frontier.c.crawl_id == crawl_id,
            frontier.c.authority == authority,
            frontier.c.state == "waiting",
        )
        .order_by(frontier.c.hops, frontier.c.depth, frontier.c.url)
        .limit(limit)
    )
    return [FrontierRow(**row._mapping) for row in found]


def mark(connection: Connection, crawl_id: str, urls: Iterable[str], state: FetchState) -> None:
    for some in chunks(list(urls)):
        connection.execute(
            update(frontier)
            .where(frontier.c.crawl_id == crawl_id, frontier.c.url.in_(some))
            .values(state=state)
        )


def due_again(connection: Connection, crawl_id: str, now_s: float, limit: int) -> list[str]:
    """Addresses of a crawl that were read and are due again, the most overdue first."""
    found = connection.scalars(
        select(frontier.c.url)
        .join(visits, visits.c.url == frontier.c.url)
        .where(frontier.c.crawl_id == crawl_id, frontier.c.state == "done", visits.c.due_s <= now_s)
        .order_by(visits.c.due_s)
        .limit(limit)
    )
    return list(found)


def wake(connection: Connection, crawl_id: str, urls: Sequence[str]) -> int:
    """Makes addresses wait again that were dealt with; returns how many did not wait already."""
    woken = 0
    for some in chunks(list(urls)):
        known = frontier.c.crawl_id == crawl_id, frontier.c.url.in_(some), frontier.c.state != "waiting"
        woken += connection.execute(update(frontier).where(*known).values(state="waiting")).rowcount
    return woken


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
