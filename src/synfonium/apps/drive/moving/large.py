"""A large file comes in parts that stay when the machine falls: it goes on where it was, if the source says
of its content by an etag that it is still the same. Else it begins again; so it does when nothing came for as
long as uploads in parts are kept, which is a day."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Protocol

from synfonium.apps.drive.errors import NoSuchUpload
from synfonium.apps.drive.model import ABSENT, Node, NodeId, Upload
from synfonium.apps.drive.moving.port import Entry, NotTaken, Opened
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.files import Incoming
from synfonium.kernel.actor import Person

DOOR = "move-in"
PART_BYTES = 64 << 20
LARGE_BYTES = 2 * PART_BYTES


def is_large(entry: Entry) -> bool:
    """Whether it is worth its parts, and can go on."""
    return bool(entry.etag) and entry.size_bytes is not None and entry.size_bytes >= LARGE_BYTES


class Opening(Protocol):
    """The source's bytes of a file, from the byte `start` on, and how it was opened."""

    async def __call__(self, entry: Entry, start: int) -> tuple[Opened, AsyncGenerator[bytes, None]]: ...


class Large:
    """Files of one job."""

    def __init__(self, drive: DriveService, actor: Person, job: str) -> None:
        self._uploads, self._actor, self._job = drive.uploads, actor, job

    async def write(self, folder: NodeId, entry: Entry, key: str, opening: Opening) -> Node:
        """key: stands for the file and its content. Raises WrongState when its name is taken, and as
        `Files.write`."""
        upload = await self._begun(entry, key)
        at = sum(part.size_bytes for part in await self._uploads.parts(self._actor, upload))
        size_bytes = entry.size_bytes or 0
        modified_s = entry.modified_s
        if at < size_bytes:
            opened, pieces = await opening(entry, at)
            modified_s = modified_s if opened.modified_s is None else opened.modified_s
            async with aclosing(pieces):
                await self._parts(upload, at, size_bytes, Cutter(pieces))
        incoming = Incoming(modified_s=modified_s, checksums=entry.checksums, announced_bytes=size_bytes)
        finish = self._uploads.finish
        name = entry.path[-1]
        written = await finish(self._actor, upload, None, folder, name, incoming, expected=ABSENT)
        return written.node

    async def _parts(self, upload: Upload, at: int, size_bytes: int, cut: "Cutter") -> None:
        put = self._uploads.put_part
        while at < size_bytes:
            count = min(PART_BYTES, size_bytes - at)
            part = cut.part(count)
            await put(self._actor, upload, at, part, announced_bytes=count, offset_bytes=at)
            at += count
        await cut.end()

    async def _begun(self, entry: Entry, key: str) -> Upload:
        name = f"{self._job} {key}"
        try:
            return await self._uploads.find(self._actor, name, DOOR)
        except NoSuchUpload:
            return await self._uploads.begin(self._actor, DOOR, name=name, total_bytes=entry.size_bytes)

    async def forget(self, key: str = "") -> None:
        """Gives up what came of one file, or of all of the job."""
        for upload in await self._uploads.listing(self._actor, DOOR):
            if upload.name.startswith(f"{self._job} {key}"):
                await self._uploads.abort(self._actor, upload)


class Cutter:
    """One stream in parts."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    async def part(self, count: int) -> AsyncIterator[bytes]:
        """The next `count` bytes; fewer when there are no more."""
        while count:
            piece = self._rest or await anext(self._pieces, b"")
            if not piece:
                return
            self._rest = piece[count:]
            yield piece[:count]
            count -= len(piece[:count])

    async def end(self) -> None:
        """Raises NotTaken when there is more."""
        if self._rest or await anext(self._pieces, b""):
            raise NotTaken("size")
