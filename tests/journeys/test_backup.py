"""The whole installation, backed up while people write, killed, and brought back elsewhere."""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from conftest import is_ci

from synfonium.testing.postgresql_server import PostgresqlServer, find_postgresql
from synfonium.testing.server import PROGRAM, RealServer, family, real_server

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]
WRITERS = 3
WORD = "mirabelles"


@pytest.fixture(scope="module", autouse=True)
def restic(program: Callable[[str], str]) -> str:
    return program("restic")


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgresqlServer]:
    programs = find_postgresql()
    if programs is None:
        message = "no PostgreSQL server is installed; ./test names the package"
        pytest.fail(message) if is_ci() else pytest.skip(message)
    running = PostgresqlServer(programs)
    yield running
    running.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> tuple[dict[str, str], list[str]]:
    """Settings of the first home, and options of the restore into another."""
    if request.param == "sqlite":
        return {"SYNFONIUM_DATABASE": "sqlite"}, []
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    names = [f"home_{os.urandom(4).hex()}" for _ in range(2)]
    for name in names:
        server.sql(f"CREATE DATABASE {name}")
    first, second = (f"{server.url.rpartition('/')[0]}/{name}" for name in names)
    return {"SYNFONIUM_DATABASE": first}, ["--database", second]


def content_of(name: str) -> bytes:
    choice = random.Random(name)
    return choice.randbytes(choice.choice((10, 5_000, 1_200_000)))


def client(server: RealServer, token: str) -> httpx.Client:
    return httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {token}"}, timeout=60)


class Writers:
    """People who write without a pause; `acknowledged` says when each file was."""

    def __init__(self, server: RealServer, token: str) -> None:
        self._server, self._token = server, token
        self._stopping = threading.Event()
        self.acknowledged: dict[str, float] = {}
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(WRITERS)]

    def __enter__(self) -> "Writers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _write(self, writer: int) -> None:
        with client(self._server, self._token) as ana:
            for count in range(100_000):
                if self._stopping.is_set():
                    return
                name = f"w{writer}-{count}"
                try:
                    answer = ana.put(f"/dav/files/ana/{name}", content=content_of(name))
                except httpx.HTTPError:
                    continue
                if answer.status_code == 201:
                    self.acknowledged[name] = time.time()


def settled_home(server: RealServer) -> str:
    """Ana's token, in a home with people, versions, a search index and a PC's disk."""
    token = server.person("ana", "--admin")
    server.person("ben")
    with client(server, token) as ana:
        ana.put("/dav/files/ana/plums.txt", content=b"first")
        ana.put("/dav/files/ana/plums.txt", content=WORD.encode())
        deadline = time.monotonic() + 60
        while not ana.get("/fabric/search", params={"q": WORD}).json().get("hits"):
            assert time.monotonic() < deadline
            time.sleep(0.2)
    disk = server.home / "apps" / "pc" / "machines" / "01example" / "home"
    disk.mkdir(parents=True)
    (disk / "letter.odt").write_bytes(content_of("letter"))
    (disk / "link").symlink_to("letter.odt")
    image = server.home / "apps" / "pc" / "images" / "debian@1" / "root"
    image.mkdir(parents=True)
    (image / "big").write_bytes(bytes(100_000))
    return token


