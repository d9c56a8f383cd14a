"""The journal of changes, read by whoever follows a space."""

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import Connection, delete, func, insert, select

from synfonium.apps.drive.model import NodeId, SpaceId
from synfonium.apps.drive.store.tables import changes

j = changes.c
_INSERT = insert(changes)
ChangeKind = Literal["made", "written", "moved", "trashed", "restored", "removed", "property"]


def add(
    connection: Connection, *, space: SpaceId, node: NodeId, parent: NodeId, kind: ChangeKind, now_s: float
) -> None:
    add_many(connection, [(space, node, parent, kind)], now_s)


def add_many(
    connection: Connection, found: Sequence[tuple[SpaceId, NodeId, NodeId, ChangeKind]], now_s: float
) -> None:
    """As `add` for each of: space, node, parent, kind."""
    rows = [
        {"space": space, "node": node, "parent": parent, "kind": kind, "time_s": now_s}
        for space, node, parent, kind in found
    ]
    connection.execute(_INSERT, rows)


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
