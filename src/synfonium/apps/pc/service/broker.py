"""The life of PCs: what people want, brought about, and what is true, written down."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import Connection

from synfonium.apps.pc import contract, store
from synfonium.apps.pc.errors import (
    DidNotStart,
    ImageNotBuilt,
    NameTaken,
    NoSuchMachine,
    NotRunning,
    ProgramMissing,
    TooManyMachines,
)
from synfonium.apps.pc.model.machine import Machine, State, checked_limits, checked_name
from synfonium.apps.pc.service.folders import GIVEN, LIVE, Folders, sweep
from synfonium.apps.pc.service.images import Images
from synfonium.apps.pc.service.live import LiveFolders
from synfonium.common.ids import new_id
from synfonium.common.problem import Problem
from synfonium.kernel import logs
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.ports.compute import HOME_AT, ComputeMissing, MachineNotRunning, MachineSpec

log = logs.get("pc")
READY_TIMEOUT_S = 60.0
WATCH_EVERY_S = 5.0


class Broker:
    """Use cases on PCs. Those of a person take the actor; others are the operator's."""

    def __init__(self, context: Context, images: Images, live: LiveFolders) -> None:
        self._context, self._images, self._live = context, images, live
        self._folder = context.folder / "machines"
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def folders(self, machine_id: str) -> Folders:
        return Folders(self._folder, machine_id)

    async def list(self, owner: str = "") -> Sequence[Machine]:
        """A person's PCs, or everybody's."""
        return await self._context.database.read(lambda c: store.machines_of(c, owner))

    async def one(self, machine_id: str) -> Machine:
        """Raises NoSuchMachine."""
        machine = await self._context.database.read(lambda c: store.machine_of(c, machine_id))
        if machine is None:
            raise NoSuchMachine
        return machine

    async def own(self, actor: Person, machine_id: str) -> Machine:
        """The actor's own PC. Raises NoSuchMachine, for another's too."""
        machine = await self.one(machine_id)
        if machine.owner != actor.id:
            raise NoSuchMachine
        return machine

    async def create(
        self, owner: str, *, name: str, image: str, cpus: float, memory_bytes: int, disk_bytes: int
    ) -> Machine:
        """Raises BadInput, NoSuchImage, NameTaken, TooManyMachines."""
        checked_limits(cpus, memory_bytes, disk_bytes)
        self._images.one(image)
        machine = Machine(
            id=new_id(),
            owner=owner,
            name=checked_name(name),
            image=image,
            cpus=cpus,
            memory_bytes=memory_bytes,
            disk_bytes=disk_bytes,
            created_s=self._context.clock.now_s(),
        )
        most = self._context.config.machines_per_person

        def work(connection: Connection) -> None:
            if store.count_of(connection, owner) >= most:
                raise TooManyMachines
            if store.has_name(connection, owner, machine.name):
                raise NameTaken
            store.add_machine(connection, machine)
            self._tell(connection, machine, contract.MACHINE_CREATED)

        await self._context.database.write(work)
        return machine

    async def start(self, machine: Machine) -> None:
        """Switches the PC on. Idempotent. Raises ImageNotBuilt, ProgramMissing, DidNotStart."""
        async with self._locks[machine.id]:
            await self._context.database.write(lambda c: store.want(c, machine.id, "running"))
            if await self._context.compute.state(machine.id) == "running":
                await self._see(machine, "running")
                return
            await self._see(machine, "starting")
            try:
                await self._start(machine)
            except Problem as problem:
                await self._give_up(machine, problem.code)
                raise
            await self._see(machine, "running", tell=contract.MACHINE_STARTED)
        await self._live.bring(machine.id, self.folders(machine.id))

    async def stop(self, machine: Machine) -> None:
        """Switches the PC off; its home stays. Idempotent."""
        async with self._locks[machine.id]:
            await self._context.database.write(lambda c: store.want(c, machine.id, "stopped"))
            was_running = await self._context.compute.state(machine.id) == "running"
            if was_running:
                await self._see(machine, "stopping")
            await self._context.compute.stop(machine.id)
            await self._live.end(machine.id, self.folders(machine.id))
            await self._see(machine, "stopped", tell=contract.MACHINE_STOPPED if was_running else "")

    async def delete(self, machine: Machine) -> None:
        """Takes the PC and all that is in its home away for good. Idempotent."""
        await self.stop(machine)
        with suppress(Problem):
            await self._context.call("fabric.grants_end", {"subject": contract.address_of(machine.id)})
        async with self._locks[machine.id]:
            await asyncio.to_thread(self.folders(machine.id).remove)

            def work(connection: Connection) -> None:
                if store.machine_of(connection, machine.id):
                    store.remove_machine(connection, machine.id)
                    self._tell(connection, machine, contract.MACHINE_DELETED)

            await self._context.database.write(work)
        self._locks.pop(machine.id, None)

    async def running(self, machine_id: str) -> Machine:
        """The PC if it runs now, whatever was written down. Raises NotRunning, NoSuchMachine."""
        machine = await self.one(machine_id)
        if await self._context.compute.state(machine_id) != "running":
            raise NotRunning
        return machine

    # After a crash, and while we run

    async def reconcile(self) -> None:
        """Makes every row true; what runs for nobody is stopped."""
        await asyncio.to_thread(sweep, self._folder)
        machines = {machine.id: machine for machine in await self.list()}
        for machine_id in await self._context.compute.running():
            if machine_id not in machines:
                await self._context.compute.stop(machine_id)
                await self._live.end(machine_id, self.folders(machine_id))
        for machine in machines.values():
            await self._look(machine)

    async def watch(self) -> None:
        """Starts again what a restart of the computer ended, then keeps the rows true."""
        await asyncio.sleep(1.0)  # a command that runs without a server is done by then
        for machine in await self.list():
            if machine.wanted == "running" and machine.state != "running":
                with suppress(Problem):
                    await self.start(machine)
            elif machine.state == "running":
                await self._live.bring(machine.id, self.folders(machine.id))
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            for machine in await self.list():
                await self._watch_one(machine)

    async def _watch_one(self, machine: Machine) -> None:
        if self._locks[machine.id].locked():
            return
        await self._look(machine)
        if machine.state == "running" and await self._context.compute.state(machine.id) != "running":
            # Switched off from within, or ended: it is not started again behind one's back.
            await self.stop(machine)
        elif machine.state == "running":
            await self._live.keep(machine.id, self.folders(machine.id))

    async def _look(self, machine: Machine) -> None:
        is_running = await self._context.compute.state(machine.id) == "running"
        if is_running and machine.wanted == "stopped":
            await self.stop(machine)
        elif is_running and machine.state != "running":
            await self._see(machine, "running")
        elif not is_running and machine.state in ("running", "starting", "stopping"):
            await self._see(machine, "stopped")

    async def _start(self, machine: Machine) -> None:
        image = self._images.one(machine.image)
        if image.root is None:
            raise ImageNotBuilt(name=machine.image)
        folders = self.folders(machine.id)
        await self._live.end(machine.id, folders)
        await asyncio.to_thread(folders.prepare)
        await self._live.prepare(folders)
        recipe = image.recipe
        spec = MachineSpec(
            machine_id=machine.id,
            image=image.root,
            home=folders.home,
            sockets=folders.sockets,
            command=recipe.command,
            environment={**recipe.environment, "SYNFONIUM_SCREEN": recipe.screen},
            mounts={f"{HOME_AT}/{LIVE}": folders.live},
            shown={f"{HOME_AT}/{GIVEN}": folders.given},
            memory_bytes=machine.memory_bytes,
            cpus=machine.cpus,
            file_bytes=machine.disk_bytes,
        )
        try:
            await self._context.compute.start(spec)
            await self._wait_ready(machine.id, folders)
        except ComputeMissing as error:
            raise ProgramMissing(packages=str(error)) from None
        except (MachineNotRunning, TimeoutError) as error:
            log.warning("pc.did_not_start", id=machine.id, error=type(error).__name__)
            raise DidNotStart(reason=str(error) or "the desktop did not come up") from None

    async def _wait_ready(self, machine_id: str, folders: Folders) -> None:
        async with asyncio.timeout(READY_TIMEOUT_S):
            while not folders.is_ready:
                if await self._context.compute.state(machine_id) != "running":
                    raise MachineNotRunning("the desktop ended at once")
                await asyncio.sleep(0.02)

    async def _give_up(self, machine: Machine, reason: str) -> None:
        await self._context.compute.stop(machine.id, grace_s=0)

        def work(connection: Connection) -> None:
            store.want(connection, machine.id, "stopped")
            store.see(connection, machine.id, "failed", reason=reason)

        await self._context.database.write(work)

    async def _see(self, machine: Machine, state: State, *, tell: str = "") -> None:
        started_s = 0.0
        if state == "running":
            is_new = bool(tell) or not machine.started_s
            started_s = self._context.clock.now_s() if is_new else machine.started_s

        def work(connection: Connection) -> None:
            store.see(connection, machine.id, state, started_s=started_s)
            if tell:
                self._tell(connection, machine, tell)

        await self._context.database.write(work)

    def _tell(self, connection: Connection, machine: Machine, what: str) -> None:
        address = contract.address_of(machine.id)
        self._context.outbox.add(connection, what, address, {"owner": machine.owner})
        self._context.audit.add(connection, machine.owner, what, address)
