"""The journal of changes, read by whoever follows a space."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, select

from synfonium.apps.drive.model import NodeId, SpaceId
from synfonium.apps.drive.store.tables import changes

j = changes.c
_INSERT = insert(changes)
ChangeKind = Literal[
    "made",
    "written",
    "renamed",
    "moved",
    "trashed",
    "restored",
    "removed",
    "property",
    "shared",
    "unshared",
    "linked",
    "unlinked",
]


class Entry(msgspec.Struct, frozen=True):
    """A line of the journal. person: who did it, or the link that they came by; empty when that was not
    written down yet."""

    seq: int
    space: SpaceId
    node: NodeId
    parent: NodeId
    kind: ChangeKind
    time_s: float
    person: str


_BEFORE = (
    select(j.seq, j.space, j.node, j.parent, j.kind, j.time_s, j.person)
    .where(j.space == bindparam("space"), j.seq < bindparam("before"))
    .order_by(j.seq.desc())
    .limit(bindparam("most"))
)


def add_many(
    connection: Connection,
    found: Sequence[tuple[SpaceId, NodeId, NodeId, ChangeKind, str]],
    now_s: float,
) -> None:
    """For each: space, node, the folder that it is in, kind, and who did it."""
    rows = [
        {"space": space, "node": node, "parent": parent, "kind": kind, "time_s": now_s, "person": person}
        for space, node, parent, kind, person in found
    ]
    connection.execute(_INSERT, rows)


def before(connection: Connection, space: SpaceId, seq: int, limit: int) -> list[Entry]:
    """What happened before that line, the latest first."""
    rows = connection.execute(_BEFORE, {"space": space, "before": seq, "most": limit})
    return [Entry(*row) for row in rows]


def changed_last(connection: Connection, space: SpaceId, limit: int) -> list[NodeId]:
    """Nodes that the last `limit` changes made or wrote, each once, the latest first."""
    query = select(j.node).where(j.space == space, j.kind.in_(("made", "written")))
    query = query.order_by(j.seq.desc()).limit(limit)
    return [NodeId(node) for node in dict.fromkeys(connection.execute(query).scalars())]


def last(connection: Connection, space: SpaceId) -> int:
    """The number of the latest change, 0 for none."""
    return int(connection.execute(select(func.max(j.seq)).where(j.space == space)).scalar() or 0)


def since(connection: Connection, space: SpaceId, seq: int, limit: int) -> list[tuple[int, NodeId, NodeId]]:
    """Number, node and folder of the changes after that one; of more than `limit`, the latest."""
    query = select(j.seq, j.node, j.parent).where(j.space == space, j.seq > seq)
    rows = connection.execute(query.order_by(j.seq.desc()).limit(limit)).all()
    return [(row.seq, NodeId(row.node), NodeId(row.parent)) for row in reversed(rows)]


def trim(connection: Connection, before_s: float) -> int:
    return connection.execute(delete(changes).where(j.time_s < before_s)).rowcount
