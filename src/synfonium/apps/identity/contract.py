# SPDX-License-Identifier: Apache-2.0
"""What other apps may know of identity: who people are, and what happened to them.

Events carry only ids; a subscriber that may know more asks through `People`.
"""

from typing import Literal, Protocol

import msgspec

from synfonium.common.ids import PersonId

__all__ = [
    "PERSON_ADDED",
    "PERSON_CHANGED",
    "PERSON_RESUMED",
    "PERSON_SUSPENDED",
    "SESSION_ENDED",
    "People",
    "PersonView",
    "Profile",
    "Scheme",
    "person_address",
    "session_address",
]

PERSON_ADDED = "identity.person.added"
PERSON_CHANGED = "identity.person.changed"
PERSON_SUSPENDED = "identity.person.suspended"
PERSON_RESUMED = "identity.person.resumed"
SESSION_ENDED = "identity.session.ended"
"""A browser is no longer signed in, however that came about; `person` is in its data."""

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


def person_address(person_id: PersonId) -> str:
    """The address of a person as an object."""
    return f"identity:person/{person_id}"


def session_address(session_id: str) -> str:
    """The address of a session as an object."""
    return f"identity:session/{session_id}"
