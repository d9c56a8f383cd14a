"""kill -9 while files arrive: what was acknowledged is there, what was not is whole or absent."""

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

pytestmark = [pytest.mark.full, pytest.mark.timeout(400)]
ROUNDS = 8


class Writers:
    """Puts files until the server goes; remembers what was asked and what was answered."""

    def __init__(self, url: str, auth: tuple[str, str]) -> None:
        self._url, self._auth = url, auth
        self.asked: dict[str, set[str]] = {}
        self.answered: dict[str, str] = {}

    def run(self, number: int, round_: int) -> None:
        chance = random.Random(f"{number} {round_}")
        with httpx.Client(auth=self._auth, timeout=10) as client:
            for step in range(10_000):
                name = f"{number}-{step % 7}"
                content = os.urandom(chance.choice([10, 5000, 1_500_000]))
                digest = hashlib.sha256(content).hexdigest()
                self.asked.setdefault(name, set()).add(digest)
                try:
                    answer = client.put(f"{self._url}/{name}", content=content)
                except httpx.HTTPError:
                    return
                assert answer.status_code in (201, 204), answer.text
                self.answered[name] = digest
                self.asked[name] = {digest}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RealServer]:
    running = RealServer(tmp_path / "home")
    running.start()
    yield running
    running.stop()


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(server: RealServer) -> None:
    auth = ("ada", server.person("ada"))
    url = f"{server.url}/dav/files/ada"
    writers = Writers(url, auth)
    for round_ in range(ROUNDS):
        threads = [threading.Thread(target=writers.run, args=(n, round_)) for n in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(random.Random(round_).uniform(0.2, 1.5))
        os.kill(server.role_pid("web"), signal.SIGKILL)
        server.stop(signal.SIGKILL)
        for thread in threads:
            thread.join(20)
        server.start()
        _check(url, auth, writers)


def _check(url: str, auth: tuple[str, str], writers: Writers) -> None:
    assert writers.answered
    with httpx.Client(auth=auth, timeout=10) as client:
        for name, allowed in writers.asked.items():
            answer = client.get(f"{url}/{name}")
            if answer.status_code == 404:
                assert name not in writers.answered, "an acknowledged file is gone"
                continue
            assert answer.status_code == 200
            found = hashlib.sha256(answer.content).hexdigest()
            # The last write may have committed without its answer having left.
            assert found in allowed | {writers.answered.get(name, "")}
            writers.answered[name] = found
            writers.asked[name] = {found}
        listing = client.request("PROPFIND", f"{url}/", headers={"depth": "1"})
        assert listing.status_code == 207
