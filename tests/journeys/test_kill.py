"""`kill -9` of any role or of all: what was acknowledged is there, and no start needs repair."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from synfonium.testing.server import RealServer, family, real_server

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]
ROUNDS = 4
WRITERS = 4
BACK_S = 60.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """One home for all: each kill leaves it to the next test as it is."""
    with real_server(tmp_path_factory.mktemp("kill") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def token(server: RealServer) -> str:
    return server.person("ana")


def client(server: RealServer, token: str) -> httpx.Client:
    return httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {token}"}, timeout=30)


def content_of(name: str) -> bytes:
    choice = random.Random(name)
    return choice.randbytes(choice.choice((10, 5_000, 1_500_000)))


def write_until(stopping: threading.Event, server: RealServer, token: str, names: Iterator[str]) -> list[str]:
    """Names of the files whose writing was acknowledged."""
    acknowledged = []
    with client(server, token) as ana:
        for name in names:
            if stopping.is_set():
                break
            try:
                answer = ana.put(f"/dav/files/ana/{name}", content=content_of(name))
            except httpx.HTTPError:
                continue
            if answer.status_code in (201, 204):
                acknowledged.append(name)
    return acknowledged


def kill_everything(server: RealServer) -> None:
    for pid in family(server.pid):
        os.kill(pid, signal.SIGKILL)
    server.stop()


def write_and_kill(server: RealServer, token: str, number: int) -> list[str]:
    stopping, acknowledged = threading.Event(), []

    def write(writer: int) -> None:
        names = (f"r{number}-w{writer}-{count}" for count in range(10_000))
        acknowledged.extend(write_until(stopping, server, token, names))

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    time.sleep(0.5 + random.random())
    kill_everything(server)
    stopping.set()
    for thread in threads:
        thread.join()
    return acknowledged


def eventually(look: Callable[[], bool], *, within_s: float = BACK_S) -> None:
    deadline = time.monotonic() + within_s
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def found(ana: httpx.Client, word: str) -> list[str]:
    answer = ana.get("/fabric/search", params={"q": word})
    return [hit["title"] for hit in answer.json()["hits"]] if answer.status_code == 200 else []


def test_every_acknowledged_file_is_whole_after_kill_9_of_everything(server: RealServer, token: str) -> None:
    acknowledged: list[str] = []
    for number in range(ROUNDS):
        acknowledged += write_and_kill(server, token, number)
        server.start()
        with client(server, token) as ana:
            for name in acknowledged:
                answer = ana.get(f"/dav/files/ana/{name}")
                assert (answer.status_code, answer.content == content_of(name)) == (200, True), name
    assert len(acknowledged) > ROUNDS


def test_a_file_written_just_before_kill_9_is_found_after_the_restart(server: RealServer, token: str) -> None:
    with client(server, token) as ana:
        assert ana.put("/dav/files/ana/plums.txt", content=b"mirabelles").status_code == 201
    kill_everything(server)
    server.start()
    with client(server, token) as ana:
        eventually(lambda: found(ana, "mirabelles") == ["plums.txt"])


def test_a_worker_killed_is_back_and_has_missed_nothing(server: RealServer, token: str) -> None:
    with client(server, token) as ana:
        os.kill(server.role_pid("worker"), signal.SIGKILL)
        assert ana.put("/dav/files/ana/more plums.txt", content=b"quetsches").status_code == 201
        assert ana.get("/dav/files/ana/more plums.txt").content == b"quetsches"
        eventually(server.is_ready)
        eventually(lambda: found(ana, "quetsches") == ["more plums.txt"])


@pytest.mark.parametrize("role", ["web", "gateway", "worker"])
def test_a_role_killed_is_back_without_a_hand(server: RealServer, token: str, role: str) -> None:
    killed = server.role_pid(role)
    others = {other: server.role_pid(other) for other in ("web", "gateway", "worker") if other != role}
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: not Path(f"/proc/{killed}").exists())
    eventually(server.is_ready)
    assert server.role_pid(role) != killed
    assert {other: server.role_pid(other) for other in others} == others
    with client(server, token) as ana:
        assert ana.put("/dav/files/ana/note.txt", content=b"x").is_success


def test_roles_follow_a_killed_supervisor_and_the_next_start_finds_the_home_free(
    server: RealServer, token: str
) -> None:
    roles = family(server.pid)[1:]
    server.stop(signal.SIGKILL)
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in roles), within_s=20)
    server.start()
    with client(server, token) as ana:
        assert ana.put("/dav/files/ana/note.txt", content=b"x").is_success
