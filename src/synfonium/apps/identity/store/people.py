"""Rows of people and their passwords."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from synfonium.apps.identity.model.people import Account
from synfonium.apps.identity.store.tables import passwords, people
from synfonium.common.ids import PersonId

PAGE = 1000
# Made once: building a statement costs four times its execution.
_BY_ID = select(people).where(people.c.id == bindparam("person"))
_BY_NAME = select(people).where(people.c.name == bindparam("wanted"))
_INSERT = insert(people)


def add_person(connection: Connection, account: Account) -> None:
    connection.execute(
        _INSERT,
        [
            {
                "id": account.id,
                "name": account.name,
                "display": account.display,
                "locale": account.locale,
                "scheme": account.scheme,
                "is_administrator": account.is_administrator,
                "is_suspended": account.is_suspended,
                "created_s": account.created_s,
            }
        ],
    )


def person_by_name(connection: Connection, name: str) -> Account | None:
    return _one(connection.execute(_BY_NAME, {"wanted": name}).first())


def person_by_id(connection: Connection, person_id: str) -> Account | None:
    return _one(connection.execute(_BY_ID, {"person": person_id}).first())


def change_person(connection: Connection, person_id: str, **values: str | bool) -> bool:
    """Whether somebody was there to change."""
    return connection.execute(update(people).where(people.c.id == person_id).values(**values)).rowcount == 1


def count_administrators(connection: Connection) -> int:
    """People who administer and are not suspended."""
    active = people.c.is_administrator.is_(True) & people.c.is_suspended.is_(False)
    return int(connection.execute(select(func.count()).select_from(people).where(active)).scalar_one())


def administrators(connection: Connection) -> Sequence[str]:
    """The ids of people who administer and are not suspended."""
    active = people.c.is_administrator.is_(True) & people.c.is_suspended.is_(False)
    return list(connection.execute(select(people.c.id).where(active)).scalars())


def password_of(connection: Connection, person_id: str) -> str | None:
    found = connection.execute(select(passwords.c.hash).where(passwords.c.person == person_id)).scalar()
    return str(found) if found is not None else None


def set_password(connection: Connection, person_id: str, hashed: str, now_s: float) -> None:
    remove_password(connection, person_id)
    connection.execute(insert(passwords), [{"person": person_id, "hash": hashed, "set_s": now_s}])


def remove_password(connection: Connection, person_id: str) -> bool:
    return connection.execute(delete(passwords).where(passwords.c.person == person_id)).rowcount == 1


def _one(row: Row[Any] | None) -> Account | None:
    return None if row is None else as_account(row)


def as_account(row: Row[Any]) -> Account:
    return Account(
        id=PersonId(row.id),
        name=row.name,
        display=row.display,
        locale=row.locale,
        scheme=row.scheme,
        is_administrator=bool(row.is_administrator),
        is_suspended=bool(row.is_suspended),
        created_s=row.created_s,
    )
