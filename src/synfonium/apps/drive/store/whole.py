"""Whole drives, for giving one out, taking one in and destroying one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from synfonium.apps.drive.model import BlobName, Node, NodeId, Space, name_key, name_sort
from synfonium.apps.drive.store import nodes as node_store
from synfonium.apps.drive.store.tables import blobs, nodes, properties, trash, versions

v, n, b = versions.c, nodes.c, blobs.c
PAGE = 500


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a file. path: from the top that it hangs on."""

    version: str
    blob: str
    size_bytes: int
    modified_s: float
    path: str


def size_bytes(connection: Connection, space: Space) -> int:
    """Of all versions of all files."""
    mine = select(n.id).where(n.space == space.id)
    total = connection.execute(select(func.sum(v.size_bytes)).where(v.node.in_(mine))).scalar()
    return int(total or 0)


def walk(connection: Connection, top: NodeId) -> Iterator[tuple[str, Node]]:
    """Every node below `top` with its path, a folder before what is in it."""
    waiting = [("", top)]
    while waiting:
        place, folder = waiting.pop()
        query = select(*node_store.COLUMNS).where(n.parent == folder).order_by(n.id)
        for row in connection.execute(query, execution_options={"yield_per": PAGE}):
            node = node_store.from_row(row)
            path = f"{place}/{node.name}" if place else node.name
            yield path, node
            if not node.is_file:
                waiting.append((path, node.id))


def versions_of(connection: Connection, files: Mapping[str, str]) -> Iterator[tuple[Stored, bool]]:
    """All versions of the files (node to path), and whether each is the one that counts."""
    query = select(versions, n.version.label("present")).join(nodes, n.id == v.node)
    for row in connection.execute(query.where(v.node.in_(list(files))).order_by(v.id)):
        stored = Stored(
            version=row.id,
            blob=row.blob,
            size_bytes=row.size_bytes,
            modified_s=row.modified_s,
            path=files[row.node],
        )
        yield stored, row.id == row.present


def blob_names(connection: Connection, space: str, limit: int) -> list[BlobName]:
    return [
        BlobName(name)
        for name in connection.execute(select(b.name).where(b.space == space).limit(limit)).scalars()
    ]


def forget_blobs(connection: Connection, names: Sequence[str]) -> None:
    connection.execute(delete(blobs).where(b.name.in_(names)))


def count(connection: Connection, space: str) -> int:
    """Files and folders, the two tops left out."""
    found = select(func.count()).select_from(nodes).where(n.space == space, n.parent.is_not(None))
    return int(connection.execute(found).scalar_one())


def add_nodes(connection: Connection, rows: Iterable[dict[str, Any]]) -> None:
    """Rows, with what follows from the name where it is not given."""
    whole = [{"name_key": name_key(r["name"]), "name_sort": name_sort(r["name"]), **r} for r in rows]
    if whole:
        connection.execute(insert(nodes), whole)


def set_top(connection: Connection, top: NodeId, **values: float) -> None:
    """What a top of a tree is besides its place: size_bytes, created_s, modified_s."""
    connection.execute(update(nodes).where(n.id == top).values(**values))


def add_trash(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(trash), rows)


def add_properties(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(properties), rows)
