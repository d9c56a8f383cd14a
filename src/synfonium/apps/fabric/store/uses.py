"""When and how often rights were used: a row for each grant and day."""

from collections.abc import Sequence

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Integer,
    Row,
    String,
    Table,
    bindparam,
    case,
    insert,
    select,
    update,
)

from synfonium.apps.fabric.model.uses import DAY_S, KEPT_DAYS, Use
from synfonium.apps.fabric.store.grants import grants
from synfonium.apps.fabric.store.tables import metadata
from synfonium.common.ids import GrantId

AT_ONCE = 500

uses = Table(
    "fabric_use",
    metadata,
    Column("grant_id", String(26), primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("reads", Integer, nullable=False),
    Column("writes", Integer, nullable=False),
    Column("runs", Integer, nullable=False),
    Column("last_s", Float, nullable=False),
    info={
        "personal": {
            "day": "on which days an app reached a thing of theirs; to show them; 90 days",
            "reads": "how often it looked; to show them; 90 days",
            "writes": "how often it changed something; to show them; 90 days",
            "runs": "how often it had something done; to show them; 90 days",
            "last_s": "when it did so last; to show them; 90 days",
        },
        "owner": ("grant_id", "fabric_grant.id"),
        "orphans_go": True,
        "ends": ("last_s", KEPT_DAYS * DAY_S),
    },
)
u = uses.c

_later = bindparam("later_s", type_=Float)
_COUNT = (
    update(uses)
    .where(u.grant_id == bindparam("of"), u.day == bindparam("on"))
    .values(
        reads=u.reads + bindparam("more_reads"),
        writes=u.writes + bindparam("more_writes"),
        runs=u.runs + bindparam("more_runs"),
        last_s=case((u.last_s < _later, _later), else_=u.last_s),
    )
)
_USED = update(grants).where(grants.c.id == bindparam("of"), grants.c.used_s < _later).values(used_s=_later)


def add(connection: Connection, seen: Sequence[Use]) -> Sequence[GrantId]:
    """Adds to what is counted, and says which grants were used for the first time on that day."""
    first = []
    for one in seen:
        counted = {"more_reads": one.reads, "more_writes": one.writes, "more_runs": one.runs}
        at = {"of": one.grant, "later_s": one.last_s}
        if not connection.execute(_COUNT, {**at, **counted, "on": one.day}).rowcount:
            connection.execute(insert(uses), [_row(one)])
            first.append(one.grant)
        connection.execute(_USED, at)
    return first


def _row(use: Use) -> dict[str, object]:
    return {
        "grant_id": use.grant,
        "day": use.day,
        "reads": use.reads,
        "writes": use.writes,
        "runs": use.runs,
        "last_s": use.last_s,
    }


def since(connection: Connection, ids: Sequence[GrantId], day: int) -> Sequence[Use]:
    """What these grants let happen on `day` and after, the oldest first."""
    found: list[Use] = []
    for at in range(0, len(ids), AT_ONCE):
        wanted = select(uses).where(u.grant_id.in_(ids[at : at + AT_ONCE]), u.day >= day)
        found += [_use(row) for row in connection.execute(wanted.order_by(u.day))]
    return found


def _use(row: Row[tuple[object, ...]]) -> Use:
    return Use(
        grant=row.grant_id,
        day=row.day,
        reads=row.reads,
        writes=row.writes,
        runs=row.runs,
        last_s=row.last_s,
    )
