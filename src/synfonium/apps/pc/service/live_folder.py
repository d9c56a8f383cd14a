"""Live folders: something of somebody's Drive inside a PC, without a copy.

rclone mounts the grant's WebDAV door outside the machine, by FUSE, in a folder that is
bound into it; inside there is neither the secret nor the right to mount. As root the
mount goes through a shared mount point, so that it shows in a machine that already runs;
as an ordinary user it shows there where the host shares its mounts (systemd's default),
else from the next start on.
"""

import asyncio
import os
import shutil
from contextlib import suppress
from pathlib import Path

from synfonium.apps.pc.errors import ProgramMissing
from synfonium.apps.pc.service.folders import Folders, is_mounted, mounted_at
from synfonium.kernel import logs

log = logs.get("pc")
MOUNT_TIMEOUT_S = 10.0
FLUSH_TIMEOUT_S = 5.0


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
        self.at, self._folders, self._owner = at, folders, owner
        self._cache, self._can_write, self._until_s = folders.cache / key, can_write, until_s
        self._process: asyncio.subprocess.Process | None = None

    @property
    def is_whole(self) -> bool:
        return self.at == self._folders.live

    def is_over(self, now_s: float) -> bool:
        return 0 < self._until_s <= now_s

    @property
    def is_open(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def open(self, url: str, secret: str) -> None:
        """Returns once the folder shows. Raises ProgramMissing, OSError."""
        if missing := missing_programs():
            raise ProgramMissing(packages=" ".join(missing))
        await self.close()
        await share(self._folders)
        self.at.mkdir(exist_ok=True)
        self._process = await asyncio.create_subprocess_exec(
            *_arguments(self.at, self._cache, self._owner, can_write=self._can_write),
            env=_environment(url, secret),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(MOUNT_TIMEOUT_S):
                while not is_mounted(self.at):
                    if self._process.returncode is not None:
                        raise OSError("rclone ended before the folder was there")
                    await asyncio.sleep(0.05)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Ends the mount, whoever began it; what was being written goes out first. Idempotent."""
        await unmount(self.at, lazily=False)
        process, self._process = self._process, None
        if process is not None:
            try:
                await asyncio.wait_for(process.wait(), FLUSH_TIMEOUT_S)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        await unmount(self.at, lazily=True)
        await asyncio.to_thread(shutil.rmtree, self._cache, ignore_errors=True)
        if not self.is_whole:
            with suppress(OSError):
                self.at.rmdir()


def missing_programs() -> list[str]:
    """Debian packages without which there are no live folders."""
    needed = {"rclone": "rclone", "fusermount3": "fuse3"}
    return [package for program, package in needed.items() if not shutil.which(program)]


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


async def unmount(folder: Path, *, lazily: bool) -> None:
    for _ in range(8):
        if not is_mounted(folder):
            return
        await _run("fusermount3", "-u", *(("-z",) if lazily else ()), str(folder))
        if not lazily:
            return


def _arguments(at: Path, cache: Path, owner: int, *, can_write: bool) -> list[str]:
    as_owner = ("--allow-other", "--uid", str(owner), "--gid", str(owner)) if os.geteuid() == 0 else ()
    return [
        # Not to outlive the gateway: the next one has another secret.
        "setpriv", "--pdeathsig", "KILL",
        "rclone", "mount", "drive:", str(at),
        "--config", os.devnull, "--cache-dir", str(cache), "--vfs-cache-mode", "writes",
        "--vfs-write-back", "100ms", "--vfs-cache-max-age", "1m",
        "--dir-cache-time", "1s", "--attr-timeout", "1s", "--poll-interval", "0", "--umask", "077",
        "--timeout", "30s", "--contimeout", "5s", "--low-level-retries", "3", "--volname", at.name, *as_owner,
        *(() if can_write else ("--read-only",)),
    ]  # fmt: skip


def _environment(url: str, secret: str) -> dict[str, str]:
    """The secret goes by the environment: command lines are for all to read."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "RCLONE_CONFIG_DRIVE_TYPE": "webdav",
        "RCLONE_CONFIG_DRIVE_VENDOR": "other",
        "RCLONE_CONFIG_DRIVE_URL": url,
        "RCLONE_CONFIG_DRIVE_BEARER_TOKEN": secret,
    }


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
