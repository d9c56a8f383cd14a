"""Writes of files that come at the same time share one transaction."""

import asyncio
from collections.abc import Sequence

from sqlalchemy import Connection

from synfonium.apps.drive.service.batch import Batch, Freeing, Outcome, Put, Written
from synfonium.apps.drive.service.room import Room

AT_ONCE = 64


class Together:
    """Gathers what comes while a commit is under way, and commits that next."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._waiting: list[tuple[Put, asyncio.Future[Written]]] = []
        self._flushing: asyncio.Task[None] | None = None

    async def write(self, put: Put) -> Written:
        """Durable when this returns. Raises as `Files.write`."""
        if put.freeing is not None:
            return self._done(put, await self._alone(put, put.freeing))
        future: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        self._waiting.append((put, future))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        return self._done(put, await future)

    def _done(self, put: Put, written: Written) -> Written:
        if not written.is_new:
            limit = put.reach.allowance.most_bytes
            self._room.replaced.note(put.reach.space.id, written.replaced_bytes, limit)
        return written

    async def _alone(self, put: Put, freeing: Freeing) -> Written:
        def work(connection: Connection) -> Written:
            freeing.run(connection)
            (outcome,) = Batch(self._room, [put]).run(connection)
            if isinstance(outcome, BaseException):
                raise outcome  # and what was freed is not
            return outcome

        return await self._room.write(put.reach.space.id, work)

    async def _flush(self) -> None:
        try:
            while self._waiting:
                batch = [pair for pair in self._waiting[:AT_ONCE] if not pair[1].done()]
                del self._waiting[:AT_ONCE]
                for (_put, future), outcome in zip(batch, await self._commit(batch), strict=True):
                    _settle(future, outcome)
        finally:
            self._flushing = None

    async def _commit(self, batch: Sequence[tuple[Put, asyncio.Future[Written]]]) -> list[Outcome]:
        puts = [put for put, _future in batch]
        try:
            outcomes = await self._room.context.database.write(Batch(self._room, puts).run)
        except Exception as error:
            # Only the one at fault shall fail.
            return [error] if len(batch) == 1 else [(await self._commit([one]))[0] for one in batch]
        for space in {put.reach.space.id for put in puts}:
            self._room.signal.ring(space)
        return outcomes


def _settle(future: asyncio.Future[Written], outcome: Outcome) -> None:
    if future.done():
        return
    if isinstance(outcome, Written):
        future.set_result(outcome)
    else:
        future.set_exception(outcome)
