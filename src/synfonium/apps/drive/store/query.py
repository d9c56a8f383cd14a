"""Looking for files by conditions on their properties."""

from sqlalchemy import ColumnElement, Connection, and_, false, not_, or_, select, true

from synfonium.apps.drive.model import Node, SpaceId
from synfonium.apps.drive.model.query import AllOf, Compare, Condition, Field, Not, Query
from synfonium.apps.drive.store.nodes import COLUMNS, from_row
from synfonium.apps.drive.store.tables import nodes, photos, properties

n = nodes.c
_TAKEN = select(photos.c.time_s).where(photos.c.node == n.id).scalar_subquery()
_COLUMNS: dict[Field, ColumnElement[object]] = {
    "name": n.name,
    "media_type": n.media_type,
    "modified_s": n.modified_s,
    "taken_s": _TAKEN,
    "size_bytes": n.size_bytes,
    "number": n.number,
}
_ORDERS: dict[Field, ColumnElement[object]] = {**_COLUMNS, "name": n.name_sort, "is_folder": n.is_file}


def found(connection: Connection, space: SpaceId, query: Query, *, favorite: str, limit: int) -> list[Node]:
    """Nodes of the space, the trash included. favorite: the property that marks one."""
    asked = select(*COLUMNS).where(n.space == space, n.parent.is_not(None))
    if query.where is not None:
        asked = asked.where(_clause(query.where, favorite))
    for field, is_descending in query.order:
        column = _ORDERS.get(field)
        if column is not None:
            asked = asked.order_by(column.desc() if is_descending else column)
    return [from_row(row) for row in connection.execute(asked.order_by(n.number).limit(limit))]


def _clause(condition: Condition, favorite: str) -> ColumnElement[bool]:
    if isinstance(condition, Compare):
        return _compare(condition, favorite)
    if isinstance(condition, Not):
        return not_(_clause(condition.of, favorite))
    clauses = [_clause(one, favorite) for one in condition.of]
    return and_(true(), *clauses) if isinstance(condition, AllOf) else or_(false(), *clauses)


def _compare(compare: Compare, favorite: str) -> ColumnElement[bool]:
    if compare.field == "is_folder":
        return n.is_file.is_(compare.value == 0)
    if compare.field == "is_favorite":
        marked = n.id.in_(select(properties.c.node).where(properties.c.name == favorite))
        return marked if compare.value else not_(marked)
    column, value = _COLUMNS[compare.field], compare.value
    if compare.operator == "like":
        return column.ilike(str(value))
    return {
        "eq": column == value,
        "lt": column < value,
        "gt": column > value,
        "lte": column <= value,
        "gte": column >= value,
    }[compare.operator]
