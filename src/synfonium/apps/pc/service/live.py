"""Which live folder each running PC shows: what the fabric's grants say."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from synfonium.apps.fabric.contract import Grant, GrantSecret
from synfonium.apps.pc import contract
from synfonium.apps.pc.service import live_folder
from synfonium.apps.pc.service.folders import Folders
from synfonium.apps.pc.service.live_folder import LiveFolder
from synfonium.common.problem import Problem
from synfonium.kernel import logs
from synfonium.kernel.context import Context

log = logs.get("pc")
_DRIVE = "drive:"


class LiveFolders:
    """Mounts a PC's Drive while a grant is in force, and takes it away when it is not."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._open: dict[str, tuple[str, LiveFolder]] = {}  # machine to grant and mount
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def grants(self, machine_id: str) -> Sequence[Grant]:
        """The grants in force that give this PC something of somebody's Drive."""
        try:
            answer = await self._context.call(
                "fabric.grants_for", {"subject": contract.address_of(machine_id)}
            )
        except Problem:
            log.warning("pc.fabric_silent", id=machine_id)
            return []
        found = msgspec.convert(answer, list[Grant])
        return [grant for grant in found if grant.object.startswith(_DRIVE)]

    async def prepare(self, folders: Folders) -> None:
        """Before a machine starts: later mounts shall show in it."""
        await live_folder.share(folders)

    async def bring(self, machine_id: str, folders: Folders) -> None:
        """Makes what is mounted be what is granted. A failure is logged and tried again."""
        async with self._locks[machine_id]:
            granted = await self.grants(machine_id)
            grant = granted[0].id if granted else ""
            held, mount = self._open.get(machine_id, ("", None))
            if mount is not None and (held != grant or not mount.is_open):
                await mount.close()
                self._open.pop(machine_id, None)
                mount = None
            if grant and mount is None:
                await self._mount(machine_id, folders, grant)

    async def keep(self, machine_id: str, folders: Folders) -> None:
        """Brings back a mount that ended by itself."""
        _grant, mount = self._open.get(machine_id, ("", None))
        if mount is not None and not mount.is_open:
            await self.bring(machine_id, folders)

    async def end(self, machine_id: str, folders: Folders) -> None:
        """Takes everything away, also what a gateway that crashed had mounted."""
        async with self._locks[machine_id]:
            _grant, mount = self._open.pop(machine_id, ("", None))
            if mount is not None:
                await mount.close()
            await live_folder.unshare(folders)

    async def close(self) -> None:
        """Ends all mounts of this process; machines that go on get theirs back later."""
        for _grant, mount in self._open.values():
            await mount.close()
        self._open.clear()

    async def _mount(self, machine_id: str, folders: Folders, grant: str) -> None:
        mount = LiveFolder(folders, self._context.compute.owner_of(machine_id))
        try:
            answer = await self._context.call("fabric.grant_secret", {"grant": grant})
            secret = msgspec.convert(answer, GrantSecret)
            await mount.open(secret.url, secret.secret)
        except (Problem, OSError, TimeoutError) as error:
            log.warning("pc.live_folder_failed", id=machine_id, error=type(error).__name__)
            return
        self._open[machine_id] = (grant, mount)
        log.info("pc.live_folder_opened", id=machine_id)
