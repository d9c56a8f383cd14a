"""Members of an organisation: adding, closing, sharing out, removing."""

from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity import contract
from synfonium.apps.identity.contract import Role, person_address
from synfonium.apps.identity.errors import (
    AlreadyMember,
    LastOwner,
    NameTaken,
    NotManaged,
    OrganisationClosed,
    TooMany,
)
from synfonium.apps.identity.model.organisations import (
    MOST_MEMBERS,
    MOST_OF_A_PERSON,
    RANKS,
    Group,
    Member,
    name_for,
    numbered,
    outranks,
    parse_user_name,
    user_key,
)
from synfonium.apps.identity.model.people import Account
from synfonium.apps.identity.service.closing import close, open_again
from synfonium.apps.identity.service.organisations import Authority, add_membership, check_share
from synfonium.apps.identity.service.people import checked_display, insert_account, new_account
from synfonium.apps.identity.service.welcome import Welcome
from synfonium.apps.identity.store import groups as group_store
from synfonium.apps.identity.store import members as store
from synfonium.apps.identity.store import people as people_store
from synfonium.common.ids import PersonId
from synfonium.common.problem import BadInput, Forbidden, NotFound
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

MOST_NUMBERS = 10_000
MOST_AT_ONCE = 500


class NewMember(msgspec.Struct, frozen=True, kw_only=True):
    """An account that an organisation makes. user_name: what its directory calls the person;
    the name to sign in with is made from it unless it is one (`is_exact`: or refused)."""

    user_name: str
    display: str = ""
    role: Role = "member"
    groups: tuple[str, ...] = ()
    external_id: str | None = None
    attributes: dict[str, object] = {}
    locale: str = ""
    is_suspended: bool = False
    is_exact: bool = False


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One page of members, with their groups."""

    members: Sequence[store.Membered]
    groups: dict[str, list[Group]]
    has_more: bool


class Members:
    """Every use case takes an `Authority` and touches nothing outside its organisation."""

    def __init__(self, context: Context, forget: Callable[[], None], welcome: Welcome) -> None:
        self._context, self._forget, self._welcome = context, forget, welcome
        self._places: dict[str, int] = {}

    # Looking

    async def page(
        self, authority: Authority, *, find: str = "", group_id: str = "", after: str = ""
    ) -> Listed:
        """Members by name, at most 100, in three queries however many they are."""
        organisation_id = authority.organisation.id

        def work(connection: Connection) -> Listed:
            found = store.page_of(
                connection, organisation_id, find=find, group_id=group_id, after=after, limit=store.PAGE + 1
            )
            shown = found[: store.PAGE]
            ids = [member.person for member, _account in shown]
            groups = dict(group_store.groups_by_person(connection, organisation_id, ids))
            return Listed(members=shown, groups=groups, has_more=len(found) > store.PAGE)

        return await self._context.database.read(work)

    async def one(self, authority: Authority, person_id: PersonId) -> tuple[Member, Account, Sequence[Group]]:
        """A member and their groups. Raises NotFound."""
        organisation_id = authority.organisation.id

        def work(connection: Connection) -> tuple[Member, Account, Sequence[Group]]:
            found = store.member(connection, organisation_id, person_id)
            if found is None:
                raise NotFound
            return *found, group_store.groups_of_person(connection, organisation_id, person_id)

        return await self._context.database.read(work)

    async def count(self, authority: Authority) -> int:
        return await self._context.database.read(lambda c: store.count(c, authority.organisation.id))

    # Adding

    async def add(self, authority: Authority, new: NewMember) -> tuple[Account, str]:
        """An account of the organisation's own, and the one-time link to hand over."""
        account = await self._context.database.write(lambda c: self.add_in(c, authority, new)[1])
        return account, await self._welcome.link_for(account.id, by=authority.by)

    async def add_silently(self, authority: Authority, new: NewMember, password_hash: str) -> Account:
        """As `add`, without a link; with a password when there is one."""

        def work(connection: Connection) -> Account:
            _member, account = self.add_in(connection, authority, new)
            if password_hash:
                people_store.set_password(connection, account.id, password_hash, account.created_s)
            return account

        return await self._context.database.write(work)

    async def join(self, authority: Authority, person_id: PersonId, *, role: Role) -> None:
        """A person with an account of their own becomes a member."""
        await self._write(lambda c: self.join_in(c, authority, person_id, role=role))

    async def add_all(self, authority: Authority, many: Sequence[NewMember]) -> list[tuple[Account, str]]:
        """All of them or none; at most 500. Raises as `add`."""
        if len(many) > MOST_AT_ONCE:
            raise TooMany
        links: list[tuple[Account, str]] = []

        def work(connection: Connection) -> None:
            links.clear()
            for new in many:
                account = self._add_one_of_many(connection, authority, new)
                links.append((account, self._welcome.link_in(connection, account.id, by=authority.by)))

        await self._context.database.write(work)
        return links

    def _add_one_of_many(self, connection: Connection, authority: Authority, new: NewMember) -> Account:
        """As `add_in`; a refusal says whose line it is about."""
        try:
            return self.add_in(connection, authority, new)[1]
        except (BadInput, NameTaken) as refusal:
            refusal.values["field"] = f"lines, {new.user_name}"
            raise

    def add_in(self, connection: Connection, authority: Authority, new: NewMember) -> tuple[Member, Account]:
        """Within a transaction. Raises BadInput, NameTaken, NotFound, Forbidden, TooMany."""
        organisation = authority.organisation
        if organisation.is_suspended:
            raise OrganisationClosed
        if not outranks(authority.rank, new.role):
            raise Forbidden
        user_name, now_s = checked_user_name(new.user_name), self._context.clock.now_s()
        if store.person_by_key(connection, organisation.id, user_key(user_name)):
            raise NameTaken
        self._need_place(connection, organisation.id)
        name = user_name if new.is_exact else self._free_name(connection, user_name)
        display = new.display or user_name[:80]
        account = new_account(name, display, is_administrator=False, now_s=now_s)
        account = msgspec.structs.replace(account, locale=new.locale)
        insert_account(self._context, connection, account, authority.by)
        member = Member(
            organisation=organisation.id,
            person=account.id,
            role=new.role,
            is_managed=True,
            is_suspended=new.is_suspended,
            user_name=user_name,
            external_id=new.external_id,
            attributes=new.attributes,
            joined_s=now_s,
            changed_s=now_s,
        )
        add_membership(self._context, connection, member, authority.by)
        if new.is_suspended:
            close(self._context, connection, [account.id], "member")
        for group_id in new.groups:
            self._put_in(connection, organisation.id, group_id, account.id)
        return member, account

    def _need_place(self, connection: Connection, organisation_id: str) -> None:
        """Counting costs as much as there are: it is done for a thousand additions at once."""
        left = self._places.get(organisation_id, 0)
        if left <= 0:
            left = min(1000, MOST_MEMBERS - store.count(connection, organisation_id))
        if left <= 0:
            raise TooMany
        self._places[organisation_id] = left - 1

    def _free_name(self, connection: Connection, user_name: str) -> str:
        name = name_for(user_name)
        if people_store.person_by_name(connection, name) is None:
            return name
        for number in range(2, MOST_NUMBERS):
            wanted = numbered(name, number)
            if people_store.person_by_name(connection, wanted) is None:
                return wanted
        raise NameTaken

    def join_in(
        self,
        connection: Connection,
        authority: Authority,
        person_id: PersonId,
        *,
        role: Role,
        groups: Sequence[str] = (),
        invitation: str = "",
    ) -> None:
        """A person with an account of their own becomes a member. Raises AlreadyMember,
        NotFound, TooMany."""
        organisation, now_s = authority.organisation, self._context.clock.now_s()
        account = people_store.person_by_id(connection, person_id)
        if account is None:
            raise NotFound
        if store.member(connection, organisation.id, person_id):
            raise AlreadyMember
        if len(store.memberships_of(connection, [person_id])) >= MOST_OF_A_PERSON:
            raise TooMany
        self._need_place(connection, organisation.id)
        member = Member(
            organisation=organisation.id,
            person=person_id,
            role=role,
            user_name=self._free_user_name(connection, organisation.id, account.name),
            invitation=invitation,
            joined_s=now_s,
            changed_s=now_s,
        )
        add_membership(self._context, connection, member, authority.by)
        for group_id in groups:
            if group_store.group(connection, organisation.id, group_id):
                self._put_in(connection, organisation.id, group_id, person_id)

    def _free_user_name(self, connection: Connection, organisation_id: str, name: str) -> str:
        wanted, number = name, 1
        while store.person_by_key(connection, organisation_id, user_key(wanted)):
            number += 1
            wanted = numbered(name, number)
        return wanted

    def _put_in(self, connection: Connection, organisation_id: str, group_id: str, person: PersonId) -> None:
        if group_store.group(connection, organisation_id, group_id) is None:
            raise NotFound
        if person not in group_store.people_of(connection, group_id):
            group_store.put_in(connection, organisation_id, group_id, [person])

    # Changing

    async def set_role(self, authority: Authority, person_id: PersonId, role: Role) -> None:
        """Owners make owners and administrators. Raises Forbidden, LastOwner, NotFound."""
        if authority.rank < RANKS["owner"]:
            raise Forbidden

        def work(connection: Connection) -> None:
            self.target(connection, authority, person_id)
            self.change_in(connection, authority, person_id, "role", role=role)

        await self._write(work)

    async def set_quota(self, authority: Authority, person_id: PersonId, quota_bytes: int | None) -> None:
        """The person's own share; None for what everybody has. Raises BadInput."""
        check_share(quota_bytes, authority.organisation.total_bytes, "quota")

        def work(connection: Connection) -> None:
            self.target(connection, authority, person_id)
            self.change_in(connection, authority, person_id, "quota", quota_bytes=quota_bytes)

        await self._write(work)

    async def suspend(self, authority: Authority, person_id: PersonId) -> None:
        """Ends what the membership opens; closes the account if the organisation manages it."""
        await self._write(lambda c: self.suspend_in(c, authority, person_id))

    async def resume(self, authority: Authority, person_id: PersonId) -> None:
        await self._write(lambda c: self.resume_in(c, authority, person_id))

    def suspend_in(self, connection: Connection, authority: Authority, person_id: PersonId) -> None:
        member, account = self.target(connection, authority, person_id)
        self.change_in(connection, authority, person_id, "suspend", is_suspended=True)
        if member.is_managed and not account.is_administrator:
            close(self._context, connection, [person_id], "member")

    def resume_in(self, connection: Connection, authority: Authority, person_id: PersonId) -> None:
        member, _account = self.target(connection, authority, person_id)
        self.change_in(connection, authority, person_id, "resume", is_suspended=False)
        if member.is_managed:
            open_again(self._context, connection, [person_id], "member")

    async def remove(self, authority: Authority, person_id: PersonId) -> None:
        """Out of the organisation; see `remove_in`."""
        await self._write(lambda c: self.remove_in(c, authority, person_id))

    def remove_in(self, connection: Connection, authority: Authority, person_id: PersonId) -> None:
        """Ends the membership. An account of the person's own stays theirs; one that the
        organisation manages is closed at once and kept for the installation's administrators,
        who erase it or open it again. Raises LastOwner, Forbidden, NotFound."""
        member, account = self.target(connection, authority, person_id)
        organisation_id = authority.organisation.id
        store.remove_member(connection, organisation_id, person_id)
        self._keep_an_owner(connection, member)
        if member.is_managed and not account.is_administrator:
            close(self._context, connection, [person_id], "left")
        data: dict[str, str | bool] = {"organisation": organisation_id, "is_managed": member.is_managed}
        self._context.outbox.add(connection, contract.MEMBER_REMOVED, person_address(person_id), data)
        self._audit(connection, authority, "remove", person_id)

    async def leave(self, authority: Authority) -> None:
        """A member ends their own membership. Raises NotManaged's contrary: an account that the
        organisation made cannot leave it (Forbidden)."""

        def work(connection: Connection) -> None:
            found = store.member(connection, authority.organisation.id, authority.by)
            if found is None:
                raise NotFound
            if found[0].is_managed:
                raise Forbidden
            above = msgspec.structs.replace(authority, rank=RANKS["owner"])
            self.remove_in(connection, above, authority.by)

        await self._write(work)

    async def link_for(self, authority: Authority, person_id: PersonId) -> str:
        """A one-time link to hand over. Raises NotManaged for an account of the person's own."""

        def work(connection: Connection) -> str:
            member, account = self.target(connection, authority, person_id)
            if not member.is_managed or (account.is_administrator and not authority.is_above_all):
                raise NotManaged
            return self._welcome.link_in(connection, person_id, by=authority.by)

        return await self._context.database.write(work)

    def target(self, connection: Connection, authority: Authority, person_id: PersonId) -> store.Membered:
        """The member, when the authority may change them. Raises NotFound, Forbidden."""
        found = store.member(connection, authority.organisation.id, person_id)
        if found is None:
            raise NotFound
        if not outranks(authority.rank, found[0].role):
            raise Forbidden
        return found

    def change_in(
        self,
        connection: Connection,
        authority: Authority,
        person_id: PersonId,
        act: str,
        **values: str | int | float | bool | None,
    ) -> None:
        """Changes the row, with event and audit row. Raises LastOwner."""
        organisation_id, now_s = authority.organisation.id, self._context.clock.now_s()
        before = store.member(connection, organisation_id, person_id)
        store.change_member(connection, organisation_id, person_id, changed_s=now_s, **values)
        if before is not None and ({"role", "is_suspended"} & values.keys()):
            self._keep_an_owner(connection, before[0])
        data = {"organisation": organisation_id}
        self._context.outbox.add(connection, contract.MEMBER_CHANGED, person_address(person_id), data)
        self._audit(connection, authority, act, person_id)

    def _keep_an_owner(self, connection: Connection, before: Member) -> None:
        if before.role == "owner" and not store.count_owners(connection, before.organisation):
            raise LastOwner

    def _audit(self, connection: Connection, authority: Authority, act: str, person_id: PersonId) -> None:
        address = person_address(person_id)
        self._context.audit.add(connection, authority.by, f"identity.member.{act}", address)

    async def _write(self, work: Callable[[Connection], None]) -> None:
        await self._context.database.write(work)
        self._forget()

    def forget(self) -> None:
        """After changes that were made within somebody else's transaction."""
        self._forget()


def checked_user_name(text: str) -> str:
    """Raises BadInput."""
    try:
        return parse_user_name(text)
    except ValueError:
        raise BadInput("userName", _("A name in the directory is one line of 1 to 200 characters.")) from None


def checked_lines(text: str, known: dict[str, str]) -> list[NewMember]:
    """People pasted as lines `name; what they are called; groups`, as a school has them.

    known: a group's name to its id. Raises BadInput, which says the line.
    """
    found: list[NewMember] = []
    for number, line in enumerate(text.splitlines()[: 2 * MOST_AT_ONCE], start=1):
        parts = [part.strip() for part in line.replace("\t", ";").split(";")]
        if not any(parts):
            continue
        name, display, wishes = (*parts, "", "")[:3]
        groups = [wish.strip() for wish in wishes.split(",") if wish.strip()]
        if not name or len(parts) > 3 or any(group not in known for group in groups):
            reason = _("A line is: name; what they are called; groups that exist, with commas.")
            raise BadInput(f"lines, {number}", reason)
        ids = tuple(known[group] for group in groups)
        found.append(NewMember(user_name=name, display=checked_display(display or name), groups=ids))
    return found
