# SPDX-License-Identifier: Apache-2.0
"""A real server in processes of its own, on loopback, for journeys and foreign clients."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from synfonium.testing.chosen_blobs import VARIABLES, blobs_of
from synfonium.testing.chosen_database import VARIABLE, database_of
from synfonium.testing.ports import free_ports

START_S = 60.0
STOP_S = 20.0
PROGRAM = (sys.executable, "-m", "synfonium.main")


class RealServer:
    """`synfonium serve` on a home. The log holds what all its roles wrote."""

    def __init__(
        self, home: Path, *, options: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> None:
        self.home, self.port = home, free_ports()[0]
        self.log = home.parent / f"{home.name}.log"
        self.url = f"http://localhost:{self.port}"
        self._options = tuple(options)
        outer = {key: value for key, value in os.environ.items() if key not in (VARIABLE, *VARIABLES)}
        own = {"SYNFONIUM_HOME": str(home), **database_of(home), **blobs_of(home), **(environment or {})}
        self._environment = {**outer, **own}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def environment(self) -> Mapping[str, str]:
        """In which commands work on this home."""
        return self._environment

    def start(self) -> None:
        """Serves, and returns when every role answers."""
        with self.log.open("ab") as log:
            command = [*PROGRAM, "serve", "--port", str(self.port), *self._options]
            self._process = subprocess.Popen(
                command, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline_s = time.monotonic() + START_S
        while not self.is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline_s:
                raise AssertionError(f"the server did not become ready:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.05)

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Ends it; `SIGKILL` ends the supervisor alone, and its roles follow."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)
            self._process.wait(STOP_S)

    def run(self, *words: str, stdin: str = "", timeout_s: float = 120.0) -> str:
        """Runs a command beside the server; its standard output. Raises CalledProcessError."""
        done = subprocess.run(
            [*PROGRAM, *words],
            env=self._environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        if done.returncode != 0:
            raise subprocess.CalledProcessError(done.returncode, words, done.stdout, done.stderr)
        return done.stdout

    def person(self, name: str, *options: str, password: str = "a long enough password") -> str:
        """Adds a person and gives a token of theirs."""
        self.run("user", "add", name, "--password-stdin", *options, stdin=password)
        return self.run("user", "token", name, "--label", "test").strip()

    def role_pid(self, role: str) -> int:
        """The process of a role. Raises LookupError."""
        for pid in family(self.pid):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if b"--only" in words and words[words.index(b"--only") + 1] == role.encode():
                return pid
        raise LookupError(role)

    def ready_roles(self) -> Mapping[str, bool]:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return dict(json.load(answer)["roles"])
        except urllib.error.HTTPError as refused:
            return dict(json.load(refused)["roles"])


@contextmanager
def real_server(
    home: Path, *, options: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Iterator[RealServer]:
    """Serves `home` until the block ends."""
    server = RealServer(home, options=options, environment=environment)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for task in _tasks(pid):
        # A thread may end between being listed and being read, and take its process along.
        with suppress(FileNotFoundError, ProcessLookupError):
            for child in (task / "children").read_text().split():
                found += family(int(child))
    return found


def _tasks(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return []
