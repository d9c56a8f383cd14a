"""Who asks. An actor is in the signature of every door that is not public."""

from typing import Protocol

import msgspec

from synfonium.common.ids import AppName, GrantId, PersonId

ALL_SCOPES = "*"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in person, or an app acting for one within `scopes` and `grants`.

    scopes: `{"*"}` means all that the person may do. app: set when an app asks; then only
    what `grants` say is open, within `caveats` (a biscuit), and the fabric's check applies. at: the
    address within a grant that is asked for; empty for the granted object itself.
    fresh_s: when this person last proved who they are, UTC seconds (0: by a token).
    awaits_passkey: an administrator who has not shown a passkey in this session, and
    administers nothing until then.
    """

    id: PersonId
    name: str
    display: str
    is_administrator: bool = False
    locale: str = ""
    scheme: str = ""
    scopes: frozenset[str] = frozenset({ALL_SCOPES})
    by_session: bool = False
    session_id: str = ""
    app: AppName | None = None
    grants: tuple[GrantId, ...] = ()
    caveats: bytes = b""
    at: str = ""
    fresh_s: float = 0.0
    awaits_passkey: bool = False

    def may(self, scope: str) -> bool:
        """Whether the credential covers `scope`."""
        return ALL_SCOPES in self.scopes or scope in self.scopes


class Visitor(msgspec.Struct, frozen=True):
    """Nobody in particular: the door is public and its author says so."""


class Authenticator(Protocol):
    """Recognises credentials; identity and fabric offer one each.

    Each returns None for a credential of another kind, and raises SignInNeeded for one
    of its own that is wrong, expired or revoked. No call hashes a password slowly.
    """

    async def by_session(self, cookie: str) -> Person | None: ...
    async def by_token(self, token: str) -> Person | None: ...
    async def by_password(self, name: str, secret: str) -> Person | None:
        """HTTP Basic, for file clients: the secret is an app token or a grant's."""
        ...


class Administrator(Person, frozen=True, kw_only=True):
    """A person who administers the installation; a door that asks for one refuses others."""


class DelegatedAdministrator(Person, frozen=True, kw_only=True):
    """A person who may look after others within a part of the installation, such as one
    organisation. The door admits everybody signed in; the app's own check says whom they look
    after, and takes nobody but this type or an `Administrator`."""


class Impersonal(msgspec.Struct, frozen=True):
    """`Annotated[Administrator, Impersonal("names and roles")]`: the door shows nothing that is
    a person's own, at most the entry of the directory. `shows`: what it does show of people."""

    shows: str = ""


class NeedsPass(msgspec.Struct, frozen=True):
    """`Annotated[Administrator, NeedsPass("drive.person.look")]`: the door shows what is a
    person's own, so it opens only to who has a pass for that person (a reason, for a while),
    and the use is written into the audit, for that person to read, before the door is entered.

    act: as it stands in the audit; its words are in the app's `pass_acts`. person: the parameter
    of the path that names whose it is; empty when that is learned only on the way: then the
    door or its service asks for the pass itself.
    """

    act: str
    person: str = "person_id"


class Passes(Protocol):
    """Leave to see what is a person's own; identity offers it in every process."""

    async def use(self, by: PersonId, person: PersonId, act: str) -> bool:
        """Whether `by` has a pass for `person` now; if so, the use has been written down."""
        ...


class Scope(msgspec.Struct, frozen=True):
    """`Annotated[Person, Scope("drive.read")]`: the credential must cover this scope."""

    name: str


class Proved(msgspec.Struct, frozen=True):
    """`Annotated[Person, Proved()]`: for a sensitive act the person must have proved who they
    are, in this very session, at most `within_s` seconds ago (NIST SP 800-63B, 7.2). A token
    never proves anything. `back`: the page to return to after a refused POST, when it is not
    the nearest page above the door's address.
    """

    within_s: float = 600.0
    back: str = ""
