"""Making and changing organisations and families, and who may."""

from collections.abc import Callable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity import contract
from synfonium.apps.identity.contract import OrganisationKind, Role, person_address
from synfonium.apps.identity.errors import (
    OrganisationClosed,
    OrganisationNotEmpty,
    SlugTaken,
    TitleTaken,
    TooMany,
)
from synfonium.apps.identity.model.organisations import (
    ABOVE_ALL,
    MOST_OF_A_PERSON,
    RANKS,
    Member,
    Organisation,
    parse_slug,
    parse_title,
    user_key,
)
from synfonium.apps.identity.service.closing import close, open_again
from synfonium.apps.identity.service.people import OPERATOR
from synfonium.apps.identity.store import holds
from synfonium.apps.identity.store import members as member_store
from synfonium.apps.identity.store import organisations as store
from synfonium.apps.identity.store import people as people_store
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import BadInput, Forbidden, NotFound
from synfonium.kernel.actor import Administrator, DelegatedAdministrator
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

Administering = Administrator | DelegatedAdministrator


class Authority(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody may do in one organisation, and in no other."""

    organisation: Organisation
    by: PersonId
    rank: int

    @property
    def is_above_all(self) -> bool:
        """Whether it is the installation's administrator's, or the operator's."""
        return self.rank >= ABOVE_ALL


def organisation_address(organisation_id: str) -> str:
    return f"identity:organisation/{organisation_id}"


def checked_title(text: str, field: str = "name") -> str:
    try:
        return parse_title(text)
    except ValueError:
        raise BadInput(
            field, _("A name is one line of 1 to 80 characters, in letters of one script.")
        ) from None


def add_membership(context: Context, connection: Connection, member: Member, by: PersonId) -> None:
    """Adds the row with event and audit row."""
    member_store.add_member(connection, member, user_key(member.user_name))
    address, data = person_address(member.person), {"organisation": member.organisation}
    context.outbox.add(connection, contract.MEMBER_ADDED, address, data)
    context.audit.add(connection, by, "identity.member.add", address)


class Administration:
    """Organisations as a whole. Doors ask for an `Authority` first, and pass it on."""

    def __init__(self, context: Context, forget: Callable[[], None]) -> None:
        self._context, self._forget = context, forget

    async def authority(self, actor: Administering, slug: str, least: Role = "administrator") -> Authority:
        """What the actor may do in the organisation `slug`.

        Raises NotFound for whoever has nothing to do with it, so that nobody learns that
        it is there; Forbidden for a member who is less than `least`; OrganisationClosed.
        """
        return await self._context.database.read(lambda c: self._authority(c, actor, slug, least))

    def _authority(self, connection: Connection, actor: Administering, slug: str, least: Role) -> Authority:
        organisation = store.organisation_by_slug(connection, slug)
        if organisation is None:
            raise NotFound
        if actor.is_administrator:
            return Authority(organisation=organisation, by=actor.id, rank=ABOVE_ALL)
        found = member_store.member(connection, organisation.id, actor.id)
        if found is None or found[0].is_suspended:
            raise NotFound
        if organisation.is_suspended:
            raise OrganisationClosed
        if RANKS[found[0].role] < RANKS[least]:
            raise Forbidden
        return Authority(organisation=organisation, by=actor.id, rank=RANKS[found[0].role])

    async def operator(self, slug: str, by: PersonId = OPERATOR) -> Authority:
        """All that can be done, for the command line. Raises NotFound."""
        found = await self._context.database.read(lambda c: store.organisation_by_slug(c, slug))
        if found is None:
            raise NotFound
        return Authority(organisation=found, by=by, rank=ABOVE_ALL)

    async def make(
        self,
        name: str,
        slug: str,
        kind: OrganisationKind,
        *,
        by: PersonId,
        owner: PersonId | None = None,
        total_bytes: int | None = None,
        each_bytes: int | None = None,
    ) -> Organisation:
        """Raises BadInput, TitleTaken, SlugTaken, TooMany, NotFound for an unknown owner."""
        now_s = self._context.clock.now_s()
        try:
            parse_slug(slug)
        except ValueError:
            raise BadInput(
                "slug", _("An address has 2 to 32 small letters, digits, dots, hyphens or underscores.")
            ) from None
        organisation = Organisation(
            id=new_id(now_s),
            slug=slug,
            kind=kind,
            name=checked_title(name),
            total_bytes=total_bytes,
            each_bytes=each_bytes,
            created_s=now_s,
        )

        def work(connection: Connection) -> None:
            if store.organisation_by_slug(connection, slug):
                raise SlugTaken
            if store.is_name_taken(connection, organisation.name):
                raise TitleTaken
            store.add_organisation(connection, organisation)
            self._audit(connection, by, "identity.organisation.make", organisation.id)
            if owner is not None:
                self._add_owner(connection, organisation, owner, by)

        await self._context.database.write(work)
        return organisation

    def _add_owner(
        self, connection: Connection, organisation: Organisation, owner: PersonId, by: PersonId
    ) -> None:
        account = people_store.person_by_id(connection, owner)
        if account is None:
            raise NotFound
        if len(member_store.memberships_of(connection, [owner])) >= MOST_OF_A_PERSON:
            raise TooMany
        now_s = organisation.created_s
        row = Member(
            organisation=organisation.id,
            person=owner,
            role="owner",
            user_name=account.name,
            joined_s=now_s,
            changed_s=now_s,
        )
        add_membership(self._context, connection, row, by)

    async def rename(self, authority: Authority, name: str) -> None:
        """Raises BadInput, TitleTaken, Forbidden."""
        title = checked_title(name)
        _need(authority, RANKS["owner"])

        def work(connection: Connection) -> None:
            if store.is_name_taken(connection, title, authority.organisation.id):
                raise TitleTaken
            store.change_organisation(connection, authority.organisation.id, name=title)
            self._audit(connection, authority.by, "identity.organisation.rename", authority.organisation.id)

        await self._context.database.write(work)

    async def set_quotas(
        self, authority: Authority, *, total_bytes: int | None, each_bytes: int | None
    ) -> None:
        """The pool, which the installation's administrators give, and each person's share of
        it. Raises Forbidden, and BadInput for a share beyond the pool."""
        if total_bytes != authority.organisation.total_bytes:
            _need(authority, ABOVE_ALL)
        check_share(each_bytes, total_bytes, "each")

        def work(connection: Connection) -> None:
            store.change_organisation(
                connection, authority.organisation.id, total_bytes=total_bytes, each_bytes=each_bytes
            )
            self._audit(connection, authority.by, "identity.quota.set", authority.organisation.id)

        await self._context.database.write(work)

    async def suspend(self, authority: Authority) -> None:
        """Closes the organisation and every account that it manages. Raises Forbidden."""
        await self._close(authority, is_suspended=True)

    async def resume(self, authority: Authority) -> None:
        """Opens what `suspend` closed; whoever was closed by themselves stays so."""
        await self._close(authority, is_suspended=False)

    async def _close(self, authority: Authority, *, is_suspended: bool) -> None:
        _need(authority, ABOVE_ALL)
        act, change = ("suspend", close) if is_suspended else ("resume", open_again)

        def work(connection: Connection) -> None:
            organisation_id = authority.organisation.id
            store.change_organisation(connection, organisation_id, is_suspended=is_suspended)
            ids = holds.managed_by(connection, organisation_id)
            change(self._context, connection, ids, "organisation")
            self._audit(connection, authority.by, f"identity.organisation.{act}", organisation_id)

        await self._context.database.write(work)
        self._forget()

    async def remove(self, authority: Authority) -> None:
        """Ends an organisation; its members' own accounts stay. Raises OrganisationNotEmpty."""
        _need(authority, RANKS["owner"])

        def work(connection: Connection) -> None:
            if holds.managed_by(connection, authority.organisation.id):
                raise OrganisationNotEmpty
            store.remove_organisation(connection, authority.organisation.id)
            self._audit(connection, authority.by, "identity.organisation.remove", authority.organisation.id)

        await self._context.database.write(work)

    async def all(self, after: str = "") -> tuple[Sequence[Organisation], Mapping[str, int]]:
        """Organisations by slug, at most 200 after `after`, and how many are in each."""

        def work(connection: Connection) -> tuple[Sequence[Organisation], Mapping[str, int]]:
            found = store.list_organisations(connection, after)
            return found, store.count_members(connection, [one.id for one in found])

        return await self._context.database.read(work)

    def _audit(self, connection: Connection, by: PersonId, act: str, organisation_id: str) -> None:
        self._context.audit.add(connection, by, act, organisation_address(organisation_id))


def _need(authority: Authority, rank: int) -> None:
    if authority.rank < rank:
        raise Forbidden


def check_share(share_bytes: int | None, total_bytes: int | None, field: str) -> None:
    """Raises BadInput for a person's share that is larger than the pool."""
    if share_bytes is not None and total_bytes is not None and share_bytes > total_bytes:
        raise BadInput(field, _("One person's share cannot be larger than what all have together."))
