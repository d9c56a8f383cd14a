# SPDX-License-Identifier: Apache-2.0
"""Objects: things with an address that can be granted, and what an app that has some answers.

An address is `app:kind/id`, such as `drive:node/01h…`; `app:word` names a collection that
each person has one of, such as `drive:root`. An app that has objects answers three calls,
with these structs as JSON: an installed app by commands `object_describe`, `object_children`
and `object_create`; an outside app by `POST <objects door>/describe`, `/children`, `/create`.
"""

from typing import Literal, Protocol

import msgspec

from synfonium.common.ids import AppName, PersonId

Action = Literal["read", "write", "use"]
"""read: see it and all below it. write: change, add, remove. use: run its declared actions."""

FILE = "file/1"
"""Bytes with a media type, by HTTP GET, PUT, Range and ETag (RFC 9110)."""
FOLDER = "folder/1"
"""A tree of files, by WebDAV (RFC 4918)."""
DESKTOP = "desktop/1"
"""A computer with a screen."""
CALENDAR = "calendar/1"
"""Events and tasks, by CalDAV (RFC 4791)."""
LINK = "link/1"
"""A web address."""


class Object(msgspec.Struct, frozen=True, kw_only=True):
    """An object as one person may see it.

    interfaces: spec ids, such as `file/1`. path: its own address, then that of each thing
    that it lies in, up to the collection; a right to any of them is a right to it.
    may: what that person may do with it, and so give to an app. revision: changes with its
    content. modified_s: UTC seconds. page: where a person looks at it, a path of this site
    or a web address.
    """

    address: str
    interfaces: tuple[str, ...]
    owner: PersonId
    media_type: str = ""
    revision: str = ""
    title: str = ""
    size_bytes: int = 0
    modified_s: float = 0.0
    path: tuple[str, ...] = ()
    may: frozenset[Action] = frozenset()
    page: str = ""
    location: str = ""


class Crumb(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the way down to a thing, for a person to read."""

    address: str
    title: str


class Children(msgspec.Struct, frozen=True, kw_only=True):
    """What lies in a thing, or what a search in it found; in the order that people expect.

    crumbs: the way down to `parent`, from the collection. after: asks for what follows, ""
    at the end.
    """

    parent: Object
    crumbs: tuple[Crumb, ...]
    items: tuple[Object, ...]
    after: str = ""


class ObjectsAsk(msgspec.Struct, frozen=True, kw_only=True):
    """A call about objects. person: for whom; an outside app gets their pairwise `sub`.

    describe: `address`. children: what lies in `address` ("" for the person's collection);
    with a `query`, what lies anywhere below, is called like it, has one of `interfaces` and a
    media type of `media_types` (`image/*`; empty for any). create: an empty `title` of
    `media_type` in `address`.
    """

    person: PersonId
    address: str = ""
    interfaces: tuple[str, ...] = ()
    media_types: tuple[str, ...] = ()
    query: str = ""
    after: str = ""
    limit: int = 200
    title: str = ""
    media_type: str = ""


class Objects(Protocol):
    """All apps' objects, whichever way the app is reached; offered in the web role."""

    async def describe(self, person: PersonId, address: str) -> Object | None:
        """The object as `person` may see it; None for what is not there or not theirs to see."""
        ...

    async def children(self, app: AppName, ask: ObjectsAsk) -> Children | None: ...

    async def create(self, app: AppName, ask: ObjectsAsk) -> Object:
        """Raises the app's problem (name taken, no room)."""
        ...


def page_of(address: str) -> str:
    """The page of an installed app's object, by its address."""
    app, _, place = address.partition(":")
    return f"/{app}/{place}"


def fits(media_type: str, wanted: tuple[str, ...]) -> bool:
    """Whether a media type is one of those wanted: `image/png`, `image/*`, `*/*`; any when none is."""
    kind = media_type.partition("/")[0]
    return not wanted or any(one in (media_type, "*/*", f"{kind}/*") for one in wanted)
