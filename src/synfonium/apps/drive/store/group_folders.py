"""Group folders: which organisation each belongs to."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from synfonium.apps.drive.store.tables_sharing import group_folders
from synfonium.common.ids import PersonId

g = group_folders.c


class GroupFolder(msgspec.Struct, frozen=True, kw_only=True):
    """id: also the owner of its space. removed_s: since when nobody reaches it, 0 for not at all."""

    id: str
    organisation: str
    name: str
    made_by: PersonId
    made_s: float
    removed_s: float = 0.0


def add(connection: Connection, folder: GroupFolder) -> None:
    connection.execute(insert(group_folders), msgspec.structs.asdict(folder))


def find(connection: Connection, folder: str) -> GroupFolder | None:
    row = connection.execute(select(group_folders).where(g.id == folder)).first()
    return GroupFolder(**row._mapping) if row else None


def of_organisations(connection: Connection, ids: Sequence[str]) -> list[GroupFolder]:
    query = select(group_folders).where(g.organisation.in_(ids)).order_by(g.name, g.id)
    return [GroupFolder(**row._mapping) for row in connection.execute(query)]


def rename(connection: Connection, folder: str, name: str) -> None:
    connection.execute(update(group_folders).where(g.id == folder).values(name=name))


def set_removed(connection: Connection, folder: str, removed_s: float) -> None:
    connection.execute(update(group_folders).where(g.id == folder).values(removed_s=removed_s))


def removed_before(connection: Connection, before_s: float, limit: int) -> list[GroupFolder]:
    query = select(group_folders).where(g.removed_s > 0, g.removed_s < before_s).order_by(g.id).limit(limit)
    return [GroupFolder(**row._mapping) for row in connection.execute(query)]


def forget(connection: Connection, folder: str) -> None:
    connection.execute(delete(group_folders).where(g.id == folder))
