"""Screens being watched: a streamer beside the machine for each, one a PC at a time."""

import asyncio
import importlib.util
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import synfonium
from synfonium.apps.pc.errors import NotRunning, ProgramMissing
from synfonium.apps.pc.model import frames
from synfonium.apps.pc.service.broker import Broker
from synfonium.kernel import logs
from synfonium.kernel.context import Context
from synfonium.ports.compute import Companion, ComputeMissing, MachineNotRunning

log = logs.get("pc")
_STREAMER = "synfonium.apps.pc.stream.streamer"
_BUFFER_BYTES = 1 << 20
_HOST_FOLDERS = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache")


class Screen:
    """The gateway's end of one streamer: messages out of it, input into it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.taken = asyncio.Event()

    async def read(self) -> bytes:
        """The next message. Raises EOFError when the streamer has ended."""
        try:
            header = await self._reader.readexactly(frames.LENGTH.size)
            (size,) = frames.LENGTH.unpack(header)
            if not 0 < size <= frames.MAX_PICTURE_BYTES:
                raise EOFError
            return await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise EOFError from None

    async def write(self, message: bytes) -> None:
        """One message of input that `frames.is_input` let pass; waits when there are too many."""
        self._writer.write(frames.LENGTH.pack(len(message)) + message)
        with suppress(ConnectionError):
            await self._writer.drain()


class Screens:
    """Opens screens. Opening one that somebody watches ends it there (`Screen.taken`)."""

    def __init__(self, context: Context, broker: Broker) -> None:
        self._context, self._broker = context, broker
        self._open: dict[str, Screen] = {}

    @asynccontextmanager
    async def open(self, machine_id: str) -> AsyncIterator[Screen]:
        """Raises NotRunning, ProgramMissing."""
        await self._broker.running(machine_id)
        if not can_stream():
            raise ProgramMissing(packages="python3-pip && pip install 'synfonium[pc]'")
        ours, theirs = socket.socketpair()
        companion = self._companion(machine_id, theirs.fileno())
        streaming = asyncio.create_task(self._accompany(companion, theirs))
        reader, writer = await asyncio.open_connection(sock=ours, limit=_BUFFER_BYTES)
        screen = Screen(reader, writer)
        if before := self._open.get(machine_id):
            before.taken.set()
        self._open[machine_id] = screen
        try:
            yield screen
        finally:
            if self._open.get(machine_id) is screen:
                del self._open[machine_id]
            writer.close()
            await _finish(streaming)

    async def _accompany(self, companion: Companion, theirs: socket.socket) -> None:
        with theirs:
            try:
                status = await self._context.compute.accompany(companion)
            except (MachineNotRunning, ComputeMissing) as error:
                raise NotRunning from error
        if status != 0:
            log.warning("pc.streamer_ended", id=companion.machine_id, status=status)

    def _companion(self, machine_id: str, channel: int) -> Companion:
        house = Path(synfonium.__file__).parent
        python = {Path(p) for p in (sys.prefix, sys.base_prefix)}
        libraries = {Path(p) for p in sys.path if "site-packages" in p or "dist-packages" in p}
        wanted = [*(Path(p) for p in _HOST_FOLDERS), *sorted(python), *sorted(libraries), house]
        return Companion(
            machine_id=machine_id,
            sockets=self._broker.folders(machine_id).sockets,
            command=(sys.executable, "-m", _STREAMER),
            readable=_outermost(wanted),
            environment={
                "DISPLAY": ":0",
                "HOME": "/tmp",
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": ":".join([str(house.parent), *(str(p) for p in sorted(libraries))]),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            channel=channel,
        )


def can_stream() -> bool:
    """Whether the streaming libraries are installed (the optional group `pc`)."""
    return all(importlib.util.find_spec(name) for name in ("pixelflux", "Xlib"))


def _outermost(paths: list[Path]) -> list[Path]:
    """The paths that exist and are not inside another of them."""
    found = [path for path in dict.fromkeys(paths) if path.exists()]
    return [path for path in found if not any(other in path.parents for other in found)]


async def _finish(streaming: "asyncio.Task[None]") -> None:
    """The streamer ends by itself once its channel is closed; if not, it is ended."""
    with suppress(TimeoutError, NotRunning):
        await asyncio.wait_for(streaming, 2.0)
