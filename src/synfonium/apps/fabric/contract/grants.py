# SPDX-License-Identifier: Apache-2.0
"""Grants: what lets an app reach an object, until it is taken back."""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from synfonium.apps.fabric.contract.objects import Action
from synfonium.common.ids import AppName, GrantId, PersonId

GRANT_GIVEN = "fabric.grant.given"
GRANT_REVOKED = "fabric.grant.revoked"
GRANT_USED = "fabric.grant.used"
"""Of the audit alone: the first use of a grant on a day."""

DETAIL_TYPE = "synfonium-object"
"""The `type` of `authorization_details` (RFC 9396) by which an app asks for an object."""
APP_SCOPE = "fabric.app"
"""What an access token of an app opens: the doors at which apps speak to the fabric."""
CHECK_SCOPE = "fabric.check"
"""What any credential of an app opens: the door that says whether it may."""

Origin = Literal["pick", "save", "share", "open", "page", "delegated", "brought"]
"""Since which click: picked, saved to, shared, opened with; given on a page of ours; passed on
by an app that had it; or brought along from another installation."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """until_s: UTC seconds, 0 for as long as nobody takes it back. uses: how many requests that show the
    right are let in still, -1 for any number."""

    until_s: float = 0.0
    uses: int = -1


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """`person` lets `subject` of `app` do `actions` with `object` and all below it.

    parent: the grant that it was cut from; it is never wider, and ends with it. title: what
    the object was called then. label: what the subject was called.
    """

    id: GrantId
    person: PersonId
    app: AppName
    subject: str
    object: str
    actions: frozenset[Action]
    limits: Limits = Limits()
    origin: Origin = "page"
    parent: GrantId = GrantId("")
    title: str = ""
    label: str = ""
    since_s: float
    used_s: float = 0.0


class GrantSecret(msgspec.Struct, frozen=True, kw_only=True):
    """How the app reaches the object: WebDAV at `url` with HTTP Basic, or bearer `secret`.

    interfaces, title: what the object is, and is called, now; empty when it is not there (as
    a file in the trash).
    """

    url: str
    user: str
    secret: str
    interfaces: tuple[str, ...] = ()
    title: str = ""


class Credential(Protocol):
    """Who asks, as far as a right goes (kernel.actor.Person has this shape)."""

    @property
    def grants(self) -> tuple[GrantId, ...]: ...
    @property
    def caveats(self) -> bytes: ...


class Grants(Protocol):
    """Whether a right is in force; offered in every process, and asked at every door.

    A right that was taken back is refused within half a second everywhere, at once in the
    role that keeps the table.
    """

    async def of(self, grant: GrantId) -> Grant | None:
        """The grant if it is in force now, else None."""
        ...

    async def check(self, actor: Credential, path: Sequence[str], action: Action) -> Grant | None:
        """The grant by which `actor` may do `action` with `path[0]`, or None.

        path: the object's address, then those of what it lies in.
        """
        ...

    async def holding(self, paths: Sequence[Sequence[str]], action: Action) -> Sequence[Sequence[Grant]]:
        """For each path the grants in force, of anybody, by which `action` may be done with it."""
        ...
