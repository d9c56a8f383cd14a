"""A personal computer as the broker knows it."""

import re
from typing import Literal

import msgspec

from synfonium.common.problem import BadInput

Wanted = Literal["running", "stopped"]
State = Literal["stopped", "starting", "running", "stopping", "failed"]

MAX_NAME_LENGTH = 60
MIN_MEMORY_BYTES = 256_000_000
MIN_DISK_BYTES = 64_000_000
MAX_CPUS = 256.0
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_SIZE = re.compile(r"(\d{1,12})\s*([KMGT]?)(i?)B?", re.IGNORECASE)


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """One PC: an image, a home that stays, limits, and what it is asked to be.

    wanted: what the person asked for. state: what was last seen to be true. reason: why
    it failed, one of a few words. started_s: UTC seconds, 0 when stopped.
    """

    id: str
    owner: str
    name: str
    image: str
    cpus: float
    memory_bytes: int
    disk_bytes: int
    wanted: Wanted = "stopped"
    state: State = "stopped"
    reason: str = ""
    started_s: float = 0.0
    created_s: float = 0.0


def parse_size(field: str, text: str) -> int:
    """Bytes of `512M`, `4G` (thousands), `2GiB` (of 1024) or a plain number. Raises BadInput."""
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise BadInput(field, "Write a number with M, G or T, such as 4G.")
    base = 1024 if found[3] else 1000
    return int(found[1]) * int(base ** _POWERS[found[2].upper()])


def checked_name(name: str) -> str:
    """The name as kept. Raises BadInput when it is empty, too long or not printable."""
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise BadInput("name", f"A name has 1 to {MAX_NAME_LENGTH} letters.")
    return name


def checked_limits(cpus: float, memory_bytes: int, disk_bytes: int) -> None:
    """Raises BadInput for limits that no PC can have."""
    if not 0.1 <= cpus <= MAX_CPUS:
        raise BadInput("cpus", f"Between 0.1 and {MAX_CPUS:g}.")
    if not MIN_MEMORY_BYTES <= memory_bytes < 1 << 50:
        raise BadInput("memory", "At least 256M.")
    if not MIN_DISK_BYTES <= disk_bytes < 1 << 60:
        raise BadInput("disk", "At least 64M.")
