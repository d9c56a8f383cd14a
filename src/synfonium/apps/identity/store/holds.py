"""Why accounts are closed. An account is suspended as long as anybody holds it closed."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, update

from synfonium.apps.identity.model.organisations import Hold
from synfonium.apps.identity.store.tables import links, people, sessions
from synfonium.apps.identity.store.tables_organisations import holds, members


def hold(connection: Connection, ids: Sequence[str], reason: Hold) -> None:
    """Closes accounts for `reason`, with their sign-in links."""
    for at in range(0, len(ids), 500):
        some = list(ids[at : at + 500])
        connection.execute(delete(holds).where(holds.c.person.in_(some) & (holds.c.reason == reason)))
        connection.execute(insert(holds), [{"person": one, "reason": reason} for one in some])
        connection.execute(update(people).where(people.c.id.in_(some)).values(is_suspended=True))
        connection.execute(delete(links).where(links.c.person.in_(some) & (links.c.kind == "welcome")))


def release(connection: Connection, ids: Sequence[str], reason: Hold | None = None) -> None:
    """Takes back one reason, or all; accounts that nothing holds any more open."""
    for at in range(0, len(ids), 500):
        some = list(ids[at : at + 500])
        taken_back = delete(holds).where(holds.c.person.in_(some))
        if reason is not None:
            taken_back = taken_back.where(holds.c.reason == reason)
        connection.execute(taken_back)
        kept = select(holds.c.person).where(holds.c.person.in_(some))
        free = people.c.id.in_(some) & people.c.id.not_in(kept)
        connection.execute(update(people).where(free).values(is_suspended=False))


def signed_in(connection: Connection, ids: Sequence[str]) -> Sequence[str]:
    """Those of `ids` who have sessions."""
    found: set[str] = set()
    for at in range(0, len(ids), 500):
        some = sessions.c.person.in_(ids[at : at + 500])
        found.update(connection.execute(select(sessions.c.person).where(some).distinct()).scalars())
    return sorted(found)


def of(connection: Connection, person_id: str) -> frozenset[str]:
    return frozenset(connection.execute(select(holds.c.reason).where(holds.c.person == person_id)).scalars())


def managed_by(connection: Connection, organisation_id: str) -> Sequence[str]:
    """The accounts that an organisation closes with itself; never an administrator's."""
    administrators = select(people.c.id).where(people.c.is_administrator.is_(True))
    mine = (members.c.organisation == organisation_id) & members.c.is_managed.is_(True)
    wanted = select(members.c.person).where(mine & members.c.person.not_in(administrators))
    return list(connection.execute(wanted).scalars())
