"""SCIM 2.0: an organisation's directory keeps its people in step (RFC 7643, RFC 7644)."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from synfonium.apps.identity.model.scim import ALL_NAMES
from synfonium.apps.identity.service.groups import Groups
from synfonium.apps.identity.service.members import Members
from synfonium.apps.identity.service.organisations import Authority
from synfonium.apps.identity.service.scim.bulk import Bulk
from synfonium.apps.identity.service.scim.groups import ScimGroups
from synfonium.apps.identity.service.scim.refusals import as_scim_error
from synfonium.apps.identity.service.scim.single import Kind, write_one
from synfonium.apps.identity.service.scim.users import Resource, Users, versioned
from synfonium.common.problem import NotFound
from synfonium.kernel.context import Context
from synfonium.libraries.scim.filters import Names, matches
from synfonium.libraries.scim.messages import (
    Query,
    list_response,
    projected,
    query_of,
    sort_key,
)

__all__ = ["Scim", "as_scim_error"]


class Scim:
    """Resources of one organisation, each change in one transaction with its audit row."""

    def __init__(self, context: Context, members: Members, groups: Groups) -> None:
        self._context = context
        self._kinds: dict[str, Kind] = {
            "Users": Users(context, members),
            "Groups": ScimGroups(context, groups),
        }
        self._members = members
        self.bulk = Bulk(context, self._kinds, members)

    def kind(self, name: str) -> Kind:
        """Raises NotFound."""
        if name not in self._kinds:
            raise NotFound
        return self._kinds[name]

    async def get(self, authority: Authority, kind: str, id_: str) -> Resource:
        of = self.kind(kind)
        return await self._context.database.read(lambda c: of.get(c, authority, id_))

    async def write(
        self, authority: Authority, method: str, kind: str, id_: str, body: Any, if_match: str
    ) -> Resource | None:
        """POST, PUT, PATCH or DELETE; the resource after it, None when it is gone."""
        of = self.kind(kind)
        made = await self._context.database.write(
            lambda c: write_one(c, of, authority, method, id_, body, if_match)
        )
        self._members.forget()
        return made

    async def find(self, authority: Authority, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """A ListResponse. Raises ScimError."""
        of = self.kind(kind)
        query = query_of(given, of.shape.names)
        return await self._context.database.read(lambda c: _found(c, of, authority, query))

    async def find_all(self, authority: Authority, given: Mapping[str, Any]) -> dict[str, Any]:
        """A ListResponse of resources of every kind (RFC 7644, section 3.4.2.1)."""
        query = query_of(given, ALL_NAMES)
        kinds = self._kinds.values()

        def work(connection: Connection) -> dict[str, Any]:
            whole = Query(filter=query.filter, sort_by="id")
            found = [one for of in kinds for one in of.find(connection, authority, whole)[1]]
            return _page(_chosen(found, query, ALL_NAMES), query)

        return await self._context.database.read(work)


def _found(connection: Connection, of: Kind, authority: Authority, query: Query) -> dict[str, Any]:
    total, found = of.find(connection, authority, query)
    if total is None:
        return _page(_chosen(found, query, of.shape.names), query)
    return list_response([projected(versioned(one), query) for one in found], total, query.start)


def _page(chosen: Sequence[Resource], query: Query) -> dict[str, Any]:
    shown = chosen[query.start - 1 : query.start - 1 + query.count]
    return list_response([projected(versioned(one), query) for one in shown], len(chosen), query.start)


def _chosen(found: Any, query: Query, names: Names) -> list[Resource]:
    filter_ = query.filter
    chosen = [one for one in found if filter_ is None or matches(filter_, one, names)]
    if query.sort_by:
        key = sort_key(query.sort_by, names)
        with_value = [one for one in chosen if not key(one)[0]]
        without = [one for one in chosen if key(one)[0]]
        chosen = [*sorted(with_value, key=key, reverse=query.is_descending), *without]
    return chosen
