"""When sessions and tokens were last used: kept in memory, written now and then.

A request never waits for it, and the time is coarse on purpose.
"""

import asyncio
from typing import Literal

from sqlalchemy import Connection

from synfonium.apps.identity.service.sessions import tell
from synfonium.apps.identity.store import credentials, invitations, outside
from synfonium.kernel import logs
from synfonium.kernel.context import Context

WRITE_EVERY_S = 180
COARSE_S = 300
FORGET_EVERY_S = 3600
MOST_KEPT = 100_000

Kind = Literal["session", "token"]

log = logs.get("identity")


class Uses:
    """Uses seen since the last write, by id of session and of token."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._seen: dict[Kind, dict[str, float]] = {"session": {}, "token": {}}
        self._forgotten_s = 0.0

    def saw(self, kind: Kind, credential_id: str, before_s: float, now_s: float) -> None:
        """A credential was used now, and last, as far as is written, at `before_s`."""
        seen = self._seen[kind]
        if now_s - max(before_s, seen.get(credential_id, 0.0)) >= COARSE_S and len(seen) < MOST_KEPT:
            seen[credential_id] = now_s

    async def write(self) -> None:
        """Writes what was seen, and once an hour forgets what has expired."""
        seen, self._seen = self._seen, {"session": {}, "token": {}}
        if any(seen.values()):
            await self._context.database.write(
                lambda c: credentials.mark_used(c, seen["session"], seen["token"])
            )
        now_s = self._context.clock.now_s()
        if now_s - self._forgotten_s >= FORGET_EVERY_S:
            self._forgotten_s = now_s
            await self._context.database.write(lambda c: self._forget_expired(c, now_s))
            await self._context.database.write(outside.forget_ended)

    def _forget_expired(self, connection: Connection, now_s: float) -> None:
        tell(self._context, connection, credentials.end_expired_sessions(connection, now_s))
        credentials.forget_expired(connection, now_s)
        invitations.forget_ended(connection, now_s)

    async def write_for_ever(self) -> None:
        while True:
            await asyncio.sleep(WRITE_EVERY_S)
            try:
                await self.write()
            except Exception as failure:
                log.error("identity.uses_not_written", failure)
