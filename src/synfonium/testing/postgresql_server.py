# SPDX-License-Identifier: Apache-2.0
"""A real PostgreSQL server for tests, from Debian's package, without root rights."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from synfonium.testing.ports import free_ports

__all__ = ["PostgresqlServer", "find_postgresql"]

_TIMEOUT_S = 60


def find_postgresql() -> Path | None:
    """The folder of the newest installed server's programs, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[4]))
    beside = shutil.which("initdb")
    return found[-1].parent if found else Path(beside).parent if beside else None


class PostgresqlServer:
    """One server on a free port of the loopback, in a folder of its own, until `remove`.

    As root it runs as the user `postgres`. Raises RuntimeError when it does not start.
    """

    def __init__(self, programs: Path, *, is_synced: bool = True) -> None:
        """is_synced=False: a commit does not wait for the disk; for tests in which no machine ends."""
        self._is_synced = is_synced
        self._programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="synfonium-pg-"))
        self._as: list[str] = []
        if os.getuid() == 0:
            self.give(self.folder)
            self._as = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        self._run("initdb", "-U", "synfonium", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        self.port = free_ports(1)[0]
        self.start()
        self._run("createdb", *self._where(), "synfonium")

    @property
    def url(self) -> str:
        return f"postgresql://synfonium@127.0.0.1:{self.port}/synfonium"

    def start(self) -> None:
        options = ["-p", str(self.port), "-k", str(self.folder), "-c", "listen_addresses=127.0.0.1"]
        if not self._is_synced:
            options += ["-c", "fsync=off", "-c", "full_page_writes=off"]
        with (self.folder / "log").open("ab") as log:
            # A child of ours and not pg_ctl's, so that it is reaped when it was killed.
            self._server = subprocess.Popen(
                [*self._as, str(self._programs / "postgres"), *options],
                env=self._environment(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait_ready()

    def stop(self) -> None:
        """In good order; the data stay."""
        self._server.send_signal(signal.SIGINT)
        self._server.wait(_TIMEOUT_S)

    def kill(self) -> None:
        """As a power cut would: every process of it at once."""
        pid = self._server.pid
        children = [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        self._server.kill()
        self._server.wait(_TIMEOUT_S)
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        _wait_gone(children)

    def sql(self, statement: str) -> str:
        """The answer of one statement, sent by psql."""
        return self._run("psql", *self._where(), "-d", "synfonium", "-Atqc", statement)

    def give(self, path: Path) -> None:
        """Makes the server the owner of `path`, and lets it pass the folders above."""
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(path, owner.pw_uid, owner.pw_gid)
            for folder in path.parents:
                if not (mode := folder.stat().st_mode) & 0o001:
                    folder.chmod(mode | 0o001)

    def remove(self) -> None:
        if self._server.poll() is None:
            self._server.send_signal(signal.SIGQUIT)
            self._server.wait(_TIMEOUT_S)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + _TIMEOUT_S
        while time.monotonic() < deadline:
            if self._server.poll() is not None:
                break
            with suppress(RuntimeError):
                self._run("pg_isready", "-q", *self._where())
                return
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL does not start: {(self.folder / 'log').read_text()[-500:]}")

    def _environment(self) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PGDATA": str(self.folder / "data")}

    def _where(self) -> Sequence[str]:
        return ("-h", "127.0.0.1", "-p", str(self.port), "-U", "synfonium")

    def _run(self, program: str, *arguments: str) -> str:
        ended = subprocess.run(
            [*self._as, str(self._programs / program), *arguments],
            env=self._environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_TIMEOUT_S,
        )
        if ended.returncode:
            raise RuntimeError(f"{program} failed: {ended.stdout[-500:]}")
        return ended.stdout.strip()


def _wait_gone(pids: Sequence[int]) -> None:
    deadline = time.monotonic() + 10
    while any(_is_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
