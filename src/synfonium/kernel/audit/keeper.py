"""Signs heads of one app's chain, in the role that owns its database, and forgets old rows."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from synfonium.kernel import logs
from synfonium.kernel.audit.chain import GENESIS, Broken, check_link
from synfonium.kernel.audit.heads import Head, HeadFile, Kind, Signer
from synfonium.kernel.audit.store import AuditStore
from synfonium.kernel.metrics import Metric
from synfonium.ports.clock import Clock
from synfonium.ports.database import Database

__all__ = ["KEPT_S", "Keeper"]

log = logs.get("audit")
_broken = Metric("audit_broken", "1 while an app's audit is not what it was.", "gauge")

KEPT_S = 365 * 86_400.0
LOOK_EVERY_S = 20.0
SIGN_AFTER_S = 300.0
SIGN_AFTER_ROWS = 500
_FORGET_EVERY_S = 6 * 3600.0
_CUT_ROWS = 20_000


class Keeper:
    """Looks every 20 s; signs what is older than 5 minutes or more than 500 rows, and at the end.

    It signs only what follows from the last head: a chain that was changed in between is not
    signed, is logged, and stays so until somebody looks.
    """

    def __init__(
        self,
        app: str,
        database: Database,
        signer: Signer,
        folder: Path,
        clock: Clock,
        *,
        is_held: Callable[[], bool] = lambda: False,
    ) -> None:
        """is_held: whether a backup reads the home. The file of heads then waits, so that it
        is not ahead of a copy of the table that was made before it."""
        self._is_held = is_held
        self._app, self._database, self._signer, self._clock = app, database, signer, clock
        self._store = AuditStore(app)
        self.file = HeadFile(folder, app)
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._forgot_s = 0.0
        self._exists = False

    async def start(self) -> None:
        """Brings the file of heads up to the table's, then looks from time to time."""
        self._exists = await self._database.read(self._store.exists)
        if self._exists:
            await self._guarded(self._catch_up)
            self._task = asyncio.create_task(self._run(), name="audit")

    async def stop(self) -> None:
        """Signs what is there, and ends."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._guarded(self.sign)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self._guarded(self._look)

    async def _guarded(self, step: Callable[[], Awaitable[object]]) -> None:
        try:
            await step()
        except Broken as broken:
            _broken.set(1, app=self._app)
            log.error("audit.broken", app=self._app, seq=broken.seq, reason=broken.reason)
        except Exception as error:
            log.error("audit.not_signed", error, app=self._app)

    async def _look(self) -> None:
        now_s = self._clock.now_s()
        head = await self._database.read(self._store.last_head)
        rows = await self._database.read(self._store.last_seq) - (head.seq if head else 0)
        if rows >= SIGN_AFTER_ROWS or (rows > 0 and now_s - (head.time_s if head else 0) >= SIGN_AFTER_S):
            await self.sign()
        if now_s - self._forgot_s >= _FORGET_EVERY_S:
            self._forgot_s = now_s
            await self.forget(now_s - KEPT_S)

    async def sign(self) -> Head | None:
        """A head over all rows that are there; None when the last one says it already.

        Raises Broken, having signed nothing, when they do not follow from the last head.
        """
        if not self._exists and not await self._database.read(self._store.exists):
            return None
        async with self._lock:
            seq, hash_ = await self._verified()
            signed = await self._database.read(self._store.last_signed)
            if seq == signed[0]:
                await self._write_up()
                return None
            return await self._add(seq, hash_, "head")

    async def forget(self, before_s: float) -> int:
        """Removes rows older than `before_s`; a head of kind `cut` says up to where. How many."""
        await self.sign()
        removed, find = 0, self._store.end_of_old
        async with self._lock:
            while end := await self._database.read(lambda c: find(c, before_s, _CUT_ROWS)):
                seq, hash_ = end
                before = await self._database.read(self._store.count)
                await self._add(seq, hash_, "cut")
                removed += before - await self._database.read(self._store.count)
        return removed

    async def _verified(self) -> tuple[int, str]:
        """Number and hash of the last row, every row since the last head checked."""
        seq, hash_ = await self._database.read(self._store.last_signed)
        while rows := await self._database.read(partial(self._store.batch, after_seq=seq)):
            for row in rows:
                check_link(row, seq + 1, hash_)
                seq, hash_ = row.seq, row.hash
        if await self._database.read(self._store.last_seq) < seq:
            raise Broken(self._app, seq, "cut_off")
        return seq, hash_

    async def _add(self, seq: int, hash_: str, kind: Kind) -> Head:
        def add(connection: Connection) -> Head:
            last = self._store.last_head(connection)
            head = self._signer.sign_head(
                Head(
                    app=self._app,
                    number=last.number + 1 if last else 1,
                    seq=seq,
                    hash=hash_,
                    time_s=float(self._clock.now_s()),
                    kind=kind,
                    previous=last.digest() if last else GENESIS,
                )
            )
            self._store.add_head(connection, head)
            if kind == "cut":
                self._store.remove_to(connection, seq)
            return head

        head = await self._database.write(add)
        await self._write_up()
        return head

    async def _catch_up(self) -> None:
        """After a crash between the table and the file, or a backup."""
        if added := await self._write_up():
            log.warning("audit.heads_added", app=self._app, count=added)

    async def _write_up(self) -> int:
        """Adds to the file what only the table has; how many heads."""
        heads = await self._database.read(self._store.heads)
        kept = await asyncio.to_thread(self.file.read)
        if kept != heads[: len(kept)]:
            raise Broken(self._app, 0, "heads_file")
        missing = heads[len(kept) :]
        # Asked after the commit: a backup that begins now has both or neither.
        if not missing or self._is_held():
            return 0
        await asyncio.to_thread(self.file.append, missing)
        return len(missing)
