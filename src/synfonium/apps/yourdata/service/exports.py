"""Writes the archive of a person: every app's rows, and what its part adds."""

import asyncio
import os
import shutil
from io import FileIO
from pathlib import Path

import msgspec

from synfonium.apps.yourdata.errors import NotOurPath, PathTaken
from synfonium.apps.yourdata.service.readme import LISEZMOI, README
from synfonium.apps.yourdata.service.writing import AppArchive, Writing, settled
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import StorageFull
from synfonium.kernel.calls import Progress
from synfonium.kernel.coming import FORMAT, MANIFEST, VERSION, Manifest, Whose
from synfonium.kernel.context import Context
from synfonium.kernel.giving import Giver

TELL_EVERY_S = 0.5
KEPT_FREE_BYTES = 64 * 1024 * 1024


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """How much went into an archive."""

    files: int
    size_bytes: int


class Told:
    """Passes on, now and then, how far an archive is."""

    def __init__(self, progress: Progress, total_bytes: int) -> None:
        self._progress, self.total_bytes = progress, total_bytes
        self._told_s, self.done_bytes = 0.0, 0
        self._task: asyncio.Task[None] | None = None

    def __call__(self, done_bytes: int) -> None:
        self.done_bytes = done_bytes

    async def run(self) -> None:
        while True:
            done = self.done_bytes
            await self._progress(f"{done / 1e6:,.0f} MB", done, max(self.total_bytes, done + 1))
            await asyncio.sleep(TELL_EVERY_S)


class Exports:
    """In any process: databases and blobs are only read."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def size_bytes(self, person: PersonId) -> int:
        """About how large the archive will be."""
        return sum([await giver.size_bytes(person) for giver in self._context.offers(Giver)])

    async def write(self, whose: Whose, path: Path, progress: Progress) -> Written:
        """Writes the archive to `path`, which appears whole or not at all.

        Raises NotOurPath, PathTaken, StorageFull, and what an app's part raises.
        """
        total = await self.size_bytes(PersonId(whose.id))
        part = path.with_name(f".{path.name}.{new_id()}.part")
        file = _create(path, part, total)
        told = Told(progress, total)
        telling = asyncio.create_task(told.run())
        try:
            writing = Writing(file, path.parent, told)
            try:
                await self._fill(writing, whose)
                await settled(writing.stream.finish)
            finally:
                writing.close()
            await settled(_publish, file, part, path)
            return Written(files=writing.stream.count, size_bytes=writing.stream.size_bytes)
        except OSError as error:
            raise _explained(error) from error
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
            file.close()
            part.unlink(missing_ok=True)

    async def _fill(self, writing: Writing, whose: Whose) -> None:
        await writing.text("README.txt", README)
        await writing.text("LISEZMOI.txt", LISEZMOI)
        givers = self._context.offers(Giver)
        manifest = Manifest(
            format=FORMAT,
            version=VERSION,
            made_s=self._context.clock.now_s(),
            origin=self._context.site.public_url,
            person=whose,
            apps=tuple(giver.app for giver in givers),
        )
        await writing.text(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)).decode())
        for giver in givers:
            await giver.give(PersonId(whose.id), AppArchive(writing, giver.app))


def _create(path: Path, part: Path, total_bytes: int) -> FileIO:
    if not path.is_absolute():
        raise NotOurPath
    if path.exists() or path.is_symlink():
        raise PathTaken
    try:
        if shutil.disk_usage(path.parent).free < total_bytes + KEPT_FREE_BYTES:
            raise StorageFull
        return FileIO(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "r+b")
    except OSError as error:
        raise _explained(error) from error


def _publish(file: FileIO, part: Path, path: Path) -> None:
    os.fsync(file.fileno())
    os.link(part, path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _explained(error: OSError) -> Exception:
    if isinstance(error, FileExistsError):
        return PathTaken()
    full = error.errno in (28, 122, 27)
    return StorageFull() if full else NotOurPath()
