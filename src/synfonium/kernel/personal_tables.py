"""What follows from a table's `info` alone: whose rows, their JSON, their end."""

import base64
import pkgutil
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    delete,
    select,
    update,
)

from synfonium.kernel.app import App
from synfonium.kernel.personal import ERASED

ROWS_AT_ONCE = 1_000
# Fail closed: such a column is never given out, whether the table says so or not.
_SECRET = re.compile(r"hash|sealed|secret|digest")


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """A table's `info`, parsed. Raises TypeError or ValueError for what cannot be meant."""

    personal: Mapping[str, str]
    owner: str = ""
    through: str = ""
    secrets: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    ends: tuple[str, float] | None = None
    kept: str = ""
    orphans_go: bool = False


def declared(table: Table) -> Declared:
    """What the table says of itself. Raises ValueError for a column that it has not."""
    info = table.info
    owner = info.get("owner", "")
    owner, through = owner if isinstance(owner, tuple) else (owner, "")
    found = Declared(
        personal=info.get("personal", {}),
        owner=owner,
        through=through,
        secrets=(*info.get("secrets", ()), *(c.name for c in table.columns if _SECRET.search(c.name))),
        mentions=tuple(info.get("mentions", ())),
        ends=info.get("ends"),
        kept=info.get("kept", ""),
        orphans_go=info.get("orphans_go", False),
    )
    named = {*found.secrets, *found.mentions, *([owner] if owner else ()), *(found.ends or ())[:1]}
    if unknown := named - set(table.columns.keys()):
        raise ValueError(f"{table.name} has no column {sorted(unknown)}")
    return found


def tables_of(app: App) -> dict[str, Table]:
    """Name to table, of every MetaData in the app's store; empty for an app without one."""
    if not find_spec(app.package) or not _has_store(app):
        return {}
    store = import_module(f"{app.package}.store")
    modules = [store]
    if hasattr(store, "__path__"):
        modules += [
            import_module(m.name) for m in pkgutil.walk_packages(store.__path__, f"{store.__name__}.")
        ]
    every = {id(value): value for m in modules for value in vars(m).values() if isinstance(value, MetaData)}
    return {table.name: table for metadata in every.values() for table in metadata.sorted_tables}


def _has_store(app: App) -> bool:
    return app.migrations and find_spec(f"{app.package}.store") is not None


def owned(table: Table, tables: Mapping[str, Table], person: str) -> ColumnElement[bool] | None:
    """Which rows of the table are the person's; None for a table without an owner."""
    said = declared(table)
    if not said.owner:
        return None
    column = table.c[said.owner]
    if not said.through:
        return column == person
    name, _, key = said.through.partition(".")
    above = tables[name]
    condition = owned(above, tables, person)
    if condition is None:
        raise ValueError(f"{table.name}: {name} has no owner either")
    return column.in_(select(above.c[key]).where(condition))


def depth(table: Table, tables: Mapping[str, Table]) -> int:
    """How many tables stand between a row and its owner."""
    through = declared(table).through
    return 1 + depth(tables[through.partition(".")[0]], tables) if through else 0


def rows_of(
    connection: Connection, table: Table, tables: Mapping[str, Table], person: str
) -> Iterator[dict[str, Any]]:
    """The person's rows as JSON values, without secrets, in the order of the key."""
    condition = owned(table, tables, person)
    if condition is None:
        return
    columns = [c for c in table.columns if c.name not in declared(table).secrets]
    query = select(*columns).where(condition).order_by(*table.primary_key.columns)
    for row in connection.execute(query, execution_options={"yield_per": ROWS_AT_ONCE}):
        yield {column.name: as_json(value) for column, value in zip(columns, row, strict=True)}


def as_json(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def from_json(column: Column[Any], value: Any) -> Any:
    """A value of a row as its column holds it. Raises ValueError for another kind of value."""
    if value is None:
        if not column.nullable:
            raise ValueError(column.name)
        return None
    kind = column.type
    if isinstance(kind, LargeBinary):
        return base64.b64decode(_as(value, str), validate=True)
    if isinstance(kind, Boolean):
        return _as(value, bool)
    if isinstance(kind, Integer):
        number: int = _as(value, int)
        if not -(2**63) <= number < 2**63:
            raise ValueError(column.name)
        return number
    if isinstance(kind, Float):
        return float(_as(value, int, float))
    text: str = _as(value, str)
    length = getattr(kind, "length", None)
    if (length and len(text) > length) or "\0" in text:
        raise ValueError(column.name)
    return text


def _as(value: Any, *kinds: type) -> Any:
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise ValueError("another kind of value")
    return value


def row_from_json(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of an archive as the table would hold it, secrets left out.

    Raises ValueError for a column that is missing, unknown, or holds another kind of value.
    """
    wanted = [c for c in table.columns if c.name not in declared(table).secrets]
    if set(row) != {c.name for c in wanted}:
        raise ValueError(table.name)
    return {column.name: from_json(column, row[column.name]) for column in wanted}


def schema_of(table: Table) -> dict[str, Any]:
    """A JSON Schema (2020-12) of one exported row."""
    said = declared(table)
    columns = [c for c in table.columns if c.name not in said.secrets]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": table.name,
        "type": "object",
        "additionalProperties": False,
        "required": [column.name for column in columns],
        "properties": {c.name: _property(c, said.personal.get(c.name, "")) for c in columns},
    }


def _property(column: Column[Any], described: str) -> dict[str, Any]:
    kind: dict[str, Any] = {"type": "string"}
    if isinstance(column.type, LargeBinary):
        kind["contentEncoding"] = "base64"
    elif isinstance(column.type, Boolean):
        kind["type"] = "boolean"
    elif isinstance(column.type, Integer):
        kind["type"] = "integer"
    elif isinstance(column.type, Float):
        kind["type"] = "number"
    elif length := getattr(column.type, "length", None):
        kind["maxLength"] = length
    if column.nullable:
        kind["type"] = [kind["type"], "null"]
    return {**kind, **({"description": described} if described else {})}


def erase_rows(connection: Connection, tables: Mapping[str, Table], person: str) -> dict[str, int]:
    """Deletes the person's rows, the farthest from their owner first; table to how many.

    Where others' rows name the person, that name becomes ERASED.
    """
    counts = {}
    for table in sorted(tables.values(), key=lambda t: (-depth(t, tables), t.name)):
        condition = owned(table, tables, person)
        if condition is not None:
            counts[table.name] = connection.execute(delete(table).where(condition)).rowcount
            _remove_orphans(connection, table, tables)
    for table in tables.values():
        for name in declared(table).mentions:
            connection.execute(update(table).where(table.c[name] == person).values({name: ERASED}))
    return {name: count for name, count in counts.items() if count}


def _remove_orphans(connection: Connection, table: Table, tables: Mapping[str, Table]) -> int:
    """Rows that hung on a row which is gone."""
    said = declared(table)
    if not said.orphans_go:
        return 0
    name, _, key = said.through.partition(".")
    orphaned = table.c[said.owner].not_in(select(tables[name].c[key]))
    return connection.execute(delete(table).where(orphaned)).rowcount


def sweep_rows(connection: Connection, tables: Mapping[str, Table], now_s: float) -> int:
    """Deletes the rows whose declared end has come; how many."""
    count = 0
    for table in tables.values():
        count += _remove_orphans(connection, table, tables)
        ends = declared(table).ends
        if ends is not None:
            column, after_s = ends
            count += connection.execute(delete(table).where(table.c[column] < now_s - after_s)).rowcount
    return count
