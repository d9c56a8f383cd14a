"""Invitations: links that let people come, to the installation or into an organisation.

Whoever has no account yet gets one of their own, and then a one-time link (see welcome) to
choose how they will sign in. Whoever is signed in becomes a member as who they are.
"""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.contract import Role
from synfonium.apps.identity.errors import LinkSpent, TooMany
from synfonium.apps.identity.model.organisations import (
    ABOVE_ALL,
    INVITATION_DAYS,
    INVITATION_USES,
    Invitation,
    Organisation,
    outranks,
)
from synfonium.apps.identity.model.people import digest, new_secret
from synfonium.apps.identity.service.addresses import checked_address
from synfonium.apps.identity.service.members import Members
from synfonium.apps.identity.service.organisations import Authority
from synfonium.apps.identity.service.people import insert_account, new_account
from synfonium.apps.identity.service.welcome import Welcome
from synfonium.apps.identity.store import groups as group_store
from synfonium.apps.identity.store import invitations as store
from synfonium.apps.identity.store import members as member_store
from synfonium.apps.identity.store import organisations as organisation_store
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import BadInput, Forbidden, NotFound
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _
from synfonium.kernel.mail import Letter

MOST_OPEN = 150
LONGEST_SECRET = 100


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation to be made. email: written to when there is one; else the link is shown."""

    role: Role = "member"
    groups: tuple[str, ...] = ()
    email: str = ""
    uses: int = 1
    days: int = 7
    locale: str = ""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a link invites to. organisation: None for the installation alone."""

    invitation: Invitation
    organisation: Organisation | None


class Invitations:
    """Makes, lists and revokes them, and lets people come by them."""

    def __init__(self, context: Context, members: Members, welcome: Welcome) -> None:
        self._context, self._members, self._welcome = context, members, welcome

    async def make(self, authority: Authority | None, wish: Wish, *, by: PersonId) -> str:
        """The URL to hand over; to the installation when there is no `authority`.

        Raises BadInput, Forbidden, NotFound for a group of somewhere else, TooMany.
        """
        now_s, secret = self._context.clock.now_s(), new_secret()
        organisation = authority.organisation if authority else None
        invitation = Invitation(
            id=new_id(now_s),
            organisation=organisation.id if organisation else "",
            role=wish.role,
            groups=tuple(dict.fromkeys(wish.groups)),
            email=checked_address(wish.email) if wish.email else "",
            uses=0,
            uses_most=_between(wish.uses, INVITATION_USES, "uses"),
            created_s=now_s,
            created_by=by,
            expires_s=now_s + _between(wish.days, INVITATION_DAYS, "days") * 86_400,
        )
        if authority and not outranks(authority.rank, wish.role):
            raise Forbidden
        url = f"{self._context.site.public_url}/invitation/{secret}"

        def work(connection: Connection) -> None:
            for group_id in invitation.groups:
                if group_store.group(connection, invitation.organisation, group_id) is None:
                    raise NotFound
            listed = store.invitations_of(connection, invitation.organisation)
            if sum(one.is_open(now_s) for one in listed) >= MOST_OPEN:
                raise TooMany
            store.add_invitation(connection, invitation, digest(secret))
            self._audit(connection, by, "make", invitation.id)
            if invitation.email:
                self._write(connection, invitation, organisation, url, wish.locale)

        await self._context.database.write(work)
        return url

    def _write(
        self,
        connection: Connection,
        invitation: Invitation,
        organisation: Organisation | None,
        url: str,
        locale: str,
    ) -> None:
        values = {
            "organisation": organisation.name if organisation else "",
            "url": url,
            "expires_s": invitation.expires_s,
        }
        letter = Letter(
            to=invitation.email, template="identity/mail/invitation", locale=locale, values=values
        )
        self._context.mail.add(connection, letter)

    async def all(self, authority: Authority | None) -> tuple[Sequence[Invitation], Mapping[str, list[str]]]:
        """The newest first, and what those are called who came by each."""
        organisation_id = authority.organisation.id if authority else ""

        def work(connection: Connection) -> tuple[Sequence[Invitation], Mapping[str, list[str]]]:
            found = store.invitations_of(connection, organisation_id)
            return found, member_store.arrivals_of(connection, [one.id for one in found])

        return await self._context.database.read(work)

    async def revoke(self, authority: Authority | None, invitation_id: str, *, by: PersonId) -> None:
        """Raises NotFound for one of somewhere else."""
        organisation_id = authority.organisation.id if authority else ""

        def work(connection: Connection) -> None:
            if not store.revoke_invitation(connection, organisation_id, invitation_id):
                raise NotFound
            self._audit(connection, by, "revoke", invitation_id)

        await self._context.database.write(work)

    async def look(self, secret: str) -> Shown:
        """What the link invites to. Raises LinkSpent."""
        return await self._context.database.read(lambda c: self._open(c, secret))

    async def accept_as_new(self, secret: str, name: str, display: str) -> str:
        """Makes the account, and gives the one-time link at which to choose how to sign in.

        Raises LinkSpent, BadInput, NameTaken; then nothing was written.
        """
        account = new_account(name, display, is_administrator=False, now_s=self._context.clock.now_s())

        def work(connection: Connection) -> str:
            shown = self._open(connection, secret)
            insert_account(self._context, connection, account, shown.invitation.created_by)
            self._arrive(connection, shown, account.id)
            return self._welcome.link_in(connection, account.id, by=account.id)

        return await self._context.database.write(work)

    async def accept(self, secret: str, person_id: PersonId) -> Organisation | None:
        """A person with an account comes. Raises LinkSpent, AlreadyMember, TooMany."""

        def work(connection: Connection) -> Organisation | None:
            shown = self._open(connection, secret)
            if shown.organisation is not None:
                self._arrive(connection, shown, person_id)
            return shown.organisation

        found = await self._context.database.write(work)
        self._members.forget()
        return found

    def _arrive(self, connection: Connection, shown: Shown, person_id: PersonId) -> None:
        invitation = shown.invitation
        if shown.organisation is not None:
            authority = Authority(organisation=shown.organisation, by=invitation.created_by, rank=ABOVE_ALL)
            self._members.join_in(
                connection,
                authority,
                person_id,
                role=invitation.role,
                groups=invitation.groups,
                invitation=invitation.id,
            )
        store.use_invitation(connection, invitation.id)
        member_store.add_arrival(connection, invitation.id, person_id, self._context.clock.now_s())
        self._audit(connection, person_id, "accept", invitation.id)

    def _open(self, connection: Connection, secret: str) -> Shown:
        found = None
        if len(secret) <= LONGEST_SECRET:
            found = store.invitation_by_hash(connection, digest(secret))
        if found is None or not found.is_open(self._context.clock.now_s()):
            raise LinkSpent
        if not found.organisation:
            return Shown(invitation=found, organisation=None)
        organisation = organisation_store.organisation_by_id(connection, found.organisation)
        if organisation is None or organisation.is_suspended:
            raise LinkSpent
        return Shown(invitation=found, organisation=organisation)

    def _audit(self, connection: Connection, person: PersonId, act: str, invitation_id: str) -> None:
        subject = f"identity:invitation/{invitation_id}"
        self._context.audit.add(connection, person, f"identity.invitation.{act}", subject)


def _between(number: int, limits: tuple[int, int], field: str) -> int:
    if not limits[0] <= number <= limits[1]:
        raise BadInput(field, _("This number is too small or too large."))
    return number
