"""Versions of files, and how often each blob is referred to."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import Connection, Float, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from synfonium.apps.drive.model import BlobName, Node, NodeId, SpaceId, VersionId
from synfonium.apps.drive.model.versions import TOGETHER_S
from synfonium.apps.drive.store.nodes import IN_SPAN, Span
from synfonium.apps.drive.store.tables import blobs, nodes, small_blobs, versions
from synfonium.common.ids import made_s, new_id

v, b = versions.c, blobs.c
_INSERT = insert(versions)


def _take_up(dialect_insert: Callable[..., Any]) -> Any:
    """A blob's row, or one more reference to it."""
    made = dialect_insert(blobs)
    new = made.excluded
    return made.on_conflict_do_update(
        index_elements=["name"],
        set_={"refs": b.refs + 1, "idle_since_s": None, "space": new.space, "size_bytes": new.size_bytes},
    )


_TAKE_UP = {"sqlite": _take_up(sqlite.insert), "postgresql": _take_up(postgresql.insert)}
_SUPERSEDE = update(versions).where(v.id == bindparam("old")).values(replaced_s=bindparam("now", type_=Float))
_STORED = (
    select(v.blob, small_blobs.c.sealed)
    .outerjoin(small_blobs, small_blobs.c.name == v.blob)
    .where(v.id == bindparam("version"))
)
_BLOB_OF = select(v.blob).where(v.id == bindparam("version"))


class NewVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version to be. replaced_s: since when it is an old one."""

    id: VersionId
    node: NodeId
    space: SpaceId
    blob: BlobName
    size_bytes: int
    modified_s: float
    author: str
    sha1: bytes | None = None
    replaced_s: float | None = None
    label: str | None = None


def add(connection: Connection, new: NewVersion, *, now_s: float) -> None:
    """A version of a node; its blob is referred to once more."""
    add_many(connection, [new], now_s=now_s)


def add_many(connection: Connection, new: Sequence[NewVersion], *, now_s: float) -> None:
    """As `add` for each, in two statements."""
    connection.execute(_INSERT, [{**msgspec.structs.asdict(one), "made_s": now_s} for one in new])
    _take_up_all(connection, [(one.blob, one.space, one.size_bytes) for one in new])


def take_up(connection: Connection, blob: BlobName, *, space: SpaceId, size_bytes: int) -> None:
    """The blob is referred to once more."""
    _take_up_all(connection, [(blob, space, size_bytes)])


def _take_up_all(connection: Connection, found: Sequence[tuple[BlobName, SpaceId, int]]) -> None:
    rows = [
        {"name": blob, "space": space, "size_bytes": size_bytes, "refs": 1, "idle_since_s": None}
        for blob, space, size_bytes in found
    ]
    connection.execute(_TAKE_UP[connection.dialect.name], rows)


def copy(connection: Connection, version: VersionId, *, node: NodeId, author: str, now_s: float) -> VersionId:
    """The same content as a version of another node of the space."""
    row = connection.execute(select(versions).where(v.id == version)).one()
    id_ = VersionId(new_id(now_s))
    new = NewVersion(
        id=id_,
        node=node,
        space=row.space,
        blob=row.blob,
        size_bytes=row.size_bytes,
        modified_s=row.modified_s,
        author=author,
        sha1=row.sha1,
    )
    add(connection, new, now_s=now_s)
    return id_


def blob_of(connection: Connection, version: VersionId) -> BlobName | None:
    found = connection.execute(_BLOB_OF, {"version": version}).scalar()
    return None if found is None else BlobName(found)


def stored_of(connection: Connection, version: VersionId) -> tuple[BlobName, bytes | None] | None:
    """The blob of a version and, of a small one, its sealed bytes."""
    row = connection.execute(_STORED, {"version": version}).first()
    return row and (BlobName(row.blob), None if row.sealed is None else bytes(row.sealed))


def supersede(connection: Connection, version: VersionId, *, now_s: float, author: str | None = None) -> None:
    """The version is an old one from now on; or no version at all, when `author` has just
    written it: then it was one act of saving."""
    # An id tells its time, so that the usual case is one statement.
    if author is not None and made_s(version) > now_s - TOGETHER_S:
        just_now = delete(versions).where(
            v.id == version, v.made_s > now_s - TOGETHER_S, v.author == author, v.label.is_(None)
        )
        gone = connection.execute(just_now.returning(v.blob)).scalars().all()
        if gone:
            _release(connection, gone, now_s)
            return
    connection.execute(_SUPERSEDE, {"old": version, "now": now_s})


_SHA1_IN_SPAN = (
    select(v.node, v.sha1).join(nodes, nodes.c.version == v.id).where(IN_SPAN, v.sha1.is_not(None))
)


def sha1_of(connection: Connection, members: Sequence[Node]) -> dict[NodeId, bytes]:
    """Of those of the nodes whose writer gave a checksum."""
    span = Span.of(members)
    ids = [node.version for node in members if node.version]
    named = select(v.node, v.sha1).where(v.id.in_(ids), v.sha1.is_not(None))
    found = connection.execute(_SHA1_IN_SPAN, span.values) if span else connection.execute(named)
    return {NodeId(node): sha1 for node, sha1 in found}


def drop(connection: Connection, node_ids: Sequence[NodeId], *, now_s: float) -> None:
    """Forgets all versions of the nodes; blobs that nobody refers to any more fall idle."""
    gone = delete(versions).where(v.node.in_(node_ids)).returning(v.blob)
    _release(connection, connection.execute(gone).scalars().all(), now_s)


def drop_some(connection: Connection, ids: Sequence[VersionId], *, now_s: float) -> int:
    """Forgets those of the versions that are old ones; tells how many."""
    gone = delete(versions).where(v.id.in_(ids), v.replaced_s.is_not(None)).returning(v.blob)
    names = connection.execute(gone).scalars().all()
    _release(connection, names, now_s)
    return len(names)


def _release(connection: Connection, names: Iterable[str], now_s: float) -> None:
    let_go(connection, Counter(map(BlobName, names)), now_s=now_s)


def let_go(connection: Connection, counted: Mapping[BlobName, int], *, now_s: float) -> None:
    """The blobs are referred to so many times less; those that nobody refers to any more fall idle."""
    for blob, count in counted.items():
        connection.execute(update(blobs).where(b.name == blob).values(refs=b.refs - count))
    for some in batched(counted):
        _mark_idle(connection, some, now_s)


def batched(names: Iterable[BlobName], most: int = 500) -> Iterator[list[BlobName]]:
    rest = iter(names)
    while some := list(islice(rest, most)):
        yield some


def _mark_idle(connection: Connection, names: Sequence[str], now_s: float) -> None:
    idle = update(blobs).where(b.name.in_(names), b.refs <= 0, b.idle_since_s.is_(None))
    connection.execute(idle.values(idle_since_s=now_s))


def idle_blobs(connection: Connection, *, before_s: float, limit: int) -> list[BlobName]:
    """Blobs that nobody has referred to since before `before_s`."""
    query = select(b.name).where(b.refs <= 0, b.idle_since_s < before_s).limit(limit)
    return [BlobName(row.name) for row in connection.execute(query)]


def forget_blob(connection: Connection, blob: BlobName) -> bool:
    """Removes the row of a blob that is still idle; false when it is in use again."""
    gone = connection.execute(delete(blobs).where(b.name == blob, b.refs <= 0))
    return bool(gone.rowcount)


def adopt(connection: Connection, names: Sequence[str], *, now_s: float) -> int:
    """Gives blobs that no row knows, left by a crash before their commit, an idle row.

    They go as all idle blobs do, unless an upload of the same content takes them up.
    """
    known = set(connection.execute(select(b.name).where(b.name.in_(names))).scalars())
    rows = [
        {"name": name, "space": "", "size_bytes": 0, "refs": 0, "idle_since_s": now_s}
        for name in names
        if name not in known
    ]
    if rows:
        connection.execute(insert(blobs), rows)
    return len(rows)
