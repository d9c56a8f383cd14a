"""Which files are photos, by when they were taken."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, tuple_, update
from sqlalchemy.sql import literal

from synfonium.apps.drive.model import Node, NodeId, SpaceId
from synfonium.apps.drive.store import nodes as node_store
from synfonium.apps.drive.store.tables import nodes, photos

f = photos.c


def want(connection: Connection, found: Sequence[Node]) -> None:
    """The files are photos, as far as their names tell; when they were taken is to be found out."""
    for node in found:
        values = {"space": node.space, "time_s": node.modified_s, "is_due": True}
        if not connection.execute(update(photos).where(f.node == node.id).values(values)).rowcount:
            connection.execute(insert(photos), {"node": node.id, **values})


def settle(connection: Connection, node: NodeId, time_s: float) -> None:
    connection.execute(update(photos).where(f.node == node).values(time_s=time_s, is_due=False))


def forget(connection: Connection, ids: Sequence[NodeId]) -> None:
    connection.execute(delete(photos).where(f.node.in_(ids)))


def times(connection: Connection, ids: Sequence[NodeId]) -> dict[NodeId, float]:
    """When each of the photos among them was taken."""
    rows = connection.execute(select(f.node, f.time_s).where(f.node.in_(ids)))
    return {NodeId(row.node): row.time_s for row in rows}


def due(connection: Connection, limit: int) -> list[NodeId]:
    found = connection.execute(select(f.node).where(f.is_due.is_(True)).limit(limit)).scalars()
    return [NodeId(node) for node in found]


def listing(
    connection: Connection, space: SpaceId, *, after: tuple[float, str] | None, limit: int
) -> list[tuple[float, Node]]:
    """The latest first, those after the time and id; those in the trash are among them."""
    query = select(*node_store.COLUMNS, f.time_s).join(photos, f.node == nodes.c.id)
    query = query.where(f.space == space, nodes.c.is_file.is_(True))
    if after is not None:
        query = query.where(tuple_(f.time_s, f.node) < tuple_(literal(after[0]), literal(after[1])))
    rows = connection.execute(query.order_by(f.time_s.desc(), f.node.desc()).limit(limit))
    return [(row.time_s, node_store.from_row(row)) for row in rows]
