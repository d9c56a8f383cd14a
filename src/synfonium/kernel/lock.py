"""One server holds a home."""

import fcntl
import os
import time
from pathlib import Path


class HomeTaken(Exception):
    """Another process holds this home; `pid` is its supervisor's."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"another Synfonium (process {pid}) already serves this home")
        self.pid = pid


class HomeLock:
    """A lock on the home that lives as long as any process that inherited it.

    So roles that outlive a killed supervisor for a moment still hold the home, and the
    next start waits for them instead of writing beside them.
    """

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = home / "lock"
        self.descriptor = -1

    def take(self, *, wait_s: float = 10.0) -> None:
        """Raises HomeTaken at once when the holder lives, else after `wait_s`."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline_s = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                holder = self._holder(descriptor)
                if _lives(holder) or time.monotonic() > deadline_s:
                    os.close(descriptor)
                    raise HomeTaken(holder) from None
                time.sleep(0.05)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self.descriptor = descriptor

    def release(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    @staticmethod
    def _holder(descriptor: int) -> int:
        text = os.pread(descriptor, 20, 0)
        return int(text) if text.isdigit() else 0


def _lives(pid: int) -> bool:
    if not pid:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
