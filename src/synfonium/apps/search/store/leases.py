"""Who visits which host: leases that are renewed, and end by themselves when a worker dies."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, or_, select, update

from synfonium.apps.search.model import HostState
from synfonium.apps.search.store.inserts import insert_new
from synfonium.apps.search.store.tables import leases

_NEW = {"next_s": 0.0, "state": "reading", "delay_s": 0.0, "fetched": 0, "failed": 0}


class LeaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A host in the hands of a worker. next_s: before that moment it is not asked again, by
    anybody; delay_s: the pace at which it is asked; times in UTC seconds."""

    authority: str
    next_s: float
    state: HostState = "reading"
    delay_s: float = 0.0
    fetched: int = 0
    failed: int = 0


def take_leases(
    connection: Connection,
    crawl_id: str,
    holder: str,
    authorities: Sequence[str],
    now_s: float,
    until_s: float,
) -> dict[str, float]:
    """Takes the hosts that nobody else holds; each one's `next_s`."""
    if not authorities:
        return {}
    new = {"crawl_id": crawl_id, "holder": holder, "until_s": until_s, **_NEW}
    rows = [{"authority": authority, **new} for authority in sorted(authorities)]
    made = insert_new(connection, leases)
    taken = made.on_conflict_do_update(
        index_elements=["authority"],
        set_={name: made.excluded[name] for name in ("holder", "crawl_id", "until_s")},
        where=or_(leases.c.until_s < now_s, leases.c.holder == made.excluded.holder),
    ).returning(leases.c.authority, leases.c.next_s)
    return {row.authority: row.next_s for row in connection.execute(taken, rows)}


def renew_leases(
    connection: Connection, holder: str, rows: Sequence[LeaseRow], now_s: float, until_s: float
) -> set[str]:
    """Prolongs the leases that are still ours, and tells how the hosts are; returns those."""
    mine = leases.c.holder == holder, leases.c.until_s >= now_s
    _write(connection, holder, rows, until_s, now_s)
    return set(connection.scalars(select(leases.c.authority).where(*mine)))


def release_leases(connection: Connection, holder: str, rows: Sequence[LeaseRow]) -> None:
    """Gives hosts back; whoever takes one next keeps its `next_s`."""
    _write(connection, holder, rows, 0.0, 0.0)


def _write(
    connection: Connection, holder: str, rows: Sequence[LeaseRow], until_s: float, now_s: float
) -> None:
    if not rows:
        return
    change = (
        update(leases)
        .where(
            leases.c.authority == bindparam("host"),
            leases.c.holder == holder,
            leases.c.until_s >= now_s,
        )
        .values(until_s=until_s, **{name: bindparam(f"new_{name}") for name in _TOLD})
    )
    connection.execute(
        change,
        [{"host": row.authority, **{f"new_{n}": getattr(row, n) for n in _TOLD}} for row in rows],
    )


_TOLD = ("next_s", "state", "delay_s", "fetched", "failed")


def forget_holders(connection: Connection) -> None:
    """Ends all leases; for a home that only one process can hold, at its start."""
    connection.execute(update(leases).values(until_s=0.0))


def forget_crawl(connection: Connection, crawl_id: str, now_s: float) -> None:
    """Removes what is known of a crawl's hosts, but for those that must still be let alone."""
    connection.execute(
        delete(leases).where(leases.c.crawl_id == crawl_id, leases.c.until_s < now_s, leases.c.next_s < now_s)
    )


def others_at_work(connection: Connection, crawl_id: str, holder: str, now_s: float) -> bool:
    """Whether another worker visits a host of this crawl."""
    found = select(leases.c.authority).where(
        leases.c.crawl_id == crawl_id, leases.c.holder != holder, leases.c.until_s >= now_s
    )
    return connection.execute(found.limit(1)).first() is not None


def hosts_of(connection: Connection, crawl_id: str, limit: int) -> list[LeaseRow]:
    """The hosts of a crawl as they were last told, those at work first, then the most read."""
    columns = (leases.c[name] for name in LeaseRow.__struct_fields__)
    found = connection.execute(
        select(*columns)
        .where(leases.c.crawl_id == crawl_id)
        .order_by(leases.c.until_s.desc(), leases.c.fetched.desc(), leases.c.authority)
        .limit(limit)
    )
    return [LeaseRow(**row._mapping) for row in found]


def count_active(connection: Connection, crawl_id: str, now_s: float) -> int:
    """How many hosts of a crawl are being visited."""
    active = leases.c.crawl_id == crawl_id, leases.c.until_s >= now_s
    return connection.scalar(select(func.count()).select_from(leases).where(*active)) or 0
