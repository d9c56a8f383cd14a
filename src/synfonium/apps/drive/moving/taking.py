"""Takes one thing of a source into the drive: nothing of the person's is written over, and what is here
already does not come twice."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Literal

from sqlalchemy import Connection

from synfonium.apps.drive.errors import (
    BadName,
    BadParts,
    ChecksumMismatch,
    Cut,
    Locked,
    NoSuchNode,
    NoSuchUpload,
    NotThatKind,
    ParentMissing,
    TooDeep,
    WrongState,
)
from synfonium.apps.drive.model import ABSENT, Node, NodeId
from synfonium.apps.drive.model.move_in import MoveIn
from synfonium.apps.drive.model.names import with_number
from synfonium.apps.drive.moving.folder_times import FolderTimes
from synfonium.apps.drive.moving.large import Large, is_large
from synfonium.apps.drive.moving.port import Entry, NotTaken, Opened, Patience, Source, key_of, steady
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.batch import Freeing
from synfonium.apps.drive.service.files import Incoming
from synfonium.kernel.actor import Person
from synfonium.kernel.refusals import TooLarge

KEPT_FOLDERS = 20_000
MOST_TWINS = 50
Outcome = Literal["taken", "same"]


class TargetGone(Exception):
    """The folder that was to be filled is there no more."""


class Taker:
    """Fills the folder `target` of the actor's. coming_bytes: of files that are not whole yet."""

    def __init__(
        self, drive: DriveService, actor: Person, job: MoveIn, source: Source, patience: Patience
    ) -> None:
        self._drive, self._actor, self._target = drive, actor, job.target
        self._source, self._patience = source, patience
        self._folders: OrderedDict[tuple[str, ...], NodeId] = OrderedDict()
        self._making = asyncio.Lock()
        self._times = FolderTimes(drive.room, job.asked_s)
        self._large = Large(drive, actor, job.id)
        self.coming_bytes = 0

    async def end(self) -> None:
        """Everything has come: folders get their times. Raises TargetGone."""
        try:
            await self._times.set(self._actor, self._target)
        except NoSuchNode:
            raise TargetGone from None

    def close(self) -> None:
        self._times.close()

    async def take(self, entry: Entry, note: Callable[[Connection], None]) -> Outcome:
        """note: what writes down that this was taken; run in the transaction of a file that comes
        beside another of its name, which nothing else would tell from a second copy.

        Raises NotTaken, TargetGone, SourceAway, SourceRefused, QuotaExceeded, StorageFull."""
        if entry.why:
            raise NotTaken(entry.why)
        try:
            return await self._take(entry, note)
        except (ParentMissing, NoSuchNode):
            # Somebody has put a folder that was being filled into the trash: it is made again.
            self._folders.clear()
        try:
            return await self._take(entry, note)
        except (ParentMissing, NoSuchNode):
            raise TargetGone from None

    async def _take(self, entry: Entry, note: Callable[[Connection], None]) -> Outcome:
        try:
            if not entry.is_file:
                folder = await self._folder(entry.path)
                if entry.modified_s is not None:
                    self._times.add(folder, entry.modified_s)
                return "taken"
            return await self._file(await self._folder(entry.path[:-1]), entry, note)
        except BadName:
            raise NotTaken("name") from None
        except TooDeep:
            raise NotTaken("deep") from None
        except TooLarge:
            raise NotTaken("large") from None
        except ChecksumMismatch:
            raise NotTaken("damaged") from None
        except Cut:
            raise NotTaken("size") from None
        except Locked:
            raise NotTaken("locked") from None

    async def _folder(self, path: tuple[str, ...]) -> NodeId:
        if not path:
            return self._target
        found = self._folders.get(path)
        if found is not None:
            self._folders.move_to_end(path)
            return found
        async with self._making:
            parent = self._target
            for depth in range(1, len(path) + 1):
                step = path[:depth]
                parent = self._folders.get(step) or await self._made(parent, step[-1])
                self._keep(step, parent)
        return parent

    def _keep(self, path: tuple[str, ...], folder: NodeId) -> None:
        self._folders[path] = folder
        if len(self._folders) > KEPT_FOLDERS:
            self._folders.popitem(last=False)

    async def _made(self, parent: NodeId, name: str) -> NodeId:
        """A folder of that name, or with a number where a file has the name."""
        for number in range(1, MOST_TWINS):
            wanted = name if number == 1 else with_number(name, number)
            try:
                return await self._drive.tree.ensure_folders(self._actor, parent, [wanted])
            except NotThatKind:
                continue
        raise NotTaken("name")

    async def _file(self, folder: NodeId, entry: Entry, note: Callable[[Connection], None]) -> Outcome:
        there = await self._drive.tree.member(folder, entry.path[-1])
        if there is not None and there.is_file and await self._is_same(there, entry):
            await self._mark(there, entry)
            return "same"
        if there is None:
            try:
                await self._first(folder, entry)
            except WrongState:  # the person was faster
                await self._write(folder, entry, note)
        else:
            await self._write(folder, entry, note)
        return "taken"

    async def _first(self, folder: NodeId, entry: Entry) -> None:
        """Raises WrongState when something has the name."""
        if not is_large(entry):
            return await self._write(folder, entry, None)
        key = key_of(entry)
        try:
            node = await self._large.write(folder, entry, key, self._from)
        except (NotTaken, ChecksumMismatch, BadParts, WrongState, NoSuchUpload) as refusal:
            await self._large.forget(key)
            if isinstance(refusal, BadParts | NoSuchUpload):
                raise NotTaken("size") from None
            raise
        return await self._mark(node, entry)

    async def _from(self, entry: Entry, start: int) -> tuple[Opened, AsyncGenerator[bytes, None]]:
        opened = await self._patience.call(lambda: self._source.open(entry, start))
        return opened, self._watched(steady(self._source, entry, opened, self._patience, start), start)

    async def _write(self, folder: NodeId, entry: Entry, note: Callable[[Connection], None] | None) -> None:
        opened = await self._opened(entry)
        incoming = Incoming(
            modified_s=entry.modified_s if opened.modified_s is None else opened.modified_s,
            checksums=entry.checksums,
            announced_bytes=entry.size_bytes,
        )
        pieces = self._watched(steady(self._source, entry, opened, self._patience))
        write, name = self._drive.files.write, entry.path[-1]
        if note is None:
            written = await write(self._actor, folder, name, pieces, incoming, expected=ABSENT)
        else:
            beside = Freeing(held_bytes=0, run=note)
            written = await write(
                self._actor, folder, name, pieces, incoming, when_taken="number", freeing=beside
            )
        await self._mark(written.node, entry)

    async def _watched(self, pieces: AsyncIterator[bytes], start: int = 0) -> AsyncGenerator[bytes, None]:
        """start: how much of the file was here before."""
        count = start
        self.coming_bytes += start
        try:
            async for piece in pieces:
                count += len(piece)
                self.coming_bytes += len(piece)
                yield piece
        finally:
            self.coming_bytes -= count

    async def _opened(self, entry: Entry) -> Opened:
        return await self._patience.call(lambda: self._source.open(entry))

    async def _mark(self, node: Node, entry: Entry) -> None:
        if entry.is_favorite:
            await self._drive.favorites.mark(self._actor, node.id, is_favorite=True)

    async def _is_same(self, there: Node, entry: Entry) -> bool:
        """Whether what has the name is what would come."""
        if entry.size_bytes is not None and entry.size_bytes != there.size_bytes:
            return False
        has_both = entry.size_bytes is not None and entry.modified_s is not None
        if has_both and int(entry.modified_s or 0) == int(there.modified_s):
            return True
        known = (await self._drive.files.sha1_of([there])).get(there.id)
        if known is not None and "sha1" in entry.checksums:
            return known == entry.checksums["sha1"]
        return entry.size_bytes is not None and await self._is_equal(there, entry)

    async def _is_equal(self, there: Node, entry: Entry) -> bool:
        content = await self._drive.files.content(self._actor, there.id)
        ours = self._drive.files.read(content)
        theirs = steady(self._source, entry, await self._opened(entry), self._patience)
        return await _are_equal(ours, theirs)


async def _are_equal(one: AsyncIterator[bytes], other: AsyncIterator[bytes]) -> bool:
    left = right = b""
    while True:
        left = left or await anext(one, b"")
        right = right or await _next(other)
        if not left or not right:
            return not left and not right
        count = min(len(left), len(right))
        if left[:count] != right[:count]:
            return False
        left, right = left[count:], right[count:]


async def _next(pieces: AsyncIterator[bytes]) -> bytes:
    async for piece in pieces:
        if piece:
            return piece
    return b""
