"""A PC's folders on the host: its home, the display's socket, the live folders."""

import os
import shutil
from pathlib import Path

from synfonium.common.ids import new_id

LIVE = "Drive"


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
        # Seen inside as an empty folder that nobody can write to, until something is mounted.
        self.mounts.chmod(0o755)
        if not is_mounted(self.live):
            self.live.chmod(0o555)

    def remove(self) -> None:
        """Takes everything away; a crash halfway leaves a name that `sweep` finds.

        Raises RuntimeError while a live folder is mounted: what is in it is not the PC's.
        """
        if is_mounted(self.live) or is_mounted(self.mounts):
            raise RuntimeError("a live folder is still mounted")
        if not self.base.exists():
            return
        leaving = self.base.with_name(f".deleted-{new_id()}")
        self.base.rename(leaving)
        shutil.rmtree(leaving, ignore_errors=True)


def is_mounted(folder: Path) -> bool:
    """Whether something is mounted on the folder: also a bind of its own file system, and
    also a mount whose server died and that answers nothing."""
    wanted = os.path.realpath(folder.parent) + "/" + folder.name
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:  # noqa: PTH123
        return any(_unescaped(line.split(" ", 5)[4]) == wanted for line in mounts)


def _unescaped(path: str) -> str:
    """Space, tab, newline and backslash are written in octal (proc(5), mountinfo)."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        path = path.replace(code, character)
    return path


def sweep(folder: Path) -> None:
    """Finishes removals that a crash cut short."""
    for left in folder.glob(".deleted-*"):
        shutil.rmtree(left, ignore_errors=True)
