"""The trash: nodes re-parented under the space's second top, with where they were."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, literal, select, tuple_, update

from synfonium.apps.drive.model import NodeId, Space, SpaceId, Trashed
from synfonium.apps.drive.store import nodes
from synfonium.apps.drive.store.tables import nodes as node_table
from synfonium.apps.drive.store.tables import trash

t = trash.c


def add(
    connection: Connection, *, node: NodeId, space: SpaceId, parent: NodeId, place: str, by: str, now_s: float
) -> None:
    row = {"node": node, "space": space, "parent": parent, "place": place, "trashed_s": now_s}
    connection.execute(insert(trash), {**row, "trashed_by": by, "is_leaving": False})


def find(connection: Connection, space: Space, node: NodeId) -> Trashed | None:
    """What was put into the trash by itself; not what came with a folder."""
    query = select(t.parent, t.place, t.trashed_s).where(t.node == node, t.space == space.id)
    row = connection.execute(query.where(t.is_leaving.is_(False))).first()
    found = nodes.find(connection, node) if row else None
    if row is None or found is None:
        return None
    return Trashed(node=found, parent=NodeId(row.parent), place=row.place, trashed_s=row.trashed_s)


def listing(connection: Connection, space: Space, *, after: Trashed | None, limit: int) -> list[Trashed]:
    """The newest first, those after `after`."""
    query = (
        select(*nodes.COLUMNS, t.parent.label("old_parent"), t.place, t.trashed_s)
        .join(node_table, node_table.c.id == t.node)
        .where(t.space == space.id, t.is_leaving.is_(False))
    )
    if after is not None:
        query = query.where(
            tuple_(t.trashed_s, t.node) < tuple_(literal(after.trashed_s), literal(after.node.id))
        )
    query = query.order_by(t.trashed_s.desc(), t.node.desc()).limit(limit)
    return [
        Trashed(node=nodes.from_row(row), parent=row.old_parent, place=row.place, trashed_s=row.trashed_s)
        for row in connection.execute(query)
    ]


def forget(connection: Connection, ids: Sequence[NodeId]) -> None:
    connection.execute(delete(trash).where(t.node.in_(ids)))


def set_leaving(connection: Connection, node: NodeId) -> None:
    """From now on it is nobody's; `leaving` finds it until nothing of it is left."""
    connection.execute(update(trash).where(t.node == node).values(is_leaving=True))


def place_of(connection: Connection, node: NodeId) -> NodeId | None:
    """The folder from which it came here."""
    parent = connection.execute(select(t.parent).where(t.node == node)).scalar()
    return NodeId(parent) if parent else None


def older_than(connection: Connection, before_s: float, limit: int) -> list[tuple[SpaceId, NodeId]]:
    query = select(t.space, t.node).where(t.trashed_s < before_s, t.is_leaving.is_(False)).limit(limit)
    return [(SpaceId(row.space), NodeId(row.node)) for row in connection.execute(query)]


def leaving(connection: Connection, limit: int) -> list[tuple[SpaceId, NodeId]]:
    query = select(t.space, t.node).where(t.is_leaving.is_(True)).limit(limit)
    return [(SpaceId(row.space), NodeId(row.node)) for row in connection.execute(query)]
