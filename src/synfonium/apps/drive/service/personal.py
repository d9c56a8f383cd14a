"""What Drive does with a person's data beyond its tables: the bytes of files, a whole tree
taken in, and the key destroyed."""

import asyncio
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, BinaryIO, cast

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.model import BlobName, Space
from synfonium.apps.drive.service.arrival import Arrival
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.store import links, shares, spaces, whole
from synfonium.apps.drive.store.whole import Stored
from synfonium.common.ids import PersonId
from synfonium.kernel.context import Context
from synfonium.kernel.hold import is_held
from synfonium.kernel.personal import Archive, Coming, Part

BATCH = 400
BLOBS_AT_ONCE = 500
_CONTENT_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "content",
    "description": "Which file of the archive holds which version of a file (drive_file_version.id).",
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "path"],
    "properties": {"version": {"type": "string"}, "path": {"type": "string"}},
}


class _Seen(msgspec.Struct, frozen=True):
    """The versions of a moment, in a temporary file: there may be a million."""

    space: Space
    listed: Any


class _Drive:
    def __init__(self, context: Context) -> None:
        self._context = context
        # The drive that serves, where it does: it remembers spaces and keys.
        self._room: Room = context.service.room if context.service is not None else Room(context)

    async def size_bytes(self, person: PersonId) -> int:
        def work(connection: Connection) -> int:
            space = spaces.of_owner(connection, person)
            return whole.size_bytes(connection, space) if space else 0

        return await self._context.database.read(work)

    # Out

    def look(self, connection: Connection, person: PersonId) -> _Seen | None:
        space = spaces.of_owner(connection, person)
        if space is None:
            return None
        listed = cast(BinaryIO, tempfile.TemporaryFile(dir=self._context.home))  # noqa: SIM115
        for place, top in (("files", space.root), ("trash", space.trash)):
            for batch in _batches(
                (node.id, f"{place}/{path}") for path, node in whole.walk(connection, top) if node.is_file
            ):
                for stored, is_present in whole.versions_of(connection, dict(batch)):
                    _list(listed, stored, is_present)
        listed.seek(0)
        return _Seen(space, listed)

    async def export(self, person: PersonId, seen: _Seen | None, archive: Archive) -> None:
        if seen is None:
            return
        key = await self._room.key(seen.space)
        with seen.listed, cast(BinaryIO, tempfile.TemporaryFile(dir=self._context.home)) as content:
            for line in seen.listed:
                stored = msgspec.json.decode(line, type=Stored)
                path = await archive.content(
                    stored.path,
                    partial(self._room.sealed.open, key, stored.blob),
                    size_bytes=stored.size_bytes,
                    modified_s=stored.modified_s,
                )
                content.write(msgspec.json.encode({"version": stored.version, "path": path}) + b"\n")
            content.seek(0)
            await archive.rows("content", map(json.loads, content), _CONTENT_SCHEMA)

    # In

    async def bring(self, person: PersonId, name: str, coming: Coming) -> None:
        await Arrival(self._room, person, coming).run()

    # Away

    async def erase(self, person: PersonId) -> Mapping[str, int]:
        """The bytes first, while the rows still tell where they are; the rows, and with them
        the only copy of the key, go afterwards."""
        # First, so that nothing more comes into what is about to go.
        for goes in self._context.service.when_erased:
            await goes(person)
        space = await self._context.database.read(lambda c: spaces.of_owner(c, person))
        self._room.forget(person)
        # What was read of their files has reached the search, which forgets it after us.
        await self._context.service.indexing.pause()
        # What they shared of others' files, by shares and links, ends; and what was shared with them.
        ended = await self._context.database.write(
            lambda c: shares.remove_to(c, person) + links.remove_by(c, person)
        )
        self._room.mounts.forget()
        if space is None:
            return {"shares_and_links": ended} if ended else {}
        files = await self._context.database.read(lambda c: whole.count(c, space.id))
        count = 0
        while names := await self._context.database.read(
            lambda c: whole.blob_names(c, space.id, BLOBS_AT_ONCE)
        ):
            await self._remove(names)
            count += len(names)
        return {"blobs": count, "files_and_folders": files, "keys": 1, "shares_and_links": ended}

    async def _remove(self, names: list[BlobName]) -> None:
        # While a backup reads them, a delete would do nothing.
        while is_held(self._context.home):  # noqa: ASYNC110
            await asyncio.sleep(1)
        for name in names:
            await self._context.blobs.delete(name)
        await self._context.database.write(lambda c: whole.forget_blobs(c, names))


def _list(listed: BinaryIO, stored: Stored, is_present: bool) -> None:
    if not is_present:
        place = stored.path.partition("/")[2]
        stored = msgspec.structs.replace(stored, path=f"versions/{stored.version}/{place}")
    listed.write(msgspec.json.encode(stored) + b"\n")


def _batches(pairs: Iterable[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    batch: list[tuple[str, str]] = []
    for pair in pairs:
        batch.append(pair)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def part(context: Context) -> Part:
    return _Drive(context)
