"""Groups inside an organisation."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from synfonium.apps.identity.errors import TitleTaken, TooMany
from synfonium.apps.identity.model.organisations import MOST_GROUPS, Group
from synfonium.apps.identity.service.organisations import Authority, checked_title
from synfonium.apps.identity.store import groups as store
from synfonium.apps.identity.store import members as member_store
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import BadInput, NotFound
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _


class Groups:
    """Every use case takes an `Authority` and touches nothing outside its organisation."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def all(self, authority: Authority) -> tuple[Sequence[Group], Mapping[str, int]]:
        """The groups by name, and how many are in each."""
        organisation_id = authority.organisation.id
        return await self._context.database.read(
            lambda c: (store.groups_of(c, organisation_id), store.sizes(c, organisation_id))
        )

    async def add(self, authority: Authority, name: str) -> Group:
        """Raises BadInput, TitleTaken, TooMany."""
        return await self._context.database.write(lambda c: self.add_in(c, authority, name))

    def add_in(
        self, connection: Connection, authority: Authority, name: str, external_id: str | None = None
    ) -> Group:
        now_s, organisation_id = self._context.clock.now_s(), authority.organisation.id
        group = Group(
            id=new_id(now_s),
            organisation=organisation_id,
            name=checked_title(name, "displayName"),
            external_id=external_id,
            created_s=now_s,
            changed_s=now_s,
        )
        if store.is_name_taken(connection, organisation_id, group.name):
            raise TitleTaken
        if store.count_groups(connection, organisation_id) >= MOST_GROUPS:
            raise TooMany
        store.add_group(connection, group)
        self._audit(connection, authority, "add", group.id)
        return group

    async def rename(self, authority: Authority, group_id: str, name: str) -> None:
        """Raises BadInput, TitleTaken, NotFound."""

        def work(connection: Connection) -> None:
            self.target(connection, authority, group_id)
            self.change_in(connection, authority, group_id, name=checked_title(name, "displayName"))

        await self._context.database.write(work)

    def change_in(
        self, connection: Connection, authority: Authority, group_id: str, **values: str | None
    ) -> None:
        name = values.get("name")
        if name and store.is_name_taken(connection, authority.organisation.id, name, group_id):
            raise TitleTaken
        store.change_group(connection, group_id, changed_s=self._context.clock.now_s(), **values)
        self._audit(connection, authority, "change", group_id)

    async def remove(self, authority: Authority, group_id: str) -> None:
        await self._context.database.write(lambda c: self.remove_in(c, authority, group_id))

    def remove_in(self, connection: Connection, authority: Authority, group_id: str) -> None:
        self.target(connection, authority, group_id)
        member_store.touch(
            connection,
            authority.organisation.id,
            store.people_of(connection, group_id),
            self._context.clock.now_s(),
        )
        store.remove_group(connection, group_id)
        self._audit(connection, authority, "remove", group_id)

    async def set_groups_of(
        self, authority: Authority, person_id: PersonId, group_ids: Sequence[str]
    ) -> None:
        """Which groups a member is in. Raises NotFound for what is another organisation's."""
        organisation_id = authority.organisation.id

        def work(connection: Connection) -> None:
            if member_store.member(connection, organisation_id, person_id) is None:
                raise NotFound
            before = {g.id for g in store.groups_of_person(connection, organisation_id, person_id)}
            for group_id in before - set(group_ids):
                self.set_people_in(connection, authority, group_id, remove=[person_id])
            for group_id in set(group_ids) - before:
                self.set_people_in(connection, authority, group_id, add=[person_id])

        await self._context.database.write(work)

    def set_people_in(
        self,
        connection: Connection,
        authority: Authority,
        group_id: str,
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
    ) -> None:
        """Raises NotFound for a group, BadInput for a person, of somewhere else."""
        organisation_id, now_s = authority.organisation.id, self._context.clock.now_s()
        self.target(connection, authority, group_id)
        if len(member_store.people_in(connection, organisation_id, list(add))) < len(set(add)):
            raise BadInput("members", _("Only members of the organisation can be in its groups."))
        there = set(store.people_of(connection, group_id))
        new, gone = [one for one in dict.fromkeys(add) if one not in there], list(there & set(remove))
        if not new and not gone:
            return
        store.put_in(connection, organisation_id, group_id, new)
        store.take_out(connection, group_id, gone)
        store.change_group(connection, group_id, changed_s=now_s)
        member_store.touch(connection, organisation_id, [*new, *gone], now_s)
        self._audit(connection, authority, "fill", group_id)

    def target(self, connection: Connection, authority: Authority, group_id: str) -> Group:
        """Raises NotFound."""
        found = store.group(connection, authority.organisation.id, group_id)
        if found is None:
            raise NotFound
        return found

    def _audit(self, connection: Connection, authority: Authority, act: str, group_id: str) -> None:
        subject = f"identity:group/{group_id}"
        self._context.audit.add(connection, authority.by, f"identity.group.{act}", subject)
