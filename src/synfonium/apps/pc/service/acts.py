"""PC's declared actions (see synfonium.app.json). That they may be done the fabric has checked."""

import asyncio

from synfonium.apps.fabric.contract import Act
from synfonium.apps.pc import contract
from synfonium.apps.pc.errors import NoSuchMachine
from synfonium.apps.pc.model.machine import Machine
from synfonium.apps.pc.service.broker import Broker
from synfonium.common.ids import PersonId
from synfonium.common.problem import Problem
from synfonium.kernel import logs

# An action answers within 30 s; a PC that takes longer goes on starting by itself.
PATIENCE_S = 20.0
Answer = dict[str, object]

log = logs.get("pc")


class PcActs:
    """One method for each action."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._starting: set[asyncio.Task[None]] = set()

    async def start(self, act: Act) -> Answer:
        """Raises as `Broker.start`, when it is known in time."""
        machine = await self._own(act.person, act.object)
        starting = asyncio.create_task(self._broker.start(machine))
        self._starting.add(starting)
        starting.add_done_callback(self._ended)
        await asyncio.wait([starting], timeout=PATIENCE_S)
        if starting.done():
            await starting
        return {"object": act.object, "page": f"/pc/{machine.id}/screen"}

    async def stop(self, act: Act) -> Answer:
        machine = await self._own(act.person, act.object)
        await self._broker.stop(machine)
        return {"object": act.object, "page": "/pc"}

    async def _own(self, person: PersonId, address: str) -> Machine:
        """Raises NoSuchMachine, for another's too."""
        machine = await self._broker.one(contract.machine_of(address))
        if machine.owner != person:
            raise NoSuchMachine
        return machine

    def _ended(self, starting: "asyncio.Task[None]") -> None:
        """What kept it from starting stands in its row; perhaps nobody waits for it any more."""
        self._starting.discard(starting)
        failure = None if starting.cancelled() else starting.exception()
        if failure is not None and not isinstance(failure, Problem):
            log.error("pc.start_failed", failure)

    async def close(self) -> None:
        for starting in tuple(self._starting):
            starting.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
