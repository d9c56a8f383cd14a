"""Rows of organisations and of the directories that keep them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from synfonium.apps.identity.model.organisations import Organisation, ScimToken
from synfonium.apps.identity.store.tables_organisations import (
    group_members,
    groups,
    invitations,
    members,
    organisations,
    scim_tokens,
)
from synfonium.libraries.lookalikes import skeleton

PAGE = 200


def add_organisation(connection: Connection, organisation: Organisation) -> None:
    fields = {name: getattr(organisation, name) for name in organisation.__struct_fields__}
    connection.execute(insert(organisations), [{**fields, "skeleton": skeleton(organisation.name)}])


def organisation_by_slug(connection: Connection, slug: str) -> Organisation | None:
    return _one(connection.execute(select(organisations).where(organisations.c.slug == slug)).first())


def organisation_by_id(connection: Connection, organisation_id: str) -> Organisation | None:
    found = connection.execute(select(organisations).where(organisations.c.id == organisation_id))
    return _one(found.first())


def is_name_taken(connection: Connection, name: str, but: str = "") -> bool:
    """Whether an organisation other than that of id `but` has a name that looks like `name`."""
    alike = (organisations.c.skeleton == skeleton(name)) & (organisations.c.id != but)
    return connection.execute(select(organisations.c.id).where(alike)).first() is not None


def list_organisations(connection: Connection, after: str = "", limit: int = PAGE) -> Sequence[Organisation]:
    """By slug, at most `limit` after the slug `after`."""
    wanted = select(organisations).where(organisations.c.slug > after).order_by(organisations.c.slug)
    return [_organisation(row) for row in connection.execute(wanted.limit(limit))]


def count_members(connection: Connection, ids: Sequence[str]) -> Mapping[str, int]:
    """How many members each of these organisations has."""
    wanted = select(members.c.organisation, func.count()).where(members.c.organisation.in_(ids))
    found = connection.execute(wanted.group_by(members.c.organisation))
    return {str(row[0]): int(row[1]) for row in found}


def change_organisation(
    connection: Connection, organisation_id: str, **values: str | int | bool | None
) -> bool:
    if isinstance(name := values.get("name"), str):
        values["skeleton"] = skeleton(name)
    changed = update(organisations).where(organisations.c.id == organisation_id).values(**values)
    return connection.execute(changed).rowcount == 1


def remove_organisation(connection: Connection, organisation_id: str) -> None:
    """The organisation and all that is its own; accounts stay."""
    for table in (group_members, groups, invitations, scim_tokens, members):
        connection.execute(delete(table).where(table.c.organisation == organisation_id))
    connection.execute(delete(organisations).where(organisations.c.id == organisation_id))


# Tokens of directories ------------------------------------------------------------------


def add_scim_token(connection: Connection, token: ScimToken, hashed: str) -> None:
    fields = {name: getattr(token, name) for name in token.__struct_fields__}
    connection.execute(insert(scim_tokens), [{**fields, "hash": hashed}])


def scim_tokens_of(connection: Connection, organisation_id: str) -> Sequence[ScimToken]:
    mine = scim_tokens.c.organisation == organisation_id
    rows = connection.execute(select(scim_tokens).where(mine).order_by(scim_tokens.c.id))
    return [_scim_token(row) for row in rows]


def scim_token_by_hash(connection: Connection, hashed: str) -> ScimToken | None:
    row = connection.execute(select(scim_tokens).where(scim_tokens.c.hash == hashed)).first()
    return None if row is None else _scim_token(row)


def use_scim_token(connection: Connection, token_id: str, now_s: float) -> None:
    connection.execute(update(scim_tokens).where(scim_tokens.c.id == token_id).values(last_used_s=now_s))


def remove_scim_token(connection: Connection, organisation_id: str, token_id: str) -> bool:
    mine = (scim_tokens.c.organisation == organisation_id) & (scim_tokens.c.id == token_id)
    return connection.execute(delete(scim_tokens).where(mine)).rowcount == 1


def _scim_token(row: Row[Any]) -> ScimToken:
    return ScimToken(**{name: getattr(row, name) for name in ScimToken.__struct_fields__})


def _one(row: Row[Any] | None) -> Organisation | None:
    return None if row is None else _organisation(row)


def _organisation(row: Row[Any]) -> Organisation:
    fields = {name: getattr(row, name) for name in Organisation.__struct_fields__}
    return Organisation(**{**fields, "is_suspended": bool(row.is_suspended)})
