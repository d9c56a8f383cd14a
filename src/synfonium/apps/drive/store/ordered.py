"""The members of a folder in the order that its reader chose: pages by key, never by counting."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, func, literal, select, tuple_

from synfonium.apps.drive.model import Node, NodeId, name_sort
from synfonium.apps.drive.model.order import Order
from synfonium.apps.drive.store.nodes import COLUMNS, from_row
from synfonium.apps.drive.store.tables import nodes

n = nodes.c
_COLUMNS = {"name": n.name_sort, "modified": n.modified_s, "size": n.size_bytes}


def members(
    connection: Connection, parent: NodeId, order: Order, *, after: Node | None = None, limit: int
) -> list[Node]:
    """Up to `limit` members, folders first, those after `after`."""
    found: list[Node] = []
    for is_file in (False, True):
        if len(found) >= limit or (after is not None and after.is_file and not is_file):
            continue
        query = select(*COLUMNS).where(n.parent == parent, n.is_file.is_(is_file))
        if after is not None and after.is_file is is_file:
            query = query.where(_beyond(order, after))
        rows = connection.execute(query.order_by(*_keys(order)).limit(limit - len(found)))
        found += [from_row(row) for row in rows]
    return found


def count(connection: Connection, parent: NodeId) -> int:
    query = select(func.count()).select_from(nodes).where(n.parent == parent)
    return int(connection.execute(query).scalar() or 0)


def marks(connection: Connection, parent: NodeId, order: Order, step: int) -> Sequence[NodeId]:
    """Every `step`th member: after each of them a page begins."""
    number = func.row_number().over(order_by=[n.is_file, *_keys(order)]).label("number")
    numbered = select(n.id, number).where(n.parent == parent).subquery()
    query = select(numbered.c.id).where(numbered.c.number % step == 0).order_by(numbered.c.number)
    return list(connection.execute(query).scalars())


def _keys(order: Order) -> tuple[ColumnElement[object], ColumnElement[object]]:
    column = _COLUMNS[order.removeprefix("-")]
    return (column.desc(), n.id.desc()) if order.startswith("-") else (column, n.id)


def _beyond(order: Order, after: Node) -> ColumnElement[bool]:
    key = order.removeprefix("-")
    value: object = {"name": name_sort(after.name), "modified": after.modified_s}.get(key, after.size_bytes)
    place, there = tuple_(_COLUMNS[key], n.id), tuple_(literal(value), literal(after.id))
    return place < there if order.startswith("-") else place > there
