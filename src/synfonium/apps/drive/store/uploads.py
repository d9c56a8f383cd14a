"""Uploads in parts: what has come of files that are not whole yet."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from synfonium.apps.drive.model import BlobName, NodeId, Part, SpaceId, Upload, UploadId
from synfonium.apps.drive.store import versions
from synfonium.apps.drive.store.tables import parts, spaces, uploads

u, p = uploads.c, parts.c


def add(connection: Connection, upload: Upload) -> None:
    connection.execute(insert(uploads), msgspec.structs.asdict(upload))


def named(connection: Connection, space: SpaceId, top: NodeId, door: str, name: str) -> Upload | None:
    """The upload that a door began there under that name."""
    query = select(uploads).where(u.space == space, u.door == door, u.name == name, u.top == top)
    row = connection.execute(query).first()
    return Upload(**row._mapping) if row else None


def find(connection: Connection, upload: UploadId) -> Upload | None:
    row = connection.execute(select(uploads).where(u.id == upload)).first()
    return Upload(**row._mapping) if row else None


def count(connection: Connection, space: SpaceId) -> int:
    found = connection.execute(select(func.count()).select_from(uploads).where(u.space == space))
    return int(found.scalar_one())


def listing(
    connection: Connection, space: SpaceId, top: NodeId, door: str, *, after: str, limit: int
) -> list[Upload]:
    """The oldest first, those begun after the one of that id."""
    query = select(uploads).where(u.space == space, u.top == top, u.door == door, u.id > after)
    return [Upload(**row._mapping) for row in connection.execute(query.order_by(u.id).limit(limit))]


def held_bytes(connection: Connection, space: SpaceId) -> int:
    """Bytes of all parts of the space's uploads."""
    return int(connection.execute(select(func.sum(u.held_bytes)).where(u.space == space)).scalar() or 0)


def held_bytes_of(connection: Connection, owners: Sequence[str]) -> int:
    query = select(func.sum(u.held_bytes)).join(spaces, spaces.c.id == u.space)
    return int(connection.execute(query.where(spaces.c.owner.in_(owners))).scalar() or 0)


def part(connection: Connection, upload: UploadId, number: int) -> Part | None:
    row = connection.execute(select(parts).where(p.upload == upload, p.number == number)).first()
    return Part(**row._mapping) if row else None


def parts_of(connection: Connection, upload: UploadId) -> list[Part]:
    """In the order of their numbers: at most 10,000."""
    query = select(parts).where(p.upload == upload).order_by(p.number)
    return [Part(**row._mapping) for row in connection.execute(query)]


def count_parts(connection: Connection, upload: UploadId) -> int:
    found = connection.execute(select(func.count()).select_from(parts).where(p.upload == upload))
    return int(found.scalar_one())


def put(connection: Connection, space: SpaceId, part: Part, old: Part | None) -> None:
    """The part instead of the old one; its blob is referred to once more, the old one's once less."""
    versions.take_up(connection, part.blob, space=space, size_bytes=part.size_bytes)
    if old is not None:
        remove_part(connection, old, now_s=part.made_s)
    connection.execute(insert(parts), msgspec.structs.asdict(part))
    values = {"held_bytes": u.held_bytes + part.size_bytes, "active_s": part.made_s}
    connection.execute(update(uploads).where(u.id == part.upload).values(values))


def remove_part(connection: Connection, part: Part, *, now_s: float) -> None:
    connection.execute(delete(parts).where(p.upload == part.upload, p.number == part.number))
    values = {"held_bytes": u.held_bytes - part.size_bytes, "active_s": now_s}
    connection.execute(update(uploads).where(u.id == part.upload).values(values))
    versions.let_go(connection, {part.blob: 1}, now_s=now_s)


def set_note(connection: Connection, upload: UploadId, note: bytes, *, now_s: float) -> None:
    connection.execute(update(uploads).where(u.id == upload).values(note=note, active_s=now_s))


def drop(connection: Connection, upload: UploadId, *, now_s: float) -> bool:
    """Forgets the upload and its parts; false when it was gone already."""
    query = select(p.blob, func.count()).where(p.upload == upload).group_by(p.blob)
    counted = {BlobName(blob): times for blob, times in connection.execute(query)}
    connection.execute(delete(parts).where(p.upload == upload))
    versions.let_go(connection, counted, now_s=now_s)
    return bool(connection.execute(delete(uploads).where(u.id == upload)).rowcount)


def idle(connection: Connection, *, before_s: float, limit: int) -> list[UploadId]:
    """Those that nothing came for since before `before_s`."""
    query = select(u.id).where(u.active_s < before_s).limit(limit)
    return [UploadId(id_) for id_ in connection.execute(query).scalars()]
