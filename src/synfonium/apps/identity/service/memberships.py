"""Who is together with whom, for other apps: see contract.Organisations."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from synfonium.apps.identity import contract
from synfonium.apps.identity.contract import GroupView, Membership, Pool, Quota
from synfonium.apps.identity.model.organisations import Member
from synfonium.apps.identity.store import groups as group_store
from synfonium.apps.identity.store import members as store
from synfonium.common.ids import PersonId
from synfonium.kernel.context import Context

Joined = tuple[Member, Row[Any]]


class Memberships:
    """Only reads; one in every process."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def of_person(self, person_id: PersonId) -> tuple[Membership, ...]:
        return await self._context.database.read(lambda c: memberships_of(c, person_id))

    async def of_group(self, group_id: str) -> tuple[PersonId, ...]:
        found = await self._context.database.read(lambda c: group_store.people_of(c, group_id))
        return tuple(PersonId(person) for person in found)

    async def of_pool(self, organisation: str) -> tuple[PersonId, ...]:
        return await self._context.database.read(lambda c: _payers(c, organisation))

    async def quota_of(self, person_id: PersonId) -> Quota | None:
        def work(connection: Connection) -> Quota | None:
            paying = _paying(store.memberships_of(connection, [person_id]))
            return _quota(*paying) if paying else None

        return await self._context.database.read(work)


def memberships_of(connection: Connection, person_id: PersonId) -> tuple[Membership, ...]:
    """Where a person is an active member, first joined first."""
    return tuple(
        _view(connection, member, row)
        for member, row in store.memberships_of(connection, [person_id])
        if not member.is_suspended and not row.is_suspended
    )


def _view(connection: Connection, member: Member, row: Row[Any]) -> Membership:
    groups = group_store.groups_of_person(connection, member.organisation, member.person)
    return Membership(
        organisation=member.organisation,
        slug=row.slug,
        name=row.name,
        kind=row.kind,
        role=member.role,
        groups=tuple(GroupView(id=group.id, name=group.name) for group in groups),
    )


def _paying(joined: Sequence[Joined]) -> Joined | None:
    """The membership whose organisation gives the person's storage."""
    managed = [one for one in joined if one[0].is_managed]
    giving = [one for one in joined if _gives(*one)]
    found = [one for one in managed if _gives(*one)] or ([] if managed else giving)
    return found[0] if found else None


def _gives(member: Member, row: Row[Any]) -> bool:
    return any(limit is not None for limit in (member.quota_bytes, row.each_bytes, row.total_bytes))


def _quota(member: Member, row: Row[Any]) -> Quota:
    own = row.each_bytes if member.quota_bytes is None else member.quota_bytes
    pool = None
    if row.total_bytes is not None:
        pool = Pool(organisation=member.organisation, name=row.name, limit_bytes=row.total_bytes)
    return Quota(limit_bytes=own, pool=pool)


def _payers(connection: Connection, organisation: str) -> tuple[PersonId, ...]:
    """Members whose storage this organisation gives, in its pool."""
    ids = [PersonId(person) for person in store.ids_of(connection, organisation)]
    found: list[PersonId] = []
    for at in range(0, len(ids), 1000):
        of_each: dict[PersonId, list[Joined]] = {}
        for member, row in store.memberships_of(connection, ids[at : at + 1000]):
            of_each.setdefault(member.person, []).append((member, row))
        for person, joined in of_each.items():
            paying = _paying(joined)
            if paying and paying[0].organisation == organisation:
                found.append(person)
    return tuple(found)


def memberships(context: Context) -> contract.Organisations:
    return Memberships(context)
