"""How this process is: for the page of health, with nothing personal in it."""

import os
import time
from pathlib import Path

import msgspec

from synfonium.kernel import logs

_begun_s = time.time()
_restarts = 0


class Vitals(msgspec.Struct, frozen=True, kw_only=True):
    """memory_bytes: resident. restarts: by the supervisor, since it began. waiting: events
    and letters not yet delivered; stuck: those that were given up. last_error: an event of
    the log, "" for none."""

    roles: tuple[str, ...] = ()
    pid: int = 0
    since_s: float = 0.0
    memory_bytes: int = 0
    restarts: int = 0
    waiting: int = 0
    stuck: int = 0
    last_error: str = ""
    last_error_s: float = 0.0


def remember_restarts(count: int) -> None:
    global _restarts
    _restarts = count


def vitals(roles: frozenset[str], *, waiting: int = 0, stuck: int = 0) -> Vitals:
    """Of this process, now."""
    error, error_s = logs.last_error()
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return Vitals(
        roles=tuple(sorted(roles)),
        pid=os.getpid(),
        since_s=_begun_s,
        memory_bytes=pages * os.sysconf("SC_PAGE_SIZE"),
        restarts=_restarts,
        waiting=waiting,
        stuck=stuck,
        last_error=error,
        last_error_s=error_s,
    )
