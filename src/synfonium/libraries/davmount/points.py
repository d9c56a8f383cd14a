"""What is mounted where on this computer (proc(5), mountinfo)."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

_TRIES = 8


def is_mounted(folder: Path) -> bool:
    """Whether something is mounted on the folder: also a bind of its own file system, and
    also a mount whose server died and that answers nothing."""
    real = _real(folder)
    return any(point == real for point, _device in _mount_points())


def mounted_at(folder: Path, device: str = "") -> list[Path]:
    """What is mounted on the folder and below it, the innermost first; of `device` alone when given."""
    top = _real(folder)
    found = {
        point
        for point, source in _mount_points()
        if (point == top or point.startswith(f"{top}/")) and device in ("", source)
    }
    return [Path(point) for point in sorted(found, reverse=True)]


async def unmount(folder: Path, *, lazily: bool) -> None:
    """Ends what FUSE mounted there. lazily: also while it is in use, and as often as it is mounted."""
    for _ in range(_TRIES):
        if not is_mounted(folder):
            return
        process = await asyncio.create_subprocess_exec(
            *("fusermount3", "-u", *(("-z",) if lazily else ()), str(folder)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await process.wait()
        if not lazily:
            return


def _real(folder: Path) -> str:
    return str(Path(os.path.realpath(folder.parent), folder.name))


def _mount_points() -> Iterator[tuple[str, str]]:
    """Each with what is mounted there."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:  # noqa: PTH123
        for line in mounts:
            before, _dash, after = line.partition(" - ")
            yield _unescaped(before.split(" ", 5)[4]), _unescaped(after.split(" ")[1])


def _unescaped(path: str) -> str:
    """Space, tab, newline and backslash are written in octal."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        path = path.replace(code, character)
    return path
