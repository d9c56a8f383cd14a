"""Which processes make up a machine, told by the lock that its first process holds.

A lock file names no process id, so that a number used again by a stranger after a crash
is never mistaken for a machine.
"""

import contextlib
import fcntl
import os
import signal
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")


def is_locked(lock: Path) -> bool:
    """Whether some process still holds the lock; False when the file is absent."""
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def holders(lock: Path) -> list[int]:
    """Ids of the processes that keep the lock file open, ours aside."""
    try:
        wanted = lock.stat()
    except FileNotFoundError:
        return []
    identity = (wanted.st_dev, wanted.st_ino)
    return [pid for pid in _processes() if pid != os.getpid() and identity in _open_files(pid)]


def first_process(lock: Path) -> int:
    """The machine's first process as the host numbers it, or 0."""
    for pid in holders(lock):
        if _numbers(pid)[-1:] == [1]:
            return pid
    return 0


def has_command(lock: Path, launcher: str) -> bool:
    """Whether the machine got past its launcher and runs a command of its own."""
    first = first_process(lock)
    return bool(first) and any(_program(pid) not in ("", launcher) for pid in members(first))


def members(first: int) -> list[int]:
    """Every process in the process namespace of `first`."""
    namespace = _namespace(first)
    if not namespace:
        return []
    return [pid for pid in _processes() if _namespace(pid) == namespace]


def send(pid: int, number: signal.Signals) -> None:
    """Signals a process that may be gone by now."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _processes() -> Iterator[int]:
    return (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())


def _open_files(pid: int) -> set[tuple[int, int]]:
    found = set()
    with contextlib.suppress(OSError):
        for entry in (_PROC / f"{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                status = entry.stat()
                found.add((status.st_dev, status.st_ino))
    return found


def _numbers(pid: int) -> list[int]:
    """The process's ids, from the host's namespace to its innermost (NSpid, proc(5))."""
    with contextlib.suppress(OSError), (_PROC / f"{pid}/status").open() as status:
        for line in status:
            if line.startswith("NSpid:"):
                return [int(number) for number in line.split()[1:]]
    return []


def _program(pid: int) -> str:
    try:
        with (_PROC / f"{pid}/cmdline").open("rb") as line:
            return line.read(4096).split(b"\0")[0].decode(errors="replace")
    except OSError:
        return ""


def _namespace(pid: int) -> str:
    try:
        return str((_PROC / f"{pid}/ns/pid").readlink())
    except OSError:
        return ""
