"""A PC's folders on the host: its home, the display's socket, the live folders."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from synfonium.common.ids import new_id
from synfonium.libraries.davmount.points import is_mounted, mounted_at

LIVE = "Drive"
"""The whole Drive, in the home of the PC."""
GIVEN = "Synfonium"
"""In there: everything else that was given, each in a folder."""


class Folders:
    """Where one PC keeps what is its own, under `folder`/<id>.

    What is in `home` and `sockets` was written by whoever uses the PC: names in there
    are never followed.
    """

    def __init__(self, folder: Path, machine_id: str) -> None:
        self.base = folder / machine_id
        self.home = self.base / "home"
        self.sockets = self.base / "sockets"
        self.mounts = self.base / "mounts"
        self.live = self.mounts / LIVE
        self.given = self.mounts / "given"
        self.cache = self.base / "cache"

    @property
    def is_ready(self) -> bool:
        """Whether the desktop said that it is up."""
        return os.path.lexists(self.sockets / "ready")

    def prepare(self) -> None:
        """Makes what is missing; the sockets are those of a machine that never ran."""
        if self.sockets.is_dir():
            shutil.rmtree(self.sockets)
        for folder in (self.home, self.sockets):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.mounts.mkdir(exist_ok=True)
        self.live.mkdir(exist_ok=True)
        self.given.mkdir(exist_ok=True)
        self._sweep_given()
        # Seen inside as an empty folder that nobody can write to, until something is mounted.
        self.mounts.chmod(0o755)
        self.given.chmod(0o755)
        if not is_mounted(self.live):
            self.live.chmod(0o555)

    def _sweep_given(self) -> None:
        """Empty folders are left where a gateway was killed."""
        for left in self.given.iterdir():
            if not is_mounted(left):
                with suppress(OSError):
                    left.rmdir()

    def remove(self) -> None:
        """Takes everything away; a crash halfway leaves a name that `sweep` finds.

        Raises RuntimeError while a live folder is mounted: what is in it is not the PC's.
        """
        if mounted_at(self.mounts):
            raise RuntimeError("a live folder is still mounted")
        if not self.base.exists():
            return
        leaving = self.base.with_name(f".deleted-{new_id()}")
        self.base.rename(leaving)
        shutil.rmtree(leaving, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Finishes removals that a crash cut short."""
    for left in folder.glob(".deleted-*"):
        shutil.rmtree(left, ignore_errors=True)
