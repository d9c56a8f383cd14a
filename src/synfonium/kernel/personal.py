# SPDX-License-Identifier: Apache-2.0
"""A person's data: how an app gives it out, takes it in and destroys it.

For plain tables nothing has to be written. A table says in its `info`:

    info={
        "personal": {"label": "what it is; what for; until when"},
        "owner": "person",                        # the column with the person's id, or
        "owner": ("node", "drive_node.id"),       # the column, and whose owner is its owner
        "orphans_go": True,                       # a row goes when the row it hangs on has gone
        "secrets": ("public_key",),               # columns that are never given out, besides
                                                  # those called hash, sealed, secret, digest
        "mentions": ("author",),                  # ids of other people, replaced when they go
        "ends": ("expires_s", 0.0),               # a row goes so many seconds after that time
        "kept": "why these rows outlive the person",   # instead of an owner
        "swept": "module:function",               # who removes what is over, if not by `ends`
    }

and the kernel exports its rows as JSON Lines, erases them with the person, and removes what
is over. What does not stand in a plain table (files, an index, a machine) is the app's own
`Part`, named in `App.personal`. A part only adds: rows are given out and erased all the same.

Rows are not taken in by themselves, since their ids are those of another installation: a
part that wants its rows back reads them from the `Coming` and writes them under new ids.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from sqlalchemy import Connection

from synfonium.common.ids import PersonId

__all__ = ["ERASED", "Archive", "Coming", "Content", "Part", "Plain"]

ERASED = "erased"
"""Stands where another person's row named somebody who is gone."""


class Content(Protocol):
    """The bytes of a file, for a thread that reads them from end to end; blocks."""

    def readinto(self, buffer: memoryview, /) -> int:
        """Fills the buffer's beginning; how many bytes, 0 at the end. It has 1 MiB at least."""
        ...

    def close(self) -> None: ...


class Archive(Protocol):
    """An archive of one person, being written as a stream. Paths lie below the app's folder.

    A path that was asked for is made safe for every system first (NFC, no reserved names,
    nothing twice, whatever the case); where the content went is given back.
    """

    async def file(
        self, path: str, pieces: AsyncIterator[bytes], *, size_bytes: int, modified_s: float = 0.0
    ) -> str:
        """Adds a file; its path in the archive. Not compressed: content rarely can be."""
        ...

    async def content(
        self, path: str, opened: Callable[[], Content], *, size_bytes: int, modified_s: float = 0.0
    ) -> str:
        """Adds a file as `file` does, for much content: a thread opens it, reads and closes."""
        ...

    async def rows(self, name: str, rows: Iterable[Mapping[str, Any]], schema: Mapping[str, Any]) -> None:
        """Adds `name`.jsonl and its JSON Schema."""
        ...


class Coming(Protocol):
    """An app's folder of an archive that is being taken in; every byte of it is hostile.

    Read anywhere, as often as needed; nothing of it is kept in memory.
    """

    @property
    def owner(self) -> str:
        """The person's id in the archive."""
        ...

    def new_id(self, old: str) -> str:
        """The id here of what had that id there: the same in every app, unlike all others."""
        ...

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """The rows of `name`.jsonl, none when there is no such file. Raises BadArchive."""
        ...

    def file(self, path: str) -> AsyncIterator[bytes]:
        """A file's content, to be found at the path in the whole archive. Raises BadArchive."""
        ...

    def size_bytes(self, path: str) -> int:
        """Raises BadArchive for a file that is not there."""
        ...

    def note(self, text: str) -> None:
        """Something the person should know of: what could not come along, and why."""
        ...


class Part(Protocol):
    """What an app does with a person's data beyond its plain tables.

    `export` runs in any process, with a database that can only be read; `bring` and `erase`
    run in the app's own role and may be asked again after a crash at any moment.
    """

    async def size_bytes(self, person: PersonId) -> int:
        """About how much `export` will add, to tell how far it is."""
        ...

    def look(self, connection: Connection, person: PersonId) -> Any:
        """What `export` will need, read from the same snapshot as the rows."""
        ...

    async def export(self, person: PersonId, seen: Any, archive: Archive) -> None:
        """Adds what is in no table. seen: what `look` gave, None for an app without tables."""
        ...

    async def bring(self, person: PersonId, name: str, coming: Coming) -> None:
        """Writes what the archive holds, for a person who does not exist here yet."""
        ...

    async def erase(self, person: PersonId) -> Mapping[str, int]:
        """Destroys what no table holds; how much of what. Rows go afterwards."""
        ...


class Plain:
    """A part that does nothing more than the tables say."""

    async def size_bytes(self, person: PersonId) -> int:
        return 0

    def look(self, connection: Connection, person: PersonId) -> Any:
        return None

    async def export(self, person: PersonId, seen: Any, archive: Archive) -> None:
        return None

    async def bring(self, person: PersonId, name: str, coming: Coming) -> None:
        return None

    async def erase(self, person: PersonId) -> Mapping[str, int]:
        return {}
