"""Files that a program writes to its standard output as a tar, read one after the other."""

import asyncio
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import IO, BinaryIO

from synfonium.engines.vault.child import Ended

__all__ = ["Unpacking"]

_KEPT_BYTES = 64 * 1024
_END_S = 10.0
Take = Callable[[str, IO[bytes]], None]


class Unpacking:
    """Runs `command` once; nothing of its tar is written to a disk."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command, self._environment = command, environment
        self._process: subprocess.Popen[bytes] | None = None

    async def run(self, take: Take) -> Ended:
        """To the end; `take` gets each file's path and content, in a thread. What it raises ends the
        program. Cancelled, it ends the program and waits for the thread."""
        work = asyncio.create_task(asyncio.to_thread(self._run, take))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            self._end()
            await asyncio.gather(work, return_exceptions=True)
            raise

    def _run(self, take: Take) -> Ended:
        with tempfile.TemporaryFile() as errors:
            try:
                self._read(take, errors)
            finally:
                self._end()
            assert self._process is not None
            errors.seek(0)
            text = errors.read(_KEPT_BYTES).decode("utf-8", "replace")
            return Ended(self._process.returncode, "", text)

    def _read(self, take: Take, errors: BinaryIO) -> None:
        self._process = subprocess.Popen(
            self._command,
            env=dict(self._environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        try:
            with tarfile.open(fileobj=self._process.stdout, mode="r|") as tar:
                for member in tar:
                    if member.isfile() and (content := tar.extractfile(member)) is not None:
                        take(member.name, content)
        except tarfile.TarError:
            pass  # Nothing at all, or cut off: its status says why.
        finally:
            self._process.stdout.close()
        self._process.wait(_END_S)

    def _end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
