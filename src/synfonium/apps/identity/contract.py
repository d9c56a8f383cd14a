# SPDX-License-Identifier: Apache-2.0
"""What other apps may know of identity: who people are, and what happened to them.

Events carry only ids; a subscriber that may know more asks through `People`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from synfonium.common.ids import PersonId

__all__ = [
    "MEMBER_ADDED",
    "MEMBER_CHANGED",
    "MEMBER_REMOVED",
    "NEW_DEVICE",
    "PASSKEY_ADDED",
    "PERSON_ADDED",
    "PERSON_CHANGED",
    "PERSON_RESUMED",
    "PERSON_SUSPENDED",
    "SESSION_ENDED",
    "AccessTokens",
    "Answered",
    "AppAccess",
    "AppPasswords",
    "Approvals",
    "Approving",
    "Codes",
    "DetailType",
    "GroupView",
    "Leaving",
    "Mailbox",
    "Mailboxes",
    "Membership",
    "OrganisationKind",
    "Organisations",
    "People",
    "PersonView",
    "Pool",
    "Profile",
    "Quota",
    "Role",
    "Scheme",
    "Signed",
    "Subjects",
    "TokenScopes",
    "person_address",
    "session_address",
]

PERSON_ADDED = "identity.person.added"
PERSON_CHANGED = "identity.person.changed"
PERSON_SUSPENDED = "identity.person.suspended"
PERSON_RESUMED = "identity.person.resumed"
SESSION_ENDED = "identity.session.ended"
"""A browser is no longer signed in, however that came about; `person` is in its data."""

NEW_DEVICE = "identity.session.new_device"
"""Somebody signed in as `person` where they had never signed in before; the subject is the session."""
PASSKEY_ADDED = "identity.passkey.added"
"""`person` has a further passkey, which is the subject."""

MEMBER_ADDED = "identity.member.added"
MEMBER_CHANGED = "identity.member.changed"
MEMBER_REMOVED = "identity.member.removed"
"""Events of organisations: the subject is the person, data `{"organisation": <id>}`."""

OrganisationKind = Literal["family", "organisation"]
Role = Literal["owner", "administrator", "member"]

Scheme = Literal["", "light", "dark"]
"""The colours a person chose; empty follows the device."""


class PersonView(msgspec.Struct, frozen=True, kw_only=True):
    """A person as others may see them. name: what they sign in with; display: what they are called."""

    id: PersonId
    name: str
    display: str
    is_suspended: bool = False


class People(Protocol):
    """Looks people up; offered in every process."""

    async def by_name(self, name: str) -> PersonView | None: ...

    async def by_id(self, person_id: PersonId) -> PersonView | None: ...


class Leaving(Protocol):
    """Knows of accounts that their own people closed, to be erased later; offered in every process."""

    async def path_of(self, person_id: PersonId) -> str:
        """The page at which somebody who has just shown that they are this person decides
        whether their account stays; empty when it is not to be erased."""
        ...


class Mailbox(msgspec.Struct, frozen=True):
    """Where a person is written to, and in which language ("" for the installation's)."""

    address: str
    locale: str


class Mailboxes(Protocol):
    """Finds where people are written to; offered in every process."""

    async def of(self, person_id: PersonId) -> Mailbox | None:
        """None for a person without a verified address, or without an account."""
        ...


class Profile(Protocol):
    """Changes what a person may change about themselves; offered in identity's own role.

    Each raises `common.problem.BadInput` for a value that cannot be used and `NotFound`
    for a person who does not exist.
    """

    async def set_locale(self, person_id: PersonId, locale: str) -> None:
        """`locale` is a language the installation speaks, or empty for the browser's."""
        ...

    async def set_scheme(self, person_id: PersonId, scheme: str) -> None: ...

    async def set_display(self, person_id: PersonId, display: str) -> None:
        """1 to 80 characters, without control characters."""
        ...


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """A group of one organisation."""

    id: str
    name: str


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """That a person is in an organisation, as what, and in which of its groups.

    organisation: its id; slug: what stands for it in addresses.
    """

    organisation: str
    slug: str
    name: str
    kind: OrganisationKind
    role: Role
    groups: tuple[GroupView, ...] = ()


class Pool(msgspec.Struct, frozen=True, kw_only=True):
    """Storage that the people of one organisation share."""

    organisation: str
    name: str
    limit_bytes: int


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """How much a person may store. limit_bytes: for them alone, None for no limit of their
    own; pool: what they share with others, None when nothing is shared."""

    limit_bytes: int | None = None
    pool: Pool | None = None


class Organisations(Protocol):
    """Who is together with whom; offered in every process. Suspended memberships and
    suspended organisations do not show."""

    async def of_person(self, person_id: PersonId) -> tuple[Membership, ...]:
        """Where the person is a member, first joined first."""
        ...

    async def of_group(self, group_id: str) -> tuple[PersonId, ...]:
        """The members of a group; none for a group that is not there."""
        ...

    async def of_pool(self, organisation: str) -> tuple[PersonId, ...]:
        """Everybody whose storage counts in the organisation's pool."""
        ...

    async def quota_of(self, person_id: PersonId) -> Quota | None:
        """What the person's organisation gives them; None when none has a say.

        The organisation that manages the account decides; for an account of the person's
        own, the first that they joined and that gives storage.
        """
        ...


class DetailType(Protocol):
    """A kind of access that other sites may ask a person for by `authorization_details`
    (RFC 9396); an app offers one implementation for each.

    type: as in the request, a URL or a short name. `check` raises ValueError for a detail that
    lacks what the kind needs. `words` says in one plain sentence, in English gettext source
    with its values filled in, what the site could do; it is shown to the person who decides.
    Both are called within a transaction: they neither wait nor look anything up.

    page: where the person decides by doing, such as picking a file, instead of agreeing to
    words; "" for the page that asks. It is opened with `?request=<sealed>`, and goes on by
    `Approvals`.
    """

    @property
    def type(self) -> str: ...

    @property
    def page(self) -> str: ...

    def check(self, detail: Mapping[str, object]) -> None: ...

    def words(self, detail: Mapping[str, object]) -> str: ...


class Approving(msgspec.Struct, frozen=True, kw_only=True):
    """A request that waits for a person on a page of another app.

    site: the host that the answer goes to, "" for a device. origins: those of the client's
    pages. scopes: what it asks to know besides. user_code: of a device (RFC 8628).
    """

    client_id: str
    name: str
    site: str
    origins: tuple[str, ...]
    details: tuple[dict[str, Any], ...]
    scopes: tuple[str, ...] = ()
    user_code: str = ""


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """How the answer goes back. url: where the browser goes, "" for a device; fields: what a
    window that was opened by the client's page hands to it at `origin`; is_posted: by a form
    (Form Post Response Mode 1.0)."""

    url: str
    origin: str
    fields: dict[str, str]
    uri: str = ""
    is_posted: bool = False


class Signed(Protocol):
    """Who decides, signed in here (kernel.actor.Person has this shape)."""

    @property
    def id(self) -> PersonId: ...
    @property
    def by_session(self) -> bool: ...
    @property
    def session_id(self) -> str: ...
    @property
    def fresh_s(self) -> float: ...


class Approvals(Protocol):
    """Authorization requests that are decided on a page of another app; in identity's role."""

    async def open(self, sealed: str) -> Approving:
        """Raises a problem for one that is too old or not ours."""
        ...

    async def decide(self, sealed: str, person: Signed, details: Sequence[dict[str, Any]] | None) -> Answered:
        """Answers the client: with a code for the details as the person filled them in, or
        that the person did not agree (None). Where they have to sign in again, `url` leads
        there. Raises as `open`."""
        ...


class AppAccess(msgspec.Struct, frozen=True, kw_only=True):
    """What an access token stands for."""

    client_id: str
    person: PersonId
    scopes: tuple[str, ...]
    details: tuple[dict[str, Any], ...]


class Codes(Protocol):
    """Exchanges codes for apps that this installation itself stands in front of; in identity's role."""

    async def redeem(self, client_id: str, code: str, redirect_uri: str, verifier: str) -> str:
        """The access token. Raises SignInNeeded for a code that is wrong, used or too old."""
        ...


class AccessTokens(Protocol):
    """Recognises access tokens at doors of this installation; offered in every process."""

    async def of(self, token: str) -> AppAccess | None:
        """None for a credential of another kind. Raises SignInNeeded for one that is over, is
        meant for somebody else, or is bound to a key."""
        ...


class AppPasswords(Protocol):
    """Gives programs of a person, such as a file client, a credential of their own, which the person
    sees and takes back among their ways in; in identity's role."""

    async def make(self, person: PersonId, label: str, scopes: Sequence[str]) -> str:
        """The secret, shown once; it works as the password of HTTP Basic and as a bearer token, and
        administers nothing. label: what it is called, cut to what fits. Raises Conflict when the
        person has as many as they may."""
        ...

    async def revoke(self, person: PersonId, secret: str) -> None:
        """Raises NotFound for what is no credential of this person's."""
        ...


class Subjects(Protocol):
    """By which pairwise `sub` a client knows a person; offered in every process."""

    async def of(self, client_id: str, person: PersonId) -> str | None:
        """None for a client that does not exist."""
        ...


def person_address(person_id: PersonId) -> str:
    """The address of a person as an object."""
    return f"identity:person/{person_id}"


def session_address(session_id: str) -> str:
    """The address of a session as an object."""
    return f"identity:session/{session_id}"


class TokenScopes(Protocol):
    """What tokens of a person may open beside the scopes that installed apps declare; offered by an
    app that others are added to."""

    async def names(self, locale: str) -> Mapping[str, str]:
        """Scope, which no installed app declares, to the name of what it opens."""
        ...
