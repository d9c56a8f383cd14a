"""Keys of the S3 API."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, insert, select

from synfonium.apps.drive.model import S3Key
from synfonium.apps.drive.store.tables import s3_keys
from synfonium.common.ids import PersonId

k = s3_keys.c


def add(connection: Connection, key: S3Key) -> None:
    connection.execute(insert(s3_keys), msgspec.structs.asdict(key))


def find(connection: Connection, key: str) -> S3Key | None:
    row = connection.execute(select(s3_keys).where(k.id == key)).first()
    return S3Key(**row._mapping) if row else None


def of_person(connection: Connection, person: PersonId, *, limit: int) -> Sequence[S3Key]:
    """The newest first."""
    query = select(s3_keys).where(k.person == person).order_by(k.made_s.desc(), k.id).limit(limit)
    return [S3Key(**row._mapping) for row in connection.execute(query)]


def remove(connection: Connection, person: PersonId, key: str) -> bool:
    gone = connection.execute(delete(s3_keys).where(k.id == key, k.person == person))
    return bool(gone.rowcount)
