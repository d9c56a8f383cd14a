"""Open in my PC: a grant to the app is aimed at one machine, which is switched on for it."""

import msgspec

from synfonium.apps.fabric.contract import Grant, Grants
from synfonium.apps.pc import contract
from synfonium.apps.pc.errors import NotGiven
from synfonium.apps.pc.model.machine import Machine, parse_size
from synfonium.apps.pc.service.broker import Broker
from synfonium.apps.pc.service.live import LiveFolders
from synfonium.common.ids import GrantId
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context

FIRST_NAME = "PC"


class Opening:
    """What the doors of open call."""

    def __init__(self, context: Context, broker: Broker, live: LiveFolders) -> None:
        self._context, self._broker, self._live = context, broker, live

    async def given(self, actor: Person, grant: GrantId) -> Grant:
        """What the actor gave the app. Raises NotGiven."""
        grants = self._context.offer(Grants)  # type: ignore[type-abstract]
        found = await grants.of(grant)
        if found is None or found.app != "pc" or found.person != actor.id:
            raise NotGiven
        return found

    async def open(self, actor: Person, given: Grant, machine_id: str) -> tuple[Machine, Grant]:
        """Brings it to a PC of the actor's; for an empty id to a new one. Raises NoSuchMachine, and
        what making and starting raise."""
        machine = await self._broker.own(actor, machine_id) if machine_id else await self._make(actor)
        subject = contract.address_of(machine.id)
        answer = await self._context.call("fabric.grant_aim", {"grant": given.id, "subject": subject})
        await self._broker.start(machine)
        await self._live.bring(machine.id, self._broker.folders(machine.id))
        return machine, msgspec.convert(answer, Grant)

    async def _make(self, actor: Person) -> Machine:
        config = self._context.config
        return await self._broker.create(
            actor.id,
            name=FIRST_NAME,
            image=config.image,
            cpus=config.cpus,
            memory_bytes=parse_size("memory", config.memory),
            disk_bytes=parse_size("disk", config.disk),
        )
