"""Pictures of contents, each itself a sealed content of its space."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from synfonium.apps.drive.model import BlobName
from synfonium.apps.drive.model.previews import LARGE, MOST_PAGES, Preview, key_of
from synfonium.apps.drive.store import versions
from synfonium.apps.drive.store.tables import blobs, pictures, previews

p, i, b = previews.c, pictures.c, blobs.c


def find(connection: Connection, blob: BlobName) -> Preview | None:
    row = connection.execute(select(previews).where(p.blob == blob)).first()
    return Preview(**row._mapping) if row else None


def picture(connection: Connection, blob: BlobName, size_px: int) -> BlobName | None:
    found = connection.execute(select(i.picture).where(i.blob == blob, i.size_px == size_px)).scalar()
    return BlobName(found) if found else None


def pages(connection: Connection, blob: BlobName) -> int:
    """Of how many pages of a document there is a large picture."""
    wanted = [key_of(LARGE, number) for number in range(1, MOST_PAGES + 1)]
    query = select(func.count()).where(i.blob == blob, i.size_px.in_(wanted))
    return int(connection.execute(query).scalar_one())


def keep(
    connection: Connection, preview: Preview, made: Mapping[int, tuple[BlobName, int]], *, now_s: float
) -> bool:
    """Remembers what was made, pictures by their size; false when nothing refers to the content any
    more, and then nothing is remembered."""
    if not connection.execute(select(b.name).where(b.name == preview.blob, b.refs > 0)).first():
        return False
    values = msgspec.structs.asdict(preview)
    if not connection.execute(update(previews).where(p.blob == preview.blob).values(values)).rowcount:
        connection.execute(insert(previews), values)
    for size_px, (name, size_bytes) in made.items():
        old = picture(connection, preview.blob, size_px)
        if old == name:
            continue
        versions.take_up(connection, name, space=preview.space, size_bytes=size_bytes)
        if old is not None:
            _forget_pictures(connection, preview.blob, size_px=size_px, now_s=now_s)
        row = {"blob": preview.blob, "size_px": size_px, "picture": name, "size_bytes": size_bytes}
        connection.execute(insert(pictures), row)
    return True


def forget(connection: Connection, blob: BlobName, *, now_s: float) -> None:
    """Lets its pictures go, and what is known of it."""
    _forget_pictures(connection, blob, size_px=None, now_s=now_s)
    connection.execute(delete(previews).where(p.blob == blob))


def _forget_pictures(connection: Connection, blob: BlobName, *, size_px: int | None, now_s: float) -> None:
    gone = delete(pictures).where(i.blob == blob)
    gone = gone if size_px is None else gone.where(i.size_px == size_px)
    for name in connection.execute(gone.returning(i.picture)).scalars().all():
        versions.let_go(connection, {BlobName(name): 1}, now_s=now_s)


def of_nothing(connection: Connection, limit: int) -> list[BlobName]:
    """Contents that have pictures, and to which nothing refers any more."""
    wanted = select(b.name).where(b.name == p.blob, b.refs > 0)
    found = connection.execute(select(p.blob).where(~wanted.exists()).limit(limit)).scalars()
    return [BlobName(name) for name in found]
