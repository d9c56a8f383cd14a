"""Group folders: which organisation each belongs to."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, insert, select

from synfonium.apps.drive.store.tables_sharing import group_folders
from synfonium.common.ids import PersonId

g = group_folders.c


class GroupFolder(msgspec.Struct, frozen=True, kw_only=True):
    """id: also the owner of its space."""

    id: str
    organisation: str
    name: str
    made_by: PersonId
    made_s: float


def add(connection: Connection, folder: GroupFolder) -> None:
    connection.execute(insert(group_folders), msgspec.structs.asdict(folder))


def find(connection: Connection, folder: str) -> GroupFolder | None:
    row = connection.execute(select(group_folders).where(g.id == folder)).first()
    return GroupFolder(**row._mapping) if row else None


def of_organisations(connection: Connection, ids: Sequence[str]) -> list[GroupFolder]:
    query = select(group_folders).where(g.organisation.in_(ids)).order_by(g.name, g.id)
    return [GroupFolder(**row._mapping) for row in connection.execute(query)]
