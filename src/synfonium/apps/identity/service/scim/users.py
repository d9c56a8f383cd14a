"""People of an organisation as SCIM Users, within a transaction."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity import contract
from synfonium.apps.identity.contract import person_address
from synfonium.apps.identity.errors import NameTaken
from synfonium.apps.identity.model.organisations import Group, Member, user_key
from synfonium.apps.identity.model.people import Account
from synfonium.apps.identity.model.scim import MOST_RESULTS, USER, USER_SHAPE
from synfonium.apps.identity.service.members import Members, NewMember, checked_user_name
from synfonium.apps.identity.service.organisations import Authority
from synfonium.apps.identity.service.people import checked_display
from synfonium.apps.identity.service.scim.parsing import Sent, parse_user
from synfonium.apps.identity.store import groups as group_store
from synfonium.apps.identity.store import members as store
from synfonium.apps.identity.store import people as people_store
from synfonium.common.ids import PersonId
from synfonium.common.problem import NotFound
from synfonium.kernel.context import Context
from synfonium.libraries.scim.filters import And, Compare, Filter
from synfonium.libraries.scim.messages import Query, moment, version_of

Resource = dict[str, Any]


class Users:
    """An account that a directory makes is managed by its organisation. One that a person
    brought is theirs: its `displayName` stays what the person wants, and `active` is about
    the membership alone. Removing a User ends the membership; a managed account is closed
    with it and kept for the installation's administrators."""

    shape = USER_SHAPE

    def __init__(self, context: Context, members: Members) -> None:
        self._context, self._members = context, members

    def get(self, connection: Connection, authority: Authority, user_id: str) -> Resource:
        """Raises NotFound."""
        found = store.member(connection, authority.organisation.id, user_id)
        if found is None:
            raise NotFound
        groups = group_store.groups_of_person(connection, authority.organisation.id, user_id)
        return versioned(self._render(authority, *found, groups))

    def make(self, connection: Connection, authority: Authority, body: Any) -> Resource:
        """Raises ScimError, NameTaken, TooMany."""
        sent = parse_user(body)
        new = NewMember(
            user_name=sent.user_name,
            display=sent.display,
            external_id=sent.external_id,
            attributes=sent.attributes,
            locale=sent.locale,
            is_suspended=sent.active is False,
        )
        member, account = self._members.add_in(connection, authority, new)
        return versioned(self._render(authority, member, account, ()))

    def replace(self, connection: Connection, authority: Authority, user_id: str, body: Any) -> Resource:
        """Raises ScimError, NotFound, Forbidden, NameTaken."""
        member, account = self._members.target(connection, authority, PersonId(user_id))
        sent = parse_user(body)
        changes = self._changes(connection, authority, member, sent)
        if changes:
            self._members.change_in(connection, authority, member.person, "change", **changes)
        if member.is_managed and sent.display != account.display:
            people_store.change_person(connection, member.person, display=checked_display(sent.display))
            address = person_address(member.person)
            self._context.outbox.add(connection, contract.PERSON_CHANGED, address)
            now_s = self._context.clock.now_s()
            store.change_member(connection, member.organisation, member.person, changed_s=now_s)
        if sent.active is not None and sent.active == member.is_suspended:
            act = self._members.resume_in if sent.active else self._members.suspend_in
            act(connection, authority, member.person)
        return self.get(connection, authority, user_id)

    def _changes(
        self, connection: Connection, authority: Authority, member: Member, sent: Sent
    ) -> dict[str, str | None]:
        changes: dict[str, str | None] = {}
        if sent.user_name != member.user_name:
            key = user_key(checked_user_name(sent.user_name))
            taken = store.person_by_key(connection, authority.organisation.id, key)
            if taken not in (None, member.person):
                raise NameTaken
            changes |= {"user_name": sent.user_name, "user_key": key}
        if sent.external_id != member.external_id:
            changes["external_id"] = sent.external_id
        if sent.attributes != member.attributes:
            changes["attributes"] = msgspec.json.encode(sent.attributes).decode()
        return changes

    def remove(self, connection: Connection, authority: Authority, user_id: str) -> None:
        self._members.remove_in(connection, authority, PersonId(user_id))

    def find(
        self, connection: Connection, authority: Authority, query: Query
    ) -> tuple[int | None, Sequence[Resource]]:
        """Resources that may match, their versions still to be made; the total when they are
        exactly the page that is asked for."""
        organisation_id = authority.organisation.id
        if query.filter is None and not query.sort_by:
            found = store.slice_of(connection, organisation_id, query.start - 1, query.count)
            total: int | None = store.count(connection, organisation_id)
        else:
            found, total = store.everybody(connection, organisation_id, *_narrowed(query.filter)), None
        few = len(found) <= MOST_RESULTS
        ids = [member.person for member, _account in found] if few else None
        groups = group_store.groups_by_person(connection, organisation_id, ids)
        return total, [
            self._render(authority, member, account, groups.get(member.person, ()))
            for member, account in found
        ]

    def _render(
        self, authority: Authority, member: Member, account: Account, groups: Sequence[Group]
    ) -> Resource:
        base = base_of(self._context, authority)
        resource: Resource = {
            "schemas": [USER],
            "id": member.person,
            "userName": member.user_name,
            "displayName": account.display,
            "active": not member.is_suspended,
            **member.attributes,
        }
        for unset in resource.pop("unset", ()):
            del resource[unset]
        if member.external_id is not None:
            resource["externalId"] = member.external_id
        if groups:
            resource["groups"] = [
                {
                    "value": group.id,
                    "$ref": f"{base}/Groups/{group.id}",
                    "display": group.name,
                    "type": "direct",
                }
                for group in groups
            ]
        return with_meta(resource, "User", base, member.joined_s, member.changed_s)


def base_of(context: Context, authority: Authority) -> str:
    return f"{context.site.public_url}/scim/v2/{authority.organisation.slug}"


def with_meta(resource: Resource, kind: str, base: str, created_s: float, changed_s: float) -> Resource:
    meta = {
        "resourceType": kind,
        "created": moment(created_s),
        "lastModified": moment(changed_s),
        "location": f"{base}/{kind}s/{resource['id']}",
    }
    resource["meta"] = meta
    return resource


def versioned(resource: Resource) -> Resource:
    """The resource with the version that it has as it is."""
    resource["meta"] = {**resource["meta"], "version": version_of(resource)}
    return resource


def _narrowed(filter_: Filter | None) -> list[Any]:
    """A condition that an index answers, when the filter holds only where it does."""
    parts = filter_.parts if isinstance(filter_, And) else (filter_,)
    for part in parts:
        if isinstance(part, Compare) and part.operator == "eq" and isinstance(part.value, str):
            value = part.value.replace("\0", "\ufffd")
            match str(part.attribute):
                case "userName":
                    return [store.by_user_key(user_key(value))]
                case "externalId":
                    return [store.by_external_id(value)]
                case "id":
                    return [store.by_person(value)]
    return []
