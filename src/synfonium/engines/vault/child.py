"""One run of a program: its lines heard as they come, ended politely when nobody waits."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

__all__ = ["Child", "Ended", "Hear"]

_KEPT_BYTES = 256 * 1024
_LINE_BYTES = 16 * 1024 * 1024
_END_S = 10.0
_LOOK_EVERY_S = 0.5

Hear = Callable[[str], Awaitable[None]]
Written = Callable[[float], Awaitable[None]]


class Ended(msgspec.Struct, frozen=True):
    """How a program ended; output and errors are its last 256 KiB each."""

    status: int
    output: str
    errors: str


class Child:
    """Runs `command` once. Its standard input is empty."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command, self._environment = command, environment

    async def run(
        self, *, folder: Path | None = None, hear: Hear | None = None, written: Written | None = None
    ) -> Ended:
        """Runs in `folder` to the end. hear: gets each line of output and errors; written: gets,
        twice a second, how many bytes it has written. Cancelled, it interrupts the program and
        waits for it, 10 s at most."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=folder,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LINE_BYTES,
            start_new_session=True,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        watch = asyncio.create_task(_watch(process.pid, written)) if written else None
        reading = [asyncio.create_task(_lines(stream, hear)) for stream in (process.stdout, process.stderr)]
        try:
            output, errors = await asyncio.gather(*reading)
            return Ended(await process.wait(), output, errors)
        finally:
            for task in reading:
                task.cancel()
            if watch:
                watch.cancel()
            await _end(process)


async def _lines(stream: asyncio.StreamReader, hear: Hear | None) -> str:
    kept, size = list[str](), 0
    while line := await stream.readline():
        text = line.decode("utf-8", "replace")
        kept.append(text)
        size += len(text)
        while size > _KEPT_BYTES and len(kept) > 1:
            size -= len(kept.pop(0))
        if hear is not None:
            await hear(text)
    return "".join(kept)


async def _watch(pid: int, written: Written) -> None:
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        with suppress(OSError, ValueError, IndexError):
            counters = Path(f"/proc/{pid}/io").read_text("ascii")
            await written(float(counters.partition("wchar: ")[2].split()[0]))


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    try:
        await asyncio.wait_for(asyncio.shield(process.wait()), _END_S)
    except (TimeoutError, asyncio.CancelledError):
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
