"""One change of one resource."""

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Connection

from synfonium.apps.identity.service.organisations import Authority
from synfonium.apps.identity.service.scim.users import Resource
from synfonium.libraries.scim.errors import ScimError
from synfonium.libraries.scim.messages import Query
from synfonium.libraries.scim.patch import Shape, apply_patch


class Kind(Protocol):
    """Users or Groups; each function runs within a transaction."""

    shape: Shape

    def get(self, connection: Connection, authority: Authority, id_: str, /) -> Resource: ...
    def make(self, connection: Connection, authority: Authority, body: Any, /) -> Resource: ...
    def replace(self, connection: Connection, authority: Authority, id_: str, body: Any, /) -> Resource: ...
    def remove(self, connection: Connection, authority: Authority, id_: str, /) -> None: ...
    def find(
        self, connection: Connection, authority: Authority, query: Query, /
    ) -> tuple[int | None, Sequence[Resource]]: ...


def write_one(
    connection: Connection,
    kind: Kind,
    authority: Authority,
    method: str,
    id_: str,
    body: Any,
    if_match: str = "",
) -> Resource | None:
    """Raises ScimError, and what the use cases raise."""
    if method == "POST":
        return kind.make(connection, authority, body)
    before = kind.get(connection, authority, id_)
    if if_match and not is_version(before, if_match):
        raise ScimError(412, detail="The resource has changed in the meantime.")
    if method == "DELETE":
        kind.remove(connection, authority, id_)
        return None
    if method == "PATCH":
        body = apply_patch(before, body, kind.shape)
        if body == before:
            return before
        body |= {name: None for name in kind.shape.own if name not in body}
    return kind.replace(connection, authority, id_, body)


def is_version(resource: Resource, header: str) -> bool:
    """Whether an If-Match or If-None-Match header names the resource's version."""
    wanted = [tag.strip().removeprefix("W/") for tag in header.split(",")[:50]]
    return "*" in wanted or str(resource["meta"]["version"]).removeprefix("W/") in wanted
