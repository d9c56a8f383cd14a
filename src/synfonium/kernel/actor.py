"""Who asks. An actor is in the signature of every door that is not public."""

from typing import Protocol

import msgspec

from synfonium.common.ids import AppName, GrantId, PersonId

ALL_SCOPES = "*"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in person, or an app acting for one within `scopes` and `grant`.

    scopes: `{"*"}` means all that the person may do. grant: set when the credential is
    a grant's; then only the granted object is open, and the app's own check applies.
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
    grant: GrantId | None = None
    app: AppName | None = None
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
