"""Archives that people ask for: made in the background, kept for some days, for them alone."""

import asyncio
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection

from synfonium.apps.identity.contract import People
from synfonium.apps.yourdata import store
from synfonium.apps.yourdata.contract import ARCHIVE_READY
from synfonium.apps.yourdata.errors import NoSuchArchive
from synfonium.apps.yourdata.model import Asked
from synfonium.apps.yourdata.service import letters
from synfonium.apps.yourdata.service.exports import Exports
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import Problem
from synfonium.kernel import logs
from synfonium.kernel.coming import Whose
from synfonium.kernel.context import Context

log = logs.get("yourdata")
LOOK_EVERY_S, SWEEP_EVERY_S = 5.0, 3600.0
DAY_S = 86_400.0
BY_PASS_DAYS = 1  # as long as a pass can last


class Archives:
    """One is made at a time. A crash begins it anew; what a crash left is cleared."""

    def __init__(self, context: Context, exports: Exports) -> None:
        self._context, self._exports = context, exports
        self.folder = context.folder / "archives"
        self._wanted = asyncio.Event()
        self._making: tuple[str, asyncio.Task[None]] | None = None

    def path(self, id_: str) -> Path:
        return self.folder / f"{id_}.zip"

    async def of(self, person: str, by: str = "") -> list[Asked]:
        """Those that the person asked for, or those that `by` did."""
        return await self._context.database.read(lambda c: store.archives_of(c, person, by))

    async def one(self, person: str, id_: str, by: str = "") -> Asked:
        """Raises NoSuchArchive, also for one of another, or that another asked for."""
        found = await self._context.database.read(lambda c: store.archive(c, id_))
        if found is None or (found.person, found.by) != (person, by):
            raise NoSuchArchive
        return found

    async def ask(self, person: str, by: str = "") -> Asked:
        """A new one, or the one that is already being made. by: the administrator who asks; that
        they have a pass is for the door to see to."""
        now_s = self._context.clock.now_s()
        wanted = Asked(
            id=new_id(now_s),
            person=person,
            state="waiting",
            asked_s=now_s,
            done_bytes=0,
            total_bytes=0,
            files=0,
            ends_s=0.0,
            by=by,
        )

        def work(connection: Connection) -> Asked:
            for there in store.archives_of(connection, person, by):
                if there.state in ("waiting", "making"):
                    return there
            store.add_archive(connection, wanted)
            return wanted

        asked = await self._context.database.write(work)
        self._wanted.set()
        return asked

    async def drop(self, person: str, id_: str, by: str = "") -> None:
        """Stops the making, or takes the archive away. Raises NoSuchArchive."""
        await self.one(person, id_, by)
        await self._remove(id_)

    async def forget(self, person: str) -> int:
        """All that hold the person's data, whoever asked; how many files went."""
        found = await self._context.database.read(lambda c: store.archives_of(c, person))
        for asked in found:
            await self._remove(asked.id)
        return len(found)

    async def _remove(self, id_: str) -> None:
        await self._context.database.write(lambda c: store.remove_archive(c, id_))
        if self._making and self._making[0] == id_:
            self._making[1].cancel()
            await asyncio.gather(self._making[1], return_exceptions=True)
        await asyncio.to_thread(self.path(id_).unlink, missing_ok=True)

    # In the background

    async def for_ever(self) -> None:
        await asyncio.to_thread(self._clear)
        await self._context.database.write(store.restart_archives)
        while True:
            self._wanted.clear()
            try:
                while asked := await self._context.database.read(store.next_archive):
                    await self._make_one(asked)
                await self.sweep()
            except Problem as problem:
                log.warning("yourdata.archives_wait", code=problem.code)
            except Exception as failure:
                log.error("yourdata.archives_failed", failure)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._wanted.wait()

    def _clear(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in self.folder.glob(".*.part"):
            left.unlink(missing_ok=True)

    async def sweep(self) -> int:
        """Takes away what was kept long enough; how many."""
        now_s = self._context.clock.now_s()
        ended = await self._context.database.read(lambda c: store.ended_archives(c, now_s))
        for id_ in ended:
            await self._remove(id_)
        return len(ended)

    async def _make_one(self, asked: Asked) -> None:
        making = asyncio.create_task(self._make(asked))
        self._making = (asked.id, making)
        try:
            await asyncio.shield(making)
        except asyncio.CancelledError:
            if not making.cancelled():  # we are to end, not it alone
                making.cancel()
                await asyncio.gather(making, return_exceptions=True)
                raise
        finally:
            self._making = None

    async def _make(self, asked: Asked) -> None:
        view = await self._context.offer(People).by_id(PersonId(asked.person))  # type: ignore[type-abstract]
        if view is None:
            await self._remove_row(asked.id)
            return
        await self._change(asked.id, state="making")

        async def progress(text: str, done: float = 0, total: float = 0) -> None:
            await self._change(asked.id, done_bytes=int(done), total_bytes=int(total))

        try:
            path = self.path(asked.id)
            path.unlink(missing_ok=True)
            written = await self._exports.write(Whose(view.id, view.name), path, progress)
        except Exception as failure:
            log.error("yourdata.archive_failed", failure)
            await self._change(asked.id, state="failed", ends_s=self._context.clock.now_s() + DAY_S)
            return
        await self._ready(asked, written.files, written.size_bytes)

    async def _ready(self, asked: Asked, files: int, size_bytes: int) -> None:
        days = BY_PASS_DAYS if asked.by else self._context.config.archive_days
        ends_s = self._context.clock.now_s() + days * DAY_S
        values = {"state": "ready", "files": files, "done_bytes": size_bytes, "total_bytes": size_bytes}
        # Of a pass the person was told when it was asked for; what it was used for, they see.
        letter = None if asked.by else await letters.archive_ready(self._context, asked.person, ends_s)

        def work(connection: Connection) -> bool:
            is_there = store.change_archive(connection, asked.id, **values, ends_s=ends_s)
            if is_there:
                letters.add(self._context, connection, letter)
                self._tell(connection, asked)
            return is_there

        if not await self._context.database.write(work):
            self.path(asked.id).unlink(missing_ok=True)  # dropped in the last moment

    def _tell(self, connection: Connection, asked: Asked) -> None:
        """Not of one that somebody else asked for: it is not for the person to download."""
        if not asked.by:
            facts = {"person": asked.person}
            self._context.outbox.add(connection, ARCHIVE_READY, f"yourdata:archive/{asked.id}", facts)

    async def _change(self, id_: str, **values: object) -> bool:
        return await self._context.database.write(lambda c: store.change_archive(c, id_, **values))

    async def _remove_row(self, id_: str) -> None:
        await self._context.database.write(lambda c: store.remove_archive(c, id_))
