"""Servers of files, each on a folder of its own: ours, and those that people compare it with."""

import base64
import http.client
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from synfonium.testing.ports import free_ports
from synfonium.testing.server import family, real_server

SETTLED_CPU_S = 0.05


class Place:
    """A WebDAV folder, and the processes that serve it. lists: whether it answers PROPFIND."""

    def __init__(
        self, name: str, url: str, pid: int, auth: tuple[str, str] | None = None, *, lists: bool = True
    ) -> None:
        self.name, self.url, self.pid, self.lists = name, url, pid, lists
        self._parts = urlsplit(url)
        self.token = auth[1] if auth else ""
        self.headers: dict[str, str] = {}
        if auth:
            secret = base64.b64encode(":".join(auth).encode()).decode()
            self.headers["authorization"] = f"Basic {secret}"

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._parts.hostname or "", self._parts.port, timeout=60)

    def ask(
        self, line: http.client.HTTPConnection, method: str, path: str, body: bytes = b"", **headers: str
    ) -> bytes:
        """The answer's body. Raises RuntimeError for a refusal."""
        line.request(method, f"{self._parts.path}{path}", body, {**self.headers, **headers})
        answer = line.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{self.name}: {method} {answer.status}")
        return content

    def cpu_s(self) -> float:
        """CPU time of all its processes so far."""
        ticks = 0
        for pid in family(self.pid):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def settle(self, longest_s: float = 60.0) -> None:
        """Waits until it does nothing more of its own."""
        deadline_s, before_s = time.monotonic() + longest_s, self.cpu_s()
        while time.monotonic() < deadline_s:
            time.sleep(2)
            now_s = self.cpu_s()
            if now_s - before_s < SETTLED_CPU_S:
                return
            before_s = now_s


@contextmanager
def ours(folder: Path) -> Iterator[Place]:
    """With accounts, rights, quotas, versions, etags to the root, audit, events, encryption at rest and
    a private search of what is written; durable before the answer."""
    with real_server(folder / "home") as server:
        token = server.person("ada")
        yield Place("ours", f"{server.url}/dav/files/ada", server.pid, ("ada", token))


@contextmanager
def _running(
    name: str, words: Sequence[str], port: int, path: str = "", *, lists: bool = True
) -> Iterator[Place]:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(words, stdin=quiet, stdout=quiet, stderr=quiet)
    place = Place(name, f"http://127.0.0.1:{port}{path}", process.pid, lists=lists)
    try:
        _await(place)
        yield place
    finally:
        process.terminate()
        process.wait(10)


def _await(place: Place) -> None:
    for _ in range(200):
        try:
            place.ask(place.connect(), "OPTIONS", "/")
            return
        except OSError:
            time.sleep(0.05)
        except RuntimeError:
            return  # it answers
    raise OSError(f"{place.name} does not start")


def rclone(folder: Path) -> AbstractContextManager[Place]:
    (port,) = free_ports(1)
    words = ["rclone", "serve", "webdav", str(folder), "--addr", f"127.0.0.1:{port}"]
    return _running("rclone", words, port)


def wsgidav(folder: Path) -> AbstractContextManager[Place]:
    (port,) = free_ports(1)
    words = [sys.executable, "-m", "wsgidav", "--root", str(folder), "--auth", "anonymous"]
    return _running("wsgidav", [*words, "--host", "127.0.0.1", "--port", str(port)], port)


def nginx(folder: Path) -> AbstractContextManager[Place]:
    (port,) = free_ports(1)
    config = folder.parent / "nginx.conf"
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder.parent}/nginx-{kind};" for kind in kinds)
    config.write_text(
        f"user root; worker_processes 1; daemon off; pid {folder.parent}/nginx.pid; error_log /dev/null;"
        "events { worker_connections 256; }"
        f"http {{ access_log off; client_max_body_size 0; sendfile on; {temporary}"
        f"server {{ listen 127.0.0.1:{port}; root {folder};"
        "location / { dav_methods PUT DELETE MKCOL; create_full_put_path on; } } }"
    )
    return _running("nginx", ["nginx", "-c", str(config)], port, lists=False)


def peers() -> dict[str, Callable[[Path], AbstractContextManager[Place]]]:
    """Those that are installed here."""
    found: dict[str, Callable[[Path], AbstractContextManager[Place]]] = {}
    if shutil.which("rclone"):
        found["rclone"] = rclone
    if importlib.util.find_spec("wsgidav"):
        found["wsgidav"] = wsgidav
    if shutil.which("nginx"):
        found["nginx"] = nginx
    return found
