"""Reports of what is not right behind a link."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update

from synfonium.apps.drive.model.share import LinkId
from synfonium.apps.drive.store.tables_sharing import links, reports
from synfonium.common.ids import PersonId

r = reports.c


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """by: whose link it was. state: open, blocked or rejected. statement: the reasons of the decision.
    locale: of who wrote it. objection: what who did not get their way wrote against it; answer: of the
    operator."""

    id: str
    link: LinkId
    by: PersonId
    reason: str
    text: str
    contact: str
    made_s: float
    state: str = "open"
    statement: str = ""
    decided_by: PersonId = PersonId("")
    decided_s: float | None = None
    locale: str = ""
    objection: str = ""
    objected_s: float = 0.0
    answer: str = ""
    answered_s: float = 0.0


def _report(row: Row[*tuple[Any, ...]]) -> Report:
    return Report(**row._mapping)


def add(connection: Connection, report: Report) -> None:
    connection.execute(insert(reports), msgspec.structs.asdict(report))


def find(connection: Connection, report: str) -> Report | None:
    row = connection.execute(select(reports).where(r.id == report)).first()
    return _report(row) if row else None


def listing(connection: Connection, *, is_open: bool, limit: int) -> Sequence[Report]:
    """Those that wait, the oldest first; or those that are decided, the newest first."""
    query = select(reports).where(r.state == "open" if is_open else r.state != "open")
    order = r.made_s if is_open else r.made_s.desc()
    return [_report(row) for row in connection.execute(query.order_by(order, r.id).limit(limit))]


def open_of(connection: Connection, link: LinkId) -> int:
    query = select(func.count()).where(r.link == link, r.state == "open")
    return int(connection.execute(query).scalar() or 0)


def open_in_all(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).where(r.state == "open")).scalar() or 0)


def objected(connection: Connection, limit: int) -> Sequence[Report]:
    """Those whose decision somebody objects to, and nobody has answered; the oldest first."""
    query = select(reports).where(r.objected_s > 0, r.answered_s == 0)
    return [_report(row) for row in connection.execute(query.order_by(r.objected_s, r.id).limit(limit))]


def waiting_for(connection: Connection, link: LinkId) -> Sequence[Report]:
    """Those that one decision answers."""
    rows = connection.execute(select(reports).where(r.link == link, r.state == "open"))
    return [_report(row) for row in rows]


def decided_with(connection: Connection, report: Report) -> Sequence[Report]:
    """Those that the same decision answered, itself included."""
    query = select(reports).where(r.link == report.link, r.decided_s == report.decided_s)
    return [_report(row) for row in connection.execute(query.order_by(r.id))]


def written_by(connection: Connection, contact: str, since_s: float) -> int:
    """How many somebody with this address has sent."""
    query = select(func.count()).where(r.contact == contact, r.made_s >= since_s)
    return int(connection.execute(query).scalar() or 0)


def change(connection: Connection, report: Report) -> None:
    connection.execute(update(reports).where(r.id == report.id).values(**msgspec.structs.asdict(report)))


def decide(connection: Connection, link: LinkId, report: Report) -> None:
    """One decision for all that wait about the link."""
    values = {"state": report.state, "statement": report.statement}
    query = update(reports).where(r.link == link, r.state == "open")
    connection.execute(query.values(**values, decided_by=report.decided_by, decided_s=report.decided_s))


def block(connection: Connection, link: LinkId, now_s: float) -> None:
    """now_s: 0 opens it again."""
    connection.execute(update(links).where(links.c.id == link).values(blocked_s=now_s))
