"""The queue of nodes that the private search has to hear of."""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection, delete, insert, select

from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.store.tables import index_due, spaces

q = index_due.c


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A node; `is_deep`: and the files below it, those after the id `after`."""

    seq: int = 0
    node: NodeId
    is_deep: bool = False
    after: str = ""


def add(connection: Connection, wanted: Iterable[Due]) -> None:
    rows = [{"node": due.node, "is_deep": due.is_deep, "after": due.after} for due in wanted]
    if rows:
        connection.execute(insert(index_due), rows)


def next_due(connection: Connection, limit: int, *, is_deep: bool) -> Sequence[Due]:
    """The oldest first, of those that are deep or of those that are not."""
    query = select(index_due).where(q.is_deep.is_(is_deep))
    rows = connection.execute(query.order_by(q.seq).limit(limit))
    return [Due(seq=row.seq, node=NodeId(row.node), is_deep=row.is_deep, after=row.after) for row in rows]


def done(connection: Connection, sequences: Sequence[int]) -> None:
    connection.execute(delete(index_due).where(q.seq.in_(sequences)))


def tops(connection: Connection, owner: str) -> list[Due]:
    """The whole drive of `owner`, or of everybody when that is empty."""
    query = select(spaces.c.root)
    rows = connection.execute(query.where(spaces.c.owner == owner) if owner else query)
    return [Due(node=NodeId(row.root), is_deep=True) for row in rows]
