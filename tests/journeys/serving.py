"""A real server for a journey: `synfonium serve` in processes of its own, on free ports."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from synfonium.testing.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, "-m", "synfonium.main")
START_S = 60.0
STOP_S = 20.0


@dataclass
class Server:
    """A running server. `local` is plain HTTP from this machine."""

    home: Path
    port: int
    local: str
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes]

    def run(
        self, *words: str, typed: str = "", check: bool = True, timeout_s: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command of ours on this home."""
        return subprocess.run(
            [*PROGRAM, *words],
            env=dict(self.environment),
            cwd=ROOT,
            input=typed,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=check,
        )

    def person(self, name: str, *, administrator: bool = False, display: str = "") -> str:
        """Adds a person and gives a token of theirs."""
        admin = ["--admin"] if administrator else []
        shown = ["--display", display] if display else []
        self.run("user", "add", name, *shown, *admin, "--password-stdin", typed=f"{name}-password-1\n")
        return self.run("user", "token", name, "--label", "test").stdout.split()[-1]

    def roles(self) -> dict[str, int]:
        """Role to the id of its process."""
        found = {}
        for child in children(self.process.pid):
            words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            if b"--only" in words:
                found[words[words.index(b"--only") + 1].decode()] = child
        return found

    def logged(self) -> str:
        return self.log.read_text(errors="replace")

    def first_link(self) -> str:
        """The one-time link of the first administrator."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if found := re.search(r"https?://\S*/welcome\S*", self.logged()):
                return found[0]
            time.sleep(0.1)
        raise AssertionError("no link was printed")


def children(pid: int) -> list[int]:
    """Direct children of a process."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(word) for word in text.split()]


def wait_ready(local: str, process: subprocess.Popen[bytes], log: Path, timeout_s: float = START_S) -> None:
    """Until all roles answer. Raises AssertionError with the log when they do not."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server ended: {log.read_text()[-2000:]}"
        try:
            if httpx.get(f"{local}/readyz", timeout=3).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"not ready in {timeout_s} s: {log.read_text()[-2000:]}")


def launch(
    home: Path,
    environment: Mapping[str, str] | None = None,
    *,
    options: Sequence[str] = (),
    before: Sequence[str] = (),
    port: int = 0,
) -> Server:
    """Starts a server and does not wait. `before` stands before the command, as `nsenter …`."""
    port = port or free_ports(4)[0]
    settings = {key: value.format(port=port, http=port + 3) for key, value in (environment or {}).items()}
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("SYNFONIUM_")}
    merged = {**inherited, "SYNFONIUM_HOME": str(home), **settings}
    tls = settings.get("SYNFONIUM_TLS", "off") != "off"
    local = f"http://localhost:{port + 2 if tls else port}"
    log = home.parent / f"{home.name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*before, *PROGRAM, "serve", "--port", str(port), *options],
            env=merged,
            cwd=ROOT,
            stdout=output,
            stderr=output,
        )
    return Server(home, port, local, merged, log, process)


def stop(server: Server) -> None:
    """Asks it to end; insists after a while."""
    if server.process.poll() is None:
        server.process.send_signal(signal.SIGTERM)
        try:
            server.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait(5)


@contextmanager
def serving(
    home: Path,
    environment: Mapping[str, str] | None = None,
    *,
    options: Sequence[str] = (),
    before: Sequence[str] = (),
    port: int = 0,
) -> Iterator[Server]:
    """A server whose roles all answer, stopped at the end of the block.

    `{port}` and `{http}` in the environment's values become its port and one that is free.
    """
    server = launch(home, environment, options=options, before=before, port=port)
    try:
        if not before:
            wait_ready(server.local, server.process, server.log)
        yield server
    finally:
        stop(server)