def tree_digest(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def run_restore(
    home: Path, place: Path | str, key: str, *options: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SYNFONIUM_")}
    return subprocess.run(
        [*PROGRAM, "restore", str(place), "--home", str(home), *options],
        input=key + "\n",
        env={**kept, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def kill_everything(server: RealServer) -> None:
    kill(family(server.pid))
    server.stop()


def kill(pids: Iterable[int]) -> None:
    """Those of them that have not ended by themselves."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_what_was_acknowledged_before_a_backup_is_byte_equal_after_a_restore(
    tmp_path: Path, databases: tuple[dict[str, str], list[str]]
) -> None:
    environment, options = databases
    home, place, second = tmp_path / "home", tmp_path / "place", tmp_path / "second"
    with real_server(home, environment=environment) as server:
        token = settled_home(server)
        with Writers(server, token) as writers:
            time.sleep(3)
            server.run("backup", str(place), timeout_s=300)
            begun_s = time.time()
            said = server.run("backup", str(place), timeout_s=300)
            kill_everything(server)
        before = [name for name, moment_s in writers.acknowledged.items() if moment_s < begun_s]
        assert "Recovery key" not in said, "it is shown with the first alone"
    key = (home / "backup.key").read_text()
    assert len(before) > WRITERS
    disk = tree_digest(home / "apps" / "pc" / "machines")
    shutil.rmtree(home)

    done = run_restore(second, place, key, *options)
    assert done.returncode == 0, done.stderr
    assert tree_digest(second / "apps" / "pc" / "machines") == disk
    assert not (second / "apps" / "pc" / "images").exists(), "images are built again"
    assert (second / "secret.key").stat().st_mode & 0o777 == 0o600
    with real_server(second, environment={"SYNFONIUM_BLOBS": "file:"}) as again, client(again, token) as ana:
        for name in before:
            answer = ana.get(f"/dav/files/ana/{name}")
            assert (answer.status_code, answer.content == content_of(name)) == (200, True), name
        hits = ana.get("/fabric/search", params={"q": WORD}).json()["hits"]
        assert [hit["title"] for hit in hits] == ["plums.txt"]
        assert ana.put("/dav/files/ana/new.txt", content=b"x").status_code == 201


def test_a_killed_backup_is_in_no_list_and_the_next_goes_on_where_it_was(tmp_path: Path) -> None:
    home, place = tmp_path / "home", tmp_path / "place"
    with real_server(home) as server:
        server.person("ana", "--admin")
        server.run("backup", str(place))
        big = home / "apps" / "pc" / "machines" / "01example" / "home"
        big.mkdir(parents=True)
        for number in range(40):
            (big / f"disk{number}").write_bytes(os.urandom(20_000_000))
        backup = subprocess.Popen(
            [*PROGRAM, "backup", str(place), "--home", str(home)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        packs = place / "data"
        deadline = time.monotonic() + 120
        while sum(p.stat().st_size for p in packs.rglob("*") if p.is_file()) < 200_000_000:
            assert time.monotonic() < deadline
            assert backup.poll() is None, "it ended before it could be killed"
            time.sleep(0.05)
        kill_everything(server)
        backup.kill()
        backup.wait()
        kill(restics_at(place))
        assert (home / "backup" / "unfinished").exists()
        server.start()
        key = (home / "backup.key").read_text()
        listed = run_restore(tmp_path / "x", place, key, "--list").stdout
        assert len(listed.splitlines()) == 1
        said = server.run("backup", str(place), timeout_s=300)
        added = float(said.partition(" were new")[0].splitlines()[-1].split()[0])
        assert added < 700, f"most was there already: {said}"
        assert not (home / "backup" / "unfinished").exists()
        assert not (home / "backup" / "staging").exists()
    done = run_restore(tmp_path / "second", place, key)
    assert done.returncode == 0, done.stderr


def test_a_place_of_another_kind_serves_as_well_and_a_restore_leaves_nothing_beside(
    tmp_path: Path, program: Callable[[str], str]
) -> None:
    """What rclone reaches, as restic reaches S3 and SFTP: with a cache in the home."""
    program("rclone")
    (tmp_path / "there").mkdir()
    address = f"rclone::local:{tmp_path / 'there'}"
    home = tmp_path / "home"
    with real_server(home) as server, client(server, server.person("ana")) as ana:
        ana.put("/dav/files/ana/a.txt", content=b"by another way").raise_for_status()
        server.run("backup", address, timeout_s=300)
    key = (home / "backup.key").read_text()
    second = tmp_path / "second"
    done = run_restore(second, address, key)
    assert done.returncode == 0, done.stderr
    assert tree_digest(second / "blobs") == tree_digest(home / "blobs")
    assert not [*tmp_path.glob("*before-restore*")], "there was nothing to put aside"


def restics_at(place: Path) -> list[int]:
    """Processes of ours that work on this place."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0].endswith(b"restic") and os.fsencode(place) in words:
                found.append(int(folder.name))
    return found


def test_a_killed_restore_leaves_a_marked_home_that_nobody_serves_and_the_next_replaces(
    tmp_path: Path,
) -> None:
    home, place, second = tmp_path / "home", tmp_path / "place", tmp_path / "second"
    with real_server(home) as server:
        server.person("ana", "--admin")
        big = home / "apps" / "pc" / "machines" / "01example" / "home"
        big.mkdir(parents=True)
        for number in range(20):
            (big / f"disk{number}").write_bytes(os.urandom(20_000_000))
        server.run("backup", str(place), timeout_s=300)
    key = (home / "backup.key").read_text()
    killed = subprocess.Popen(
        [*PROGRAM, "restore", str(place), "--home", str(second), "--key-file", str(home / "backup.key")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not any((second / "apps").rglob("disk*")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    killed.kill()
    killed.wait()
    kill(restics_at(place))
    assert (second / "half-restored").exists()
    served = subprocess.run(
        [*PROGRAM, "serve", "--home", str(second)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (served.returncode, "half restored" in served.stderr) == (1, True)
    done = run_restore(second, place, key)
    assert done.returncode == 0, done.stderr
    assert not (second / "half-restored").exists()
    machines = Path("apps", "pc", "machines")
    assert tree_digest(second / machines) == tree_digest(home / machines)
