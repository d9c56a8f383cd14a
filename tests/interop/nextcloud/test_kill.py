"""kill -9 while files arrive in bulk and by chunks: what was acknowledged is there, the rest whole or not."""

import hashlib
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from synfonium.testing.server import RealServer

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]
ROUNDS = 6
BULK_FILES = 12
CHUNK_BYTES = 300_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RealServer]:
    running = RealServer(tmp_path / "home")
    running.start()
    yield running
    running.stop()


class Writers:
    """Sends files until the server goes; remembers what was asked and what was answered."""

    def __init__(self, url: str, auth: tuple[str, str]) -> None:
        self._url, self._auth = url, auth
        self.asked: dict[str, set[bytes]] = {}
        self.answered: dict[str, bytes] = {}

    def run(self, number: int, round_: int) -> None:
        with httpx.Client(auth=self._auth, timeout=20, base_url=self._url) as client:
            for step in range(10_000):
                try:
                    if number % 2:
                        self._bulk(client, number, step)
                    else:
                        self._chunks(client, number, f"{number}-{round_}-{step}")
                except httpx.HTTPError:
                    return

    def _begin(self, name: str, content: bytes) -> bytes:
        digest = hashlib.sha256(content).digest()
        self.asked.setdefault(name, set()).add(digest)
        return digest

    def _end(self, name: str, digest: bytes) -> None:
        self.answered[name] = digest
        self.asked[name] = {digest}

    def _bulk(self, client: httpx.Client, number: int, step: int) -> None:
        sent, body = dict[str, bytes](), b""
        for index in range(BULK_FILES):
            name, content = f"b{number}-{index}", os.urandom(2000 + step)
            sent[name] = self._begin(name, content)
            md5 = hashlib.md5(content).hexdigest()
            lines = f"X-File-Path: /{name}\r\nX-File-MD5: {md5}\r\nContent-Length: {len(content)}\r\n"
            body += f"--b\r\n{lines}\r\n".encode() + content + b"\r\n"
        kind = {"content-type": "multipart/related; boundary=b"}
        told = client.post("/remote.php/dav/bulk", content=body + b"--b--\r\n", headers=kind)
        assert told.status_code == 200, told.text
        for name, digest in sent.items():
            assert told.json()[f"/{name}"]["error"] is False
            self._end(name, digest)

    def _chunks(self, client: httpx.Client, number: int, transfer: str) -> None:
        chunks = [os.urandom(CHUNK_BYTES) for _ in range(4)]
        place = f"/remote.php/dav/uploads/ada/{transfer}"
        assert client.request("MKCOL", place).status_code == 201
        for index, chunk in enumerate(chunks, 1):
            assert client.put(f"{place}/{index:05d}", content=chunk).status_code == 201
        name = f"c{number}"
        digest = self._begin(name, b"".join(chunks))
        to = {"Destination": f"/remote.php/dav/files/ada/{name}"}
        assert client.request("MOVE", f"{place}/.file", headers=to).status_code in (201, 204)
        self._end(name, digest)

    def check(self) -> None:
        assert {name[0] for name in self.answered} == {"b", "c"}
        with httpx.Client(auth=self._auth, timeout=20, base_url=self._url) as client:
            for name, allowed in self.asked.items():
                answer = client.get(f"/remote.php/dav/files/ada/{name}")
                if answer.status_code == 404:
                    assert name not in self.answered, "an acknowledged file is gone"
                    continue
                found = hashlib.sha256(answer.content).digest()
                assert found in allowed, "a file is neither what it was nor what was sent"
                self._end(name, found)


def test_nothing_acknowledged_is_lost_in_bulk_or_by_chunks(server: RealServer) -> None:
    writers = Writers(server.url, ("ada", server.person("ada")))
    for round_ in range(ROUNDS):
        threads = [threading.Thread(target=writers.run, args=(n, round_)) for n in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(random.Random(round_).uniform(1.0, 3.0))
        os.kill(server.role_pid("web"), signal.SIGKILL)
        server.stop(signal.SIGKILL)
        for thread in threads:
            thread.join(30)
        server.start()
        writers.check()
