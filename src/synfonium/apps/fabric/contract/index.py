# SPDX-License-Identifier: Apache-2.0
"""Index and query: one private search over what a person has in any app.

An app pushes what is to be found of a person, as text, and forgets what is gone. What it
pushed is found by that person, by those whom its object is shared with, and by apps that were
granted it: that is asked when somebody searches, so a right that ends needs no push.
"""

from collections.abc import Sequence
from typing import Annotated, Protocol

import msgspec

from synfonium.common.ids import AppName, PersonId

INDEX_WANTED = "fabric.index.wanted"
"""The index has lost something: push again all that `person` has (empty: everybody) in `app`
(empty: every app). Subject `fabric:index`, data `{"app", "person"}`."""

MOST_AT_ONCE = 500
_Count = msgspec.Meta(max_length=MOST_AT_ONCE)


class Findable(msgspec.Struct, frozen=True, kw_only=True):
    """A thing to be found. address: `app:kind/id`, of the app that pushes.

    title: at most 500 characters in one line. text: at most a million. path: addresses of
    what it lies in. interfaces: spec ids such as `file/1`. lang: BCP 47. modified_s: UTC
    seconds. revision: changes with its content.
    """

    address: str
    title: str
    text: str = ""
    path: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()
    media_type: str = ""
    lang: str = ""
    modified_s: float = 0.0
    revision: str = ""


class IndexPush(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be found, replacing what was pushed at those addresses; and what is gone.

    person: whose things; by HTTP that of the credential.
    """

    documents: Annotated[tuple[Findable, ...], _Count] = ()
    forget: Annotated[tuple[str, ...], _Count] = ()
    person: PersonId = PersonId("")


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Why one document was not taken: a stable code, and the rule in one line."""

    address: str
    code: str
    reason: str


class IndexAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken is safe, and found within a second."""

    taken: int
    forgotten: int
    refused: tuple[Refused, ...] = ()


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A thing found, as it is now; `snippet` is escaped HTML with `<b>`."""

    address: str
    url: str
    app: str
    title: str
    snippet: str
    time_s: float
    interfaces: tuple[str, ...] = ()
    media_type: str = ""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The best first. after: the `offset` that goes on from here, 0 at the end. total: how many
    there are about; to whoever does not search their own things, only that there are more."""

    hits: tuple[Hit, ...]
    total: int
    after: int = 0


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What one person lets another read: all that lies in one of `objects`."""

    owner: PersonId
    objects: tuple[str, ...]


class Shares(Protocol):
    """What people let others read; offered, in the web role, by whoever keeps shares."""

    async def readable(self, person: PersonId) -> Sequence[Shared]: ...


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. app, interface: only things of that app, or with that interface."""

    text: str
    limit: int = 10
    offset: int = 0
    app: AppName = AppName("")
    interface: str = ""
