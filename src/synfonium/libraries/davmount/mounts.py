"""One mount: an rclone of its own that shows one collection in one folder."""

import asyncio
import json
import os
import shutil
from contextlib import suppress
from pathlib import Path

from synfonium.libraries.davmount.points import is_mounted, unmount

MOUNT_TIMEOUT_S = 10.0
FLUSH_TIMEOUT_S = 5.0
LOOK_EVERY_S = 0.05
DEVICE = "drive:"


def missing_programs() -> list[str]:
    """Debian packages without which nothing can be mounted."""
    needed = {"rclone": "rclone", "fusermount3": "fuse3"}
    return [package for program, package in needed.items() if not shutil.which(program)]


class DavMount:
    """`open` it, and `close` it. The secret is known to rclone alone: it is on no command line."""

    def __init__(
        self,
        at: Path,
        cache: Path,
        *,
        owner: tuple[int, int] | None = None,
        can_write: bool = True,
        device: str = DEVICE,
    ) -> None:
        """at: an empty folder, where it shows. cache: what was written waits there until it was sent.
        owner: the user and group who alone see it, when that is not who mounts; root may always say
        so, others where /etc/fuse.conf has user_allow_other. device: what the system calls it.
        """
        self.at, self.cache = at, cache
        self._owner, self._can_write, self._device = owner, can_write, device
        self._process: asyncio.subprocess.Process | None = None

    @property
    def is_open(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def open(self, url: str, secret: str) -> None:
        """Returns once the folder shows. Raises OSError, TimeoutError."""
        self._process = await asyncio.create_subprocess_exec(
            *self._arguments(),
            env=_environment(url, secret),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            # Ctrl-C in a terminal is for whoever mounts, who ends this in its turn.
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(MOUNT_TIMEOUT_S):
                while not is_mounted(self.at):
                    if self._process.returncode is not None:
                        raise OSError("rclone ended before the folder was there")
                    await asyncio.sleep(LOOK_EVERY_S)
        except BaseException:
            await self.close()
            raise

    async def close(self, *, at_once: bool = False) -> None:
        """Ends the mount, whoever began it; what was being written goes out first, unless it shall end
        at once. Idempotent."""
        if self.is_open and not at_once:
            await self._sent()
        await unmount(self.at, lazily=at_once)
        process, self._process = self._process, None
        if process is not None:
            try:
                await asyncio.wait_for(process.wait(), 0.2 if at_once else FLUSH_TIMEOUT_S)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        await unmount(self.at, lazily=True)
        await asyncio.to_thread(shutil.rmtree, self.cache, ignore_errors=True)

    async def _sent(self) -> None:
        """Waits until all that was written has gone out, or for some seconds: when it is unmounted,
        rclone keeps what waits in its cache for a next time."""
        for _look in range(int(FLUSH_TIMEOUT_S / LOOK_EVERY_S)):
            if not await asyncio.to_thread(_has_unsent, self.cache):
                return
            await asyncio.sleep(LOOK_EVERY_S)

    def _arguments(self) -> list[str]:
        user, group = self._owner or (0, 0)
        # Allowed to all, and then held by the kernel to the mode, which is for the owner alone.
        as_owner = (
            ("--allow-other", "--default-permissions", "--uid", str(user), "--gid", str(group))
            if self._owner
            else ()
        )
        return [
            # Not to outlive whoever mounts: the next one has another secret.
            "setpriv", "--pdeathsig", "KILL",
            "rclone", "mount", "drive:", str(self.at),
            "--config", os.devnull, "--cache-dir", str(self.cache), "--vfs-cache-mode", "writes",
            "--vfs-write-back", "100ms", "--vfs-cache-max-age", "1m",
            # The kernel is to ask each time: what lies in a folder that was renamed it would look for where
            # that was, for seconds (rclone 1.60). What was not sent yet still cannot be read until it is.
            "--dir-cache-time", "1s", "--attr-timeout", "0s", "--poll-interval", "0", "--umask", "077",
            "--timeout", "30s", "--contimeout", "5s", "--low-level-retries", "3",
            "--volname", self.at.name, "--devname", self._device, *as_owner,
            *(() if self._can_write else ("--read-only",)),
        ]  # fmt: skip


def _has_unsent(cache: Path) -> bool:
    """Whether rclone's notes beside its cache name a file that was written and not sent."""
    for notes in (cache / "vfsMeta").rglob("*"):
        with suppress(OSError, ValueError, AttributeError):
            if notes.is_file() and json.loads(notes.read_bytes()).get("Dirty"):
                return True
    return False


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
