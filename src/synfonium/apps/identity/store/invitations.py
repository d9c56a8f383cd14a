"""Rows of invitations."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from synfonium.apps.identity.model.organisations import Invitation
from synfonium.apps.identity.store.tables_organisations import arrivals, invitations

KEPT_S = 30 * 86_400
MOST_SHOWN = 200


def add_invitation(connection: Connection, invitation: Invitation, hashed: str) -> None:
    fields = {name: getattr(invitation, name) for name in invitation.__struct_fields__}
    row = {**fields, "groups": " ".join(invitation.groups), "hash": hashed}
    connection.execute(insert(invitations), [row])


def invitation_by_hash(connection: Connection, hashed: str) -> Invitation | None:
    row = connection.execute(select(invitations).where(invitations.c.hash == hashed)).first()
    return None if row is None else _invitation(row)


def invitations_of(connection: Connection, organisation_id: str) -> Sequence[Invitation]:
    """The newest first, at most 200."""
    mine = select(invitations).where(invitations.c.organisation == organisation_id)
    rows = connection.execute(mine.order_by(invitations.c.id.desc()).limit(MOST_SHOWN))
    return [_invitation(row) for row in rows]


def use_invitation(connection: Connection, invitation_id: str) -> None:
    mine = invitations.c.id == invitation_id
    connection.execute(update(invitations).where(mine).values(uses=invitations.c.uses + 1))


def revoke_invitation(connection: Connection, organisation_id: str, invitation_id: str) -> bool:
    mine = (invitations.c.organisation == organisation_id) & (invitations.c.id == invitation_id)
    return connection.execute(update(invitations).where(mine).values(is_revoked=True)).rowcount == 1


def forget_ended(connection: Connection, now_s: float) -> None:
    """Invitations are forgotten 30 days after their end, with who came by them."""
    old = select(invitations.c.id).where(invitations.c.expires_s <= now_s - KEPT_S)
    connection.execute(delete(arrivals).where(arrivals.c.invitation.in_(old)))
    connection.execute(delete(invitations).where(invitations.c.expires_s <= now_s - KEPT_S))


def _invitation(row: Row[Any]) -> Invitation:
    fields = {name: getattr(row, name) for name in Invitation.__struct_fields__}
    groups = tuple(str(row.groups).split())
    return Invitation(**{**fields, "groups": groups, "is_revoked": bool(row.is_revoked)})
