"""Which live folders each running PC shows: what the fabric's grants say."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from synfonium.apps.fabric.contract import FILE, Grant, GrantSecret
from synfonium.apps.pc import contract
from synfonium.apps.pc.model.given import WHOLE_DRIVE, shown
from synfonium.apps.pc.service import live_folder
from synfonium.apps.pc.service.folders import GIVEN, LIVE, Folders
from synfonium.apps.pc.service.live_folder import LiveFolder
from synfonium.common.problem import Problem
from synfonium.kernel import logs
from synfonium.kernel.context import Context
from synfonium.libraries.davmount.names import folder_name

log = logs.get("pc")
AGAIN_AFTER_S = 30.0


class LiveFolders:
    """Mounts what a PC was given while the grants are in force, and takes it away when they are not."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._open: dict[str, dict[str, LiveFolder]] = defaultdict(dict)  # machine, then grant
        self._again_s: dict[str, float] = {}  # when to try again what failed
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def grants(self, machine_id: str) -> Sequence[Grant]:
        """The grants in force for this PC; none while the fabric is silent."""
        return await self._asked(machine_id) or ()

    def place_of(self, machine_id: str, grant: str) -> str:
        """Where a thing shows, below the home of the PC; empty where it does not."""
        mount = self._open.get(machine_id, {}).get(grant)
        if mount is None or not mount.is_open:
            return ""
        return LIVE if mount.is_whole else f"{GIVEN}/{mount.at.name}"

    async def prepare(self, folders: Folders) -> None:
        """Before a machine starts: later mounts shall show in it."""
        await live_folder.share(folders)

    async def bring(self, machine_id: str, folders: Folders) -> None:
        """Makes what is mounted be what is granted. A failure is logged and tried again."""
        async with self._locks[machine_id]:
            granted = await self._asked(machine_id)
            if granted is None:
                self._again_s[machine_id] = time.monotonic() + AGAIN_AFTER_S
                return
            wanted = {str(grant.id): grant for grant in shown(granted, self._context.clock.now_s())}
            await self._take_away(machine_id, wanted)
            missing = [grant for id_, grant in wanted.items() if id_ not in self._open[machine_id]]
            self._again_s.pop(machine_id, None)
            for grant in missing:
                await self._mount(machine_id, folders, grant)

    async def keep(self, machine_id: str, folders: Folders) -> None:
        """Brings back what ended by itself or failed, and ends what is over."""
        now_s = self._context.clock.now_s()
        mounts = self._open.get(machine_id, {}).values()
        is_due = 0 < self._again_s.get(machine_id, 0.0) <= time.monotonic()
        if is_due or any(not mount.is_open or mount.is_over(now_s) for mount in mounts):
            await self.bring(machine_id, folders)

    async def end(self, machine_id: str, folders: Folders) -> None:
        """Takes everything away, also what a gateway that crashed had mounted."""
        async with self._locks[machine_id]:
            self._again_s.pop(machine_id, None)
            await self._take_away(machine_id, {})
            self._open.pop(machine_id, None)
            await live_folder.unshare(folders)

    async def close(self) -> None:
        """Ends all mounts of this process; machines that go on get theirs back later."""
        for mounts in self._open.values():
            await asyncio.gather(*(mount.close() for mount in mounts.values()))
        self._open.clear()

    async def _asked(self, machine_id: str) -> Sequence[Grant] | None:
        try:
            subject = contract.address_of(machine_id)
            return msgspec.convert(
                await self._context.call("fabric.grants_for", {"subject": subject}), list[Grant]
            )
        except Problem:
            log.warning("pc.fabric_silent", id=machine_id)
            return None

    async def _take_away(self, machine_id: str, wanted: Mapping[str, Grant]) -> None:
        mounts = self._open[machine_id]
        ending = [id_ for id_, mount in mounts.items() if id_ not in wanted or not mount.is_open]
        await asyncio.gather(*(mounts[id_].close() for id_ in ending))
        for id_ in ending:
            del mounts[id_]

    async def _mount(self, machine_id: str, folders: Folders, grant: Grant) -> None:
        try:
            answer = await self._context.call("fabric.grant_secret", {"grant": grant.id})
            secret = msgspec.convert(answer, GrantSecret)
            if not secret.interfaces:
                raise FileNotFoundError("it is in the trash, perhaps")
            mount = self._folder(machine_id, folders, grant, secret)
            await mount.open(secret.url, secret.secret)
        except (Problem, OSError, TimeoutError) as error:
            log.warning("pc.live_folder_failed", id=machine_id, error=type(error).__name__)
            self._again_s[machine_id] = time.monotonic() + AGAIN_AFTER_S
            return
        self._open[machine_id][grant.id] = mount
        log.info("pc.live_folder_opened", id=machine_id)

    def _folder(self, machine_id: str, folders: Folders, grant: Grant, secret: GrantSecret) -> LiveFolder:
        is_whole = grant.object == WHOLE_DRIVE
        taken = [mount.at.name for mount in self._open[machine_id].values()]
        name = LIVE if is_whole else folder_name(secret.title, taken, is_file=FILE in secret.interfaces)
        return LiveFolder(
            folders,
            self._context.compute.owner_of(machine_id),
            folders.live if is_whole else folders.given / name,
            key=grant.id,
            can_write="write" in grant.actions,
            until_s=grant.limits.until_s,
        )
