"""One run of a job: everything that its source lists is counted, then taken, and noted in batches."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import partial

from sqlalchemy import Connection

from synfonium.apps.drive.errors import QuotaExceeded
from synfonium.apps.drive.model.move_in import MoveIn
from synfonium.apps.drive.moving.port import (
    Entry,
    NotTaken,
    Source,
    SourceAway,
    SourceRefused,
    Why,
    key_of,
)
from synfonium.apps.drive.moving.taking import Outcome, Taker, TargetGone
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.store import move_ins
from synfonium.apps.drive.store.move_ins import Counted, Note
from synfonium.common.problem import StorageFull

LOOKED_AT = 200
NOTES_AT_ONCE = 200
NOTE_EVERY_S = 1.0
MOST_ENTRIES = 20_000_000


class Paused(Exception):
    """The run cannot go on; why it waits."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


class Over(Exception):
    """The job was ended, paused or removed by somebody else."""


class Run:
    """Goes on with a job where its notes end."""

    def __init__(self, room: Room, job: MoveIn, source: Source, taker: Taker) -> None:
        self._room, self._job, self._source, self._taker = room, job, source, taker
        self._notes: list[Note] = []
        self._done = self._done_bytes = self._same = self._not_taken = 0
        self._noted_s = time.monotonic()
        self._noting = asyncio.Lock()
        # Whether there can be notes: the first run of a job need not look for each file.
        self._may_know = job.is_counted

    async def run(self) -> None:
        """Until everything is here, or noted as what cannot come. Raises Paused, Over."""
        try:
            if not self._job.is_counted:
                await self._count()
            await self._take_all()
            await self._taker.end()
            await self._flush()
        except SourceAway as away:
            raise Paused(away.why) from None
        except SourceRefused as refusal:
            raise Paused(refusal.why) from None
        except QuotaExceeded:
            raise Paused("full") from None
        except StorageFull:
            raise Paused("disk") from None
        except TargetGone:
            raise Paused("target") from None

    async def _count(self) -> None:
        files = size_bytes = told = 0
        async with aclosing(_bounded(self._source)) as entries:
            async for entry in entries:
                if entry.is_file or entry.why:
                    files, size_bytes = files + 1, size_bytes + (entry.size_bytes or 0)
                if files - told > 1000:
                    told = files
                    await self._change(files=files, bytes=size_bytes)
        await self._change(files=files, bytes=size_bytes, is_counted=True)

    async def _change(self, **values: object) -> None:
        work = partial(move_ins.change, id_=self._job.id, states=("running",), values=values)
        if not await self._room.context.database.write(work):
            raise Over

    async def _take_all(self) -> None:
        """What is listed goes through a short queue to those who take it."""
        if self._source.at_once == 1:
            async with aclosing(_bounded(self._source)) as entries:
                async for entry in entries:
                    for one in await self._new([entry]):
                        await self._take(one)
            return
        queue: asyncio.Queue[Entry | None] = asyncio.Queue(2 * self._source.at_once)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._source.at_once):
                    group.create_task(self._takes(queue))
                group.create_task(self._fill(queue))
        except BaseExceptionGroup as several:
            raise _worst(several) from None

    async def _fill(self, queue: "asyncio.Queue[Entry | None]") -> None:
        waiting: list[Entry] = []
        async with aclosing(_bounded(self._source)) as entries:
            async for entry in entries:
                waiting.append(entry)
                if len(waiting) >= LOOKED_AT or queue.qsize() < self._source.at_once:
                    await self._put(queue, waiting)
                    waiting = []
        await self._put(queue, waiting)
        for _ in range(self._source.at_once):
            await queue.put(None)

    async def _put(self, queue: "asyncio.Queue[Entry | None]", entries: Sequence[Entry]) -> None:
        for entry in await self._new(entries):
            await queue.put(entry)

    async def _new(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those that no note tells of yet."""
        if not self._may_know:
            return list(entries)
        keys = [key_of(entry) for entry in entries]
        work = partial(move_ins.noted, id_=self._job.id, keys=keys)
        known = await self._room.read(work) if keys else frozenset()
        return [entry for key, entry in zip(keys, entries, strict=True) if key not in known]

    async def _takes(self, queue: "asyncio.Queue[Entry | None]") -> None:
        while (entry := await queue.get()) is not None:
            await self._take(entry)

    async def _take(self, entry: Entry) -> None:
        note = Note(key=key_of(entry))
        is_noted = False

        def beside(connection: Connection) -> None:
            nonlocal is_noted
            if not move_ins.note(connection, self._job.id, [note], Counted()):
                raise Over
            is_noted = True

        try:
            outcome: Outcome | None = await self._taker.take(entry, beside)
        except NotTaken as reason:
            outcome = None
            place = "/".join(entry.path).encode("utf-8", "replace").decode()
            note = Note(key=note.key, why=reason.why, place=place[:4000])
        await self._keep(None if is_noted else note, entry, outcome)

    async def _keep(self, note: Note | None, entry: Entry, outcome: Outcome | None) -> None:
        if note is not None and (entry.is_file or outcome is None):
            self._notes.append(note)
        if outcome is None:
            self._not_taken += 1
        elif entry.is_file:
            self._done, self._done_bytes = self._done + 1, self._done_bytes + (entry.size_bytes or 0)
            self._same += outcome == "same"
        is_time = time.monotonic() - self._noted_s > NOTE_EVERY_S
        if len(self._notes) >= NOTES_AT_ONCE or is_time:
            await self._flush()

    async def _flush(self) -> None:
        async with self._noting:
            self._noted_s = time.monotonic()
            notes, self._notes = self._notes, []
            counted = Counted(
                done=self._done, done_bytes=self._done_bytes, same=self._same, not_taken=self._not_taken
            )
            self._done = self._done_bytes = self._same = self._not_taken = 0
            work = partial(move_ins.note, id_=self._job.id, notes=notes, counted=counted)
            if not await self._room.context.database.write(work):
                raise Over

    async def save(self) -> None:
        """What was done and not noted yet, before the run is left."""
        try:
            await self._flush()
        except Over:
            return


async def _bounded(source: Source) -> AsyncGenerator[Entry, None]:
    """Raises SourceRefused for a listing that does not end."""
    count = 0
    async with aclosing(source.entries()) as entries:
        async for entry in entries:
            count += 1
            if count > MOST_ENTRIES:
                raise SourceRefused("many")
            yield entry


def _worst(several: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one reason that is told of a run in which several ended at once."""
    flat = list(_flat(several))
    order = (asyncio.CancelledError, Over, QuotaExceeded, StorageFull, TargetGone, SourceRefused, SourceAway)
    # A mistake of ours comes first: it is to be seen.
    return next((e for e in flat if not isinstance(e, order)), min(flat, key=lambda e: _rank(e, order)))


def _rank(error: BaseException, order: tuple[type[BaseException], ...]) -> int:
    return next(index for index, kind in enumerate(order) if isinstance(error, kind))


def _flat(several: BaseExceptionGroup[BaseException]) -> "list[BaseException]":
    found: list[BaseException] = []
    for one in several.exceptions:
        found += _flat(one) if isinstance(one, BaseExceptionGroup) else [one]
    return found
