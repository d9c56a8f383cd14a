"""Which rights are used: counted in memory where they are checked, written now and then.

A check never waits for it. In a process that does not own the table, what was counted is sent
to the one that does.
"""

import asyncio
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.fabric.contract import GRANT_USED, Action
from synfonium.apps.fabric.model.uses import Use, day_of
from synfonium.apps.fabric.store import grants as grants_store
from synfonium.apps.fabric.store import uses as store
from synfonium.common.ids import GrantId
from synfonium.kernel import logs
from synfonium.kernel.context import Context

WRITE_EVERY_S = 30.0
AT_ONCE = 500
MOST_KEPT = 50_000
"""More grants in use than this within half a minute are let in, and not counted."""

log = logs.get("fabric")


class Uses:
    """What was seen since the last write."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._seen: dict[tuple[GrantId, int], Use] = {}
        self._task: asyncio.Task[None] | None = None

    def saw(self, grant: GrantId, action: Action, now_s: float) -> None:
        """A grant has let `action` happen now."""
        key = (grant, day_of(now_s))
        use = self._seen.get(key)
        if use is None:
            if len(self._seen) >= MOST_KEPT:
                return
            use = self._seen[key] = Use(grant=grant, day=key[1])
            self._wake()
        if action == "read":
            use.reads += 1
        elif action == "write":
            use.writes += 1
        else:
            use.runs += 1
        use.last_s = now_s

    def _wake(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write_later(), name="fabric-uses")

    async def _write_later(self) -> None:
        try:
            await asyncio.sleep(WRITE_EVERY_S)
        finally:
            # Where nobody calls `close`, the end of the process cancels the wait.
            self._task = None
            await self._try()

    async def _try(self) -> None:
        try:
            async with asyncio.timeout(WRITE_EVERY_S):
                await self.write()
        except Exception as failure:
            log.error("fabric.uses_not_written", failure)

    async def write(self) -> None:
        """Writes what was seen. What cannot be written is kept for the next time."""
        seen, self._seen = list(self._seen.values()), {}
        for at in range(0, len(seen), AT_ONCE):
            try:
                await self._send(seen[at : at + AT_ONCE])
            except BaseException:
                self._keep(seen[at:])
                raise

    def _keep(self, seen: Sequence[Use]) -> None:
        for use in seen:
            newer = self._seen.get((use.grant, use.day))
            if newer is None:
                self._seen[use.grant, use.day] = use
                continue
            newer.reads, newer.writes = newer.reads + use.reads, newer.writes + use.writes
            newer.runs, newer.last_s = newer.runs + use.runs, max(newer.last_s, use.last_s)

    async def _send(self, seen: Sequence[Use]) -> None:
        if self._context.owns_database:
            await self.add(seen)
        else:
            await self._context.call("fabric.uses_add", {"uses": msgspec.to_builtins(seen)})

    async def add(self, seen: Sequence[Use]) -> None:
        """Writes uses, of this process or another. The first of a day is a row of the audit too."""

        def work(connection: Connection) -> None:
            first = store.add(connection, seen)
            for grant in grants_store.by_ids(connection, first):
                self._context.audit.add(connection, grant.person, GRANT_USED, grant.object, grant.app)

        await self._context.database.write(work)

    async def close(self) -> None:
        """Writes the rest."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._try()
