"""How fast are small files kept and listed over WebDAV, and what does each cost the server?

    .venv/bin/python benchmarks/how_fast_is_webdav_put.py [--rounds N] [--files N]

Peer, in turn in each round: `rclone serve webdav` on a folder (no sync, no accounts, no
versions, no encryption). Ours: a real server with accounts, encryption, folder etags, journal
and audit, durable before the answer. The load is a Python client of 8 threads with kept
connections, the same for both, and itself a bound. Reference, measured on such a machine when
quiet: Nextcloud 31 46 PUT/s at 38 ms CPU, PROPFIND of 1,000 60 ms; OpenCloud 50/s, 86 ms.
Medians. Writes benchmarks/results/webdav_put.json.
"""

import argparse
import base64
import http.client
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from answers import keep

from synfonium.testing.ports import free_ports
from synfonium.testing.server import family, real_server

FILE_BYTES = 4096
WAYS = 8
PROPFIND = (
    b'<propfind xmlns="DAV:"><prop><resourcetype/><getlastmodified/><getcontentlength/><getetag/>'
    b"<getcontenttype/><creationdate/><displayname/></prop></propfind>"
)
Measured = dict[str, float]


class Place:
    """A WebDAV folder, and the processes that serve it."""

    def __init__(self, url: str, pid: int, auth: tuple[str, str] | None = None) -> None:
        self.url, self.pid = urlsplit(url), pid
        self.headers = {}
        if auth:
            secret = base64.b64encode(":".join(auth).encode()).decode()
            self.headers["authorization"] = f"Basic {secret}"

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.url.hostname or "", self.url.port, timeout=60)

    def ask(
        self, line: http.client.HTTPConnection, method: str, path: str, body: bytes = b"", **headers: str
    ) -> bytes:
        line.request(method, f"{self.url.path}{path}", body, {**self.headers, **headers})
        answer = line.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method}: {answer.status}")
        return content

    def cpu_s(self) -> float:
        """CPU time of all its processes so far."""
        ticks = 0
        for pid in family(self.pid):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


def measure(place: Place, folder: str, files: int) -> Measured:
    """PUT in a row and 8 at once, listing of all, GET; each a second and CPU each."""
    line = place.connect()
    place.ask(line, "MKCOL", f"/{folder}/")
    taken: Measured = {}

    def timed(name: str, count: int, work: Callable[[], None]) -> None:
        began_s, cpu_s = time.monotonic(), place.cpu_s()
        work()
        taken[f"{name}_per_s"] = round(count / (time.monotonic() - began_s), 1)
        taken[f"{name}_cpu_ms"] = round((place.cpu_s() - cpu_s) / count * 1000, 3)

    def put(line: http.client.HTTPConnection, names: range) -> None:
        for number in names:
            place.ask(line, "PUT", f"/{folder}/{number}.bin", os.urandom(FILE_BYTES))

    few = files // 5
    timed("put_1_way", few, lambda: put(line, range(few)))
    share = (files - few) // WAYS
    spans = [range(few + way * share, few + (way + 1) * share) for way in range(WAYS)]
    timed("put_8_ways", share * WAYS, lambda: _together([lambda s=s: put(place.connect(), s) for s in spans]))
    timed("propfind_all", 5, lambda: _list(place, line, folder, 5))
    timed("get_1_way", few, lambda: _get(place, line, folder, few))
    return taken


def _get(place: Place, line: http.client.HTTPConnection, folder: str, files: int) -> None:
    for number in range(files):
        place.ask(line, "GET", f"/{folder}/{number}.bin")


def _list(place: Place, line: http.client.HTTPConnection, folder: str, times: int) -> None:
    for _ in range(times):
        place.ask(line, "PROPFIND", f"/{folder}/", PROPFIND, depth="1")


def _together(works: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@contextmanager
def rclone(folder: Path) -> Iterator[Place]:
    port = free_ports()[0]
    words = [shutil.which("rclone") or "", "serve", "webdav", str(folder), "--addr", f"127.0.0.1:{port}"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(words, stdout=quiet, stderr=quiet)
    place = Place(f"http://127.0.0.1:{port}", process.pid)
    try:
        for _ in range(100):
            try:
                place.ask(place.connect(), "PROPFIND", "/", depth="0")
                break
            except OSError:
                time.sleep(0.1)
        yield place
    finally:
        process.terminate()
        process.wait(10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--files", type=int, default=1000)
    asked = parser.parse_args()
    taken: dict[str, list[Measured]] = {"ours": [], "rclone serve webdav": []}
    with tempfile.TemporaryDirectory() as folder, real_server(Path(folder) / "home") as server:
        token = server.person("ada")
        ours = Place(f"{server.url}/dav/files/ada", server.pid, ("ada", token))
        (Path(folder) / "peer").mkdir()
        with rclone(Path(folder) / "peer") as peer:
            for number in range(asked.rounds):
                taken["ours"].append(measure(ours, f"round{number}", asked.files))
                taken["rclone serve webdav"].append(measure(peer, f"round{number}", asked.files))
    answer = {
        "files": asked.files,
        "medians": {
            name: {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
            for name, rounds in taken.items()
        },
    }
    keep("webdav_put", answer)


if __name__ == "__main__":
    main()
