"""The port that runs personal computers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

import msgspec

HOME_AT = "/home/person"
SOCKETS_AT = "/tmp/.X11-unix"

MachineState = Literal["absent", "running", "paused", "stopped"]


class MachineSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What to run. `image` is a read-only root folder, `home` the person's volume.

    `home` stands at HOME_AT, and `sockets`, a folder shared with the host for Unix sockets
    (the display's), at SOCKETS_AT. `mounts` maps absolute guest paths, which the image or
    the home has, to host folders that are bound in; what the host mounts in them later
    shows inside where the host shares its mounts. `shown` is the same, and inside nobody writes
    to the folder itself; what is mounted in it later has rights of its own. memory_bytes, cpus: 0 = no limit.
    file_bytes: the largest single file (0 = no limit).
    """

    machine_id: str
    image: Path
    home: Path
    sockets: Path
    command: Sequence[str]
    environment: Mapping[str, str] = {}
    mounts: Mapping[str, Path] = {}
    shown: Mapping[str, Path] = {}
    memory_bytes: int = 0
    cpus: float = 0.0
    processes: int = 512
    file_bytes: int = 0


class Companion(msgspec.Struct, frozen=True, kw_only=True):
    """A program of the host's that works beside a running machine, such as its streamer.

    It shares the machine's System V memory (the display's frames) and its `sockets`,
    which it sees at SOCKETS_AT; of the host it sees `readable` alone, read-only. It has
    no network and no other process in sight. Its standard input is `channel`, a socket.
    """

    machine_id: str
    sockets: Path
    command: Sequence[str]
    readable: Sequence[Path]
    environment: Mapping[str, str] = {}
    channel: int


class MachineNotRunning(Exception):
    """What was asked needs a machine that runs."""


class ComputeMissing(Exception):
    """This computer lacks what the engine needs; the message names the package."""


class Compute(Protocol):
    """Starts and stops isolated machines, without root inside and without capabilities.

    Calls are idempotent and name machines by id, so that a broker that crashed can ask
    for the state again and go on. A machine outlives the process that started it only if
    `survives` is true.
    """

    survives: bool

    def owner_of(self, machine_id: str) -> int:
        """The host's user id that the machine's files belong to."""
        ...

    async def start(self, spec: MachineSpec) -> None:
        """Returns when the machine runs. Raises ComputeMissing and MachineNotRunning."""
        ...

    async def stop(self, machine_id: str, *, grace_s: float = 5.0) -> None: ...
    async def state(self, machine_id: str) -> MachineState: ...
    async def running(self) -> Sequence[str]:
        """Ids of all machines of this installation that run."""
        ...

    async def accompany(self, companion: Companion) -> int:
        """Runs `companion` to its end and gives its exit status.

        Cancelling ends the program, and so does the end of this process. Raises
        MachineNotRunning.
        """
        ...
