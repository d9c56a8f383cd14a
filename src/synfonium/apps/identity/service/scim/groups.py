"""Groups of an organisation as SCIM Groups, within a transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from synfonium.apps.identity.model.organisations import Group
from synfonium.apps.identity.model.scim import GROUP, GROUP_SHAPE
from synfonium.apps.identity.service.groups import Groups
from synfonium.apps.identity.service.organisations import Authority, checked_title
from synfonium.apps.identity.service.scim.parsing import SentGroup, parse_group
from synfonium.apps.identity.service.scim.users import Resource, base_of, versioned, with_meta
from synfonium.apps.identity.store import groups as store
from synfonium.kernel.context import Context
from synfonium.libraries.scim.messages import Query


class ScimGroups:
    """A group holds people of its organisation; groups in groups are not kept."""

    shape = GROUP_SHAPE

    def __init__(self, context: Context, groups: Groups) -> None:
        self._context, self._groups = context, groups

    def get(self, connection: Connection, authority: Authority, group_id: str) -> Resource:
        """Raises NotFound."""
        group = self._groups.target(connection, authority, group_id)
        return versioned(self._render(authority, group, store.people_of(connection, group.id)))

    def make(self, connection: Connection, authority: Authority, body: Any) -> Resource:
        """Raises ScimError, BadInput, TitleTaken, TooMany."""
        sent = parse_group(body)
        group = self._groups.add_in(connection, authority, sent.name, sent.external_id)
        self._groups.set_people_in(connection, authority, group.id, add=sent.members)
        return self.get(connection, authority, group.id)

    def replace(self, connection: Connection, authority: Authority, group_id: str, body: Any) -> Resource:
        """Raises ScimError, BadInput, TitleTaken, NotFound."""
        group, sent = self._groups.target(connection, authority, group_id), parse_group(body)
        changes = _changes(group, sent)
        if changes:
            self._groups.change_in(connection, authority, group_id, **changes)
        before = store.people_of(connection, group_id)
        gone = sorted(set(before) - set(sent.members))
        self._groups.set_people_in(connection, authority, group_id, add=sent.members, remove=gone)
        return self.get(connection, authority, group_id)

    def remove(self, connection: Connection, authority: Authority, group_id: str) -> None:
        self._groups.remove_in(connection, authority, group_id)

    def find(
        self, connection: Connection, authority: Authority, query: Query
    ) -> tuple[int | None, Sequence[Resource]]:
        """Every group: there are few enough to look at all of them."""
        organisation_id = authority.organisation.id
        members = store.people_by_group(connection, organisation_id)
        groups = sorted(store.groups_of(connection, organisation_id), key=lambda group: group.id)
        return None, [self._render(authority, group, members.get(group.id, ())) for group in groups]

    def _render(self, authority: Authority, group: Group, members: Sequence[str]) -> Resource:
        base = base_of(self._context, authority)
        resource: Resource = {"schemas": [GROUP], "id": group.id, "displayName": group.name}
        if group.external_id is not None:
            resource["externalId"] = group.external_id
        if members:
            resource["members"] = [
                {"value": person, "$ref": f"{base}/Users/{person}", "type": "User"} for person in members
            ]
        return with_meta(resource, "Group", base, group.created_s, group.changed_s)


def _changes(group: Group, sent: SentGroup) -> dict[str, str | None]:
    changes: dict[str, str | None] = {}
    if sent.name != group.name:
        changes["name"] = checked_title(sent.name, "displayName")
    if sent.external_id != group.external_id:
        changes["external_id"] = sent.external_id
    return changes
