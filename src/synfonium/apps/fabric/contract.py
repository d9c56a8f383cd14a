# SPDX-License-Identifier: Apache-2.0
"""What other apps may know of the fabric: grants, and how they are told of them.

Events (subject `fabric:grant/<id>`, data `{"app", "subject", "object", "person"}`):
`fabric.grant.given`, `fabric.grant.revoked`.

Commands: `fabric.grant_secret` {grant} → GrantSecret, for the grant's own app alone; each
call makes a new secret and ends the one before. `fabric.grants_for` {subject} →
[Grant, …] that are in force, for the app that the subject belongs to.
`fabric.search` {person, query, limit} → {"total", "hits": [MineHit, …]}.

An object's address is `app:kind/id`; its page is `/app/kind/id`. `drive:root` is the
person's whole drive.
"""

from typing import Literal, Protocol

import msgspec

from synfonium.common.ids import AppName, GrantId, PersonId

GRANT_GIVEN = "fabric.grant.given"
GRANT_REVOKED = "fabric.grant.revoked"

Action = Literal["read", "write"]


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """`person` lets `subject` of `app` do `actions` with `object`, since a click of theirs."""

    id: GrantId
    person: PersonId
    app: AppName
    subject: str
    object: str
    actions: frozenset[Action]
    label: str = ""
    since_s: float
    used_s: float = 0.0


class GrantSecret(msgspec.Struct, frozen=True, kw_only=True):
    """How the app reaches the object: WebDAV at `url` with HTTP Basic, or bearer `secret`."""

    url: str
    user: str
    secret: str


class MineHit(msgspec.Struct, frozen=True, kw_only=True):
    """One of the person's own things; `snippet` is escaped HTML with `<b>`."""

    address: str
    url: str
    app: str
    title: str
    snippet: str
    time_s: float


class Grants(Protocol):
    """Looks grants up; offered in every process."""

    async def of(self, grant: GrantId) -> Grant | None:
        """The grant if it is in force now, else None."""
        ...


def page_of(address: str) -> str:
    """The page of an object, by its address."""
    app, _, place = address.partition(":")
    return f"/{app}/{place}"
