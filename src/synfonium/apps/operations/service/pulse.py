"""How each role is, now and over the last day."""

import asyncio

import msgspec
from sqlalchemy import Connection

from synfonium.apps.operations.store import pulses
from synfonium.kernel import logs
from synfonium.kernel.context import Context
from synfonium.kernel.neighbours import Neighbours
from synfonium.kernel.vitals import Vitals

log = logs.get("operations")
EVERY_S = 300.0
KEPT_S = 86_400.0


class RoleNow(msgspec.Struct, frozen=True, kw_only=True):
    """vitals: None when the role does not answer."""

    role: str
    vitals: Vitals | None


class Pulse:
    """Looks every five minutes and remembers a day."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._neighbours = Neighbours(context.home, frozenset())

    async def vitals(self) -> list[RoleNow]:
        found = await self._neighbours.vitals()
        return [RoleNow(role=role, vitals=vitals) for role, vitals in found.items()]

    async def for_ever(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.look()
            except Exception as failure:
                log.error("operations.pulse_failed", failure)

    async def look(self) -> None:
        """Writes down how every role is now, and forgets what is older than a day."""
        found, now_s = await self.vitals(), self._context.clock.now_s()

        def write(connection: Connection) -> None:
            for one in found:
                pulses.add(connection, now_s, one.role, one.vitals)
            pulses.forget_before(connection, now_s - KEPT_S)

        await self._context.database.write(write)
