"""The port that runs personal computers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

import msgspec

MachineState = Literal["absent", "running", "paused", "stopped"]


class MachineSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What to run. `image` is a read-only root folder, `home` the person's volume.

    `sockets` is a folder shared with the host for Unix sockets (the display's). `mounts`
    maps absolute guest paths to host folders that are bound in, writable.
    """

    machine_id: str
    image: Path
    home: Path
    sockets: Path
    command: Sequence[str]
    environment: Mapping[str, str] = {}
    mounts: Mapping[str, Path] = {}
    memory_bytes: int = 0
    cpus: float = 0.0
    processes: int = 512


class Compute(Protocol):
    """Starts and stops isolated machines, without root inside and without capabilities.

    Calls are idempotent and name machines by id, so that a broker that crashed can ask
    for the state again and go on. A machine outlives the process that started it only if
    `survives` is true.
    """

    survives: bool

    async def start(self, spec: MachineSpec) -> None: ...
    async def stop(self, machine_id: str, *, grace_s: float = 5.0) -> None: ...
    async def state(self, machine_id: str) -> MachineState: ...
    async def running(self) -> Sequence[str]:
        """Ids of all machines of this installation that run."""
        ...
