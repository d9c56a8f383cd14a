"""When sessions and tokens were last used: kept in memory, written now and then.

A request never waits for it, and the time is coarse on purpose.
"""

import asyncio

from synfonium.apps.identity.store import credentials, provider
from synfonium.kernel import logs
from synfonium.kernel.context import Context

WRITE_EVERY_S = 180
COARSE_S = 300
FORGET_EVERY_S = 3600
MOST_KEPT = 100_000

log = logs.get("identity")


class Uses:
    """Uses seen since the last write, by id of session and of token."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._sessions: dict[str, float] = {}
        self._tokens: dict[str, float] = {}
        self._forgotten_s = 0.0

    def saw_session(self, session_id: str, before_s: float, now_s: float) -> None:
        self._saw(self._sessions, session_id, before_s, now_s)

    def saw_token(self, token_id: str, before_s: float | None, now_s: float) -> None:
        self._saw(self._tokens, token_id, before_s or 0.0, now_s)

    def _saw(self, seen: dict[str, float], key: str, before_s: float, now_s: float) -> None:
        if now_s - max(before_s, seen.get(key, 0.0)) >= COARSE_S and len(seen) < MOST_KEPT:
            seen[key] = now_s

    async def write(self) -> None:
        """Writes what was seen, and once an hour forgets what has expired."""
        sessions, self._sessions = self._sessions, {}
        tokens, self._tokens = self._tokens, {}
        if sessions or tokens:
            await self._context.database.write(lambda c: credentials.mark_used(c, sessions, tokens))
        now_s = self._context.clock.now_s()
        if now_s - self._forgotten_s >= FORGET_EVERY_S:
            self._forgotten_s = now_s
            await self._context.database.write(lambda c: credentials.forget_expired(c, now_s))
            await self._context.database.write(lambda c: provider.forget_expired(c, now_s))

    async def write_for_ever(self) -> None:
        while True:
            await asyncio.sleep(WRITE_EVERY_S)
            try:
                await self.write()
            except Exception as failure:
                log.error("identity.uses_not_written", failure)
