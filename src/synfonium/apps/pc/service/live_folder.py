"""Live folders: something of somebody's Drive inside a PC, without a copy.

rclone mounts the grant's WebDAV door outside the machine, by FUSE, in a folder that is
bound into it; inside there is neither the secret nor the right to mount. As root the
mount goes through a shared mount point, so that it shows in a machine that already runs;
as an ordinary user it shows there where the host shares its mounts (systemd's default),
else from the next start on.
"""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

from synfonium.apps.pc.errors import ProgramMissing
from synfonium.apps.pc.service.folders import Folders
from synfonium.kernel import logs
from synfonium.libraries.davmount.mounts import DavMount, missing_programs
from synfonium.libraries.davmount.points import is_mounted, mounted_at, unmount

log = logs.get("pc")


class LiveFolder:
    """One mount: `open` it, and `close` it before its machine's folders go away."""

    def __init__(
        self,
        folders: Folders,
        owner: int,
        at: Path,
        *,
        key: str,
        can_write: bool = True,
        until_s: float = 0.0,
    ) -> None:
        """at: where it shows. key: names its cache. until_s: when the right to it is over, or 0."""
        self.at, self._folders, self._until_s = at, folders, until_s
        as_owner = (owner, owner) if os.geteuid() == 0 else None
        self._mount = DavMount(at, folders.cache / key, owner=as_owner, can_write=can_write)

    @property
    def is_whole(self) -> bool:
        return self.at == self._folders.live

    def is_over(self, now_s: float) -> bool:
        return 0 < self._until_s <= now_s

    @property
    def is_open(self) -> bool:
        return self._mount.is_open

    async def open(self, url: str, secret: str) -> None:
        """Returns once the folder shows. Raises ProgramMissing, OSError, TimeoutError."""
        if missing := missing_programs():
            raise ProgramMissing(packages=" ".join(missing))
        await self.close()
        await share(self._folders)
        self.at.mkdir(exist_ok=True)
        try:
            await self._mount.open(url, secret)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Ends the mount, whoever began it; what was being written goes out first. Idempotent."""
        await self._mount.close()
        if not self.is_whole:
            with suppress(OSError):
                self.at.rmdir()


async def share(folders: Folders) -> None:
    """Lets a later mount reach a machine that runs (root only; others depend on the host)."""
    if os.geteuid() != 0 or is_mounted(folders.mounts):
        return
    await _run("mount", "--bind", str(folders.mounts), str(folders.mounts))
    await _run("mount", "--make-shared", str(folders.mounts))


async def unshare(folders: Folders) -> None:
    """Takes back what `share` and mounts left behind, after a crash too. Idempotent."""
    for folder in (*mounted_at(folders.given), *mounted_at(folders.live)):
        await unmount(folder, lazily=True)
    for _ in range(8):
        if os.geteuid() != 0 or not is_mounted(folders.mounts):
            return
        await _run("umount", "--lazy", str(folders.mounts))


async def _run(*command: str) -> bool:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    if await process.wait() != 0:
        log.warning("pc.mount_command_failed", kind=command[0])
        return False
    return True
