"""Rows of groups and of who is in them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from synfonium.apps.identity.model.organisations import Group
from synfonium.apps.identity.store.tables_organisations import group_members, groups
from synfonium.libraries.lookalikes import skeleton

_OF_PERSON = (
    select(groups)
    .join(group_members, group_members.c.group == groups.c.id)
    .where(
        (group_members.c.organisation == bindparam("organisation"))
        & (group_members.c.person == bindparam("person_id"))
    )
    .order_by(groups.c.name)
)


def add_group(connection: Connection, group: Group) -> None:
    fields = {name: getattr(group, name) for name in group.__struct_fields__}
    connection.execute(insert(groups), [{**fields, "skeleton": skeleton(group.name)}])


def group(connection: Connection, organisation_id: str, group_id: str) -> Group | None:
    mine = (groups.c.organisation == organisation_id) & (groups.c.id == group_id)
    row = connection.execute(select(groups).where(mine)).first()
    return None if row is None else _group(row)


def is_name_taken(connection: Connection, organisation_id: str, name: str, but: str = "") -> bool:
    """Whether another group of the organisation looks the same."""
    alike = (groups.c.organisation == organisation_id) & (groups.c.skeleton == skeleton(name))
    return connection.execute(select(groups.c.id).where(alike & (groups.c.id != but))).first() is not None


def group_by_name(connection: Connection, organisation_id: str, name: str) -> Group | None:
    """The group whose name looks like `name`."""
    alike = (groups.c.organisation == organisation_id) & (groups.c.skeleton == skeleton(name))
    row = connection.execute(select(groups).where(alike)).first()
    return None if row is None else _group(row)


def groups_of(connection: Connection, organisation_id: str) -> Sequence[Group]:
    mine = groups.c.organisation == organisation_id
    return [_group(row) for row in connection.execute(select(groups).where(mine).order_by(groups.c.name))]


def count_groups(connection: Connection, organisation_id: str) -> int:
    mine = select(func.count()).select_from(groups).where(groups.c.organisation == organisation_id)
    return int(connection.execute(mine).scalar_one())


def sizes(connection: Connection, organisation_id: str) -> Mapping[str, int]:
    """Group to how many are in it."""
    mine = select(group_members.c.group, func.count()).where(group_members.c.organisation == organisation_id)
    return {str(row[0]): int(row[1]) for row in connection.execute(mine.group_by(group_members.c.group))}


def change_group(connection: Connection, group_id: str, **values: str | float | None) -> None:
    if isinstance(name := values.get("name"), str):
        values["skeleton"] = skeleton(name)
    connection.execute(update(groups).where(groups.c.id == group_id).values(**values))


def remove_group(connection: Connection, group_id: str) -> None:
    connection.execute(delete(group_members).where(group_members.c.group == group_id))
    connection.execute(delete(groups).where(groups.c.id == group_id))


def people_of(connection: Connection, group_id: str) -> Sequence[str]:
    mine = select(group_members.c.person).where(group_members.c.group == group_id)
    return list(connection.execute(mine.order_by(group_members.c.person)).scalars())


def people_by_group(connection: Connection, organisation_id: str) -> Mapping[str, list[str]]:
    """Group to its members, for a whole organisation at once."""
    mine = group_members.c.organisation == organisation_id
    wanted = select(group_members.c.group, group_members.c.person).where(mine)
    found: dict[str, list[str]] = {}
    for row in connection.execute(wanted.order_by(group_members.c.group, group_members.c.person)):
        found.setdefault(str(row[0]), []).append(str(row[1]))
    return found


def groups_of_person(connection: Connection, organisation_id: str, person_id: str) -> Sequence[Group]:
    found = connection.execute(_OF_PERSON, {"organisation": organisation_id, "person_id": person_id})
    return [_group(row) for row in found]


def groups_by_person(
    connection: Connection, organisation_id: str, person_ids: Sequence[str] | None = None
) -> Mapping[str, list[Group]]:
    """Person to their groups; of these people, or of everybody."""
    joined = select(group_members.c.person, groups).join(groups, groups.c.id == group_members.c.group)
    mine = joined.where(group_members.c.organisation == organisation_id)
    if person_ids is not None:
        mine = mine.where(group_members.c.person.in_(person_ids))
    found: dict[str, list[Group]] = {}
    for row in connection.execute(mine.order_by(groups.c.name)):
        found.setdefault(str(row.person), []).append(_group(row))
    return found


def put_in(connection: Connection, organisation_id: str, group_id: str, ids: Iterable[str]) -> None:
    """Puts people in a group who are members of the organisation and not in it yet."""
    rows = [{"organisation": organisation_id, "group": group_id, "person": person} for person in ids]
    if rows:
        connection.execute(insert(group_members), rows)


def take_out(connection: Connection, group_id: str, ids: Sequence[str]) -> None:
    for at in range(0, len(ids), 1000):
        some = group_members.c.person.in_(ids[at : at + 1000])
        connection.execute(delete(group_members).where((group_members.c.group == group_id) & some))


def _group(row: Row[Any]) -> Group:
    return Group(**{name: getattr(row, name) for name in Group.__struct_fields__})
