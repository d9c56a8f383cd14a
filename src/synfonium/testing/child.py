# SPDX-License-Identifier: Apache-2.0
"""Python processes of a test, spoken to by lines and made to be killed."""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from types import TracebackType

__all__ = ["Child", "serve_forks"]


class Child:
    """Runs `python -m module arguments…` with this process's import path, until `close`."""

    def __init__(self, module: str, *arguments: str) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            bufsize=0,
        )
        assert self.process.stdout is not None
        self._output = self.process.stdout
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._output, selectors.EVENT_READ)
        self._waiting = b""

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())

    def read_line(self, *, timeout_s: float, or_empty: bool = False) -> str:
        """The next line; empty (`or_empty`) or AssertionError when none comes in time."""
        deadline = time.monotonic() + timeout_s
        while b"\n" not in self._waiting:
            if not self._selector.select(max(0.0, deadline - time.monotonic())):
                assert or_empty, "the child says nothing"
                return ""
            read = os.read(self._output.fileno(), 65536)
            assert read, f"the child ended: {self.process.wait()}"
            self._waiting += read
        line, _, self._waiting = self._waiting.partition(b"\n")
        return line.decode()

    def read_until(self, last: str, *, timeout_s: float) -> list[str]:
        """All lines before the line `last`."""
        lines: list[str] = []
        while (line := self.read_line(timeout_s=timeout_s)) != last:
            lines.append(line)
        return lines

    def kill(self) -> None:
        """SIGKILL, and waits until it is gone."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.kill()
        self._selector.close()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()

    def __enter__(self) -> "Child":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def serve_forks(run: Callable[[str, int], None]) -> None:
    """The child's side: forks for each line, so that the time to import is paid once.

    `kill` ends the fork by SIGKILL; any other line `command number` forks a process that
    runs them. `gone` is said when a fork that was killed, or was to `count`, has ended.
    """
    forked = 0
    os.write(1, b"ready\n")
    for line in sys.stdin:
        command, _, number = line.strip().partition(" ")
        if command == "kill":
            os.kill(forked, signal.SIGKILL)
        else:
            forked = os.fork()
            if not forked:
                _run_and_exit(run, command, int(number))
        if command in ("kill", "count"):
            os.waitpid(forked, 0)
            os.write(1, b"gone\n")


def _run_and_exit(run: Callable[[str, int], None], command: str, number: int) -> None:
    try:
        run(command, number)
    finally:
        os._exit(0)
