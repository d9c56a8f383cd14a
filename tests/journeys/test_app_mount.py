"""`synfonium app mount` shows what people gave to software that knows only folders."""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from tests.journeys.radicale import Browser, as_a_service, eventually

from synfonium.testing.server import PROGRAM, RealServer, real_server

pytestmark = [pytest.mark.full, pytest.mark.timeout(240)]
MANIFEST = {
    "id": "album",
    "name": "Album",
    "synfonium": {
        "scopes": ["openid", "profile"],
        "asks": {"folder/1": ["read", "write"], "file/1": ["read", "write"]},
        "front": {},
    },
}
SEA, HOSTILE = "Été à la mer", "..…; rm -rf ~"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, program: Callable[[str], str]) -> Iterator[RealServer]:
    for needed in ("rclone", "fusermount3"):
        program(needed)
    place = tmp_path_factory.mktemp("mount")
    (place / "album.json").write_text(json.dumps(MANIFEST))
    with real_server(place / "home") as running:
        at = ("--origin", f"http://album.localhost:{running.port}", "--upstream", "http://127.0.0.1:9")
        running.run("app", "install", str(place / "album.json"), *at)
        yield running


@pytest.fixture(scope="module")
def drive(server: RealServer) -> Iterator[httpx.Client]:
    """Ana's."""
    headers = {"authorization": f"Bearer {server.person('ana')}"}
    with httpx.Client(base_url=f"{server.url}/dav/files/ana/", headers=headers, timeout=30) as client:
        for title in (SEA, HOSTILE):
            client.request("MKCOL", title).raise_for_status()
            client.put(f"{title}/one.txt", content=title.encode()).raise_for_status()
        client.put("lettre.txt", content=b"salut").raise_for_status()
        yield client


@pytest.fixture
def ana(server: RealServer, drive: httpx.Client) -> Iterator["Ana"]:
    with Ana(server, "ana") as browser:
        yield browser
        for title in tuple(browser.given):
            browser.take_back(title)


class Ana(Browser):
    """Her browser, which gives to Album."""

    def __init__(self, server: RealServer, name: str) -> None:
        super().__init__(server, name)
        self.given: set[str] = set()

    def give_to_album(self, title: str, actions: str = "read", interface: str = "folder/1") -> None:
        asked = {"for": "album", "interfaces": interface, "actions": actions}
        self.pick(f"/fabric/pick?{urlencode(asked)}", title)
        self.given.add(title)

    def take_back(self, title: str) -> None:
        super().take_back(title)
        self.given.remove(title)


class Mounting:
    """The command, as it runs."""

    def __init__(self, server: RealServer, folder: Path, *options: str, **environment: str) -> None:
        self.folder = folder
        command = [*PROGRAM, "app", "mount", *options, "album", str(folder)]
        self.process = subprocess.Popen(
            command,
            env={**server.environment, **environment},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def ended(self) -> tuple[int, str]:
        """Its status, and all that it said."""
        said = self.process.communicate(timeout=30)[0]
        return self.process.returncode, said

    def mounts(self) -> list[str]:
        lines = Path("/proc/mounts").read_text().split("\n")
        return [line for line in lines if str(self.folder) in line.replace("\\040", " ")]


@contextmanager
def mounting(server: RealServer, folder: Path, *options: str) -> Iterator[Mounting]:
    running = Mounting(server, folder, *options)
    try:
        yield running
    finally:
        running.process.send_signal(signal.SIGTERM)
        running.ended()


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="album-") as place:
        yield Path(place) / "people"


def listed(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.glob("*/*"))


def test_what_is_given_shows_below_its_person_and_nothing_can_be_written_beside_it(
    server: RealServer, ana: Ana, drive: httpx.Client, folder: Path
) -> None:
    with mounting(server, folder):
        ana.give_to_album(SEA, "read,write")
        eventually(lambda: listed(folder) == [f"ana/{SEA}"] and os.path.ismount(folder / "ana" / SEA))
        ana.give_to_album("lettre.txt", "read,write", "file/1")
        letter = folder / "ana" / "lettre" / "lettre.txt"
        eventually(letter.exists)
        assert listed(folder) == ["ana/lettre", f"ana/{SEA}"]
        (folder / "ana" / SEA / "deux.txt").write_text("écrit ici")
        eventually(lambda: drive.get(f"{SEA}/deux.txt").text == "écrit ici")
        letter.write_text("bonjour")
        eventually(lambda: drive.get("lettre.txt").text == "bonjour")
        assert not _can("mkdir", f"{folder}/beside")
        assert not _can("mkdir", f"{folder}/ana/beside")
        ana.take_back("lettre.txt")
        assert eventually(lambda: listed(folder) == [f"ana/{SEA}"]) < 1.0
        assert os.path.ismount(folder / "ana" / SEA)


def _can(*command: str) -> bool:
    """Whether a service could do that."""
    return subprocess.run([*as_a_service(), *command], capture_output=True, check=False).returncode == 0


def test_what_is_given_to_be_read_cannot_be_written_and_no_title_leads_elsewhere(
    server: RealServer, ana: Ana, drive: httpx.Client, folder: Path
) -> None:
    with mounting(server, folder):
        ana.give_to_album(HOSTILE)
        eventually(lambda: [path for path in folder.glob("ana/*") if os.path.ismount(path)])
        (name,) = listed(folder)
        assert name == "ana/…; rm -rf ~"
        assert (folder / name / "one.txt").read_text() == HOSTILE
        assert not _can("touch", f"{folder}/{name}/one.txt")
        assert not _can("mkdir", f"{folder}/{name}/new")
        # The wider right shows at the same place.
        ana.give_to_album(HOSTILE, "read,write")
        eventually(lambda: _can("cp", "/proc/version", f"{folder}/{name}/two.txt"))
        eventually(lambda: drive.get(f"{HOSTILE}/two.txt").text == Path("/proc/version").read_text())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts for other users")
def test_whoever_else_uses_the_computer_reads_nothing_and_the_software_does(
    server: RealServer, ana: Ana, folder: Path
) -> None:
    folder.parent.chmod(0o711)
    ana.give_to_album(SEA)
    for options, may in (((), False), (("--owner", "nobody"), True)):
        with mounting(server, folder, *options):
            eventually(lambda: os.path.ismount(folder / "ana" / SEA))
            reading = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
            read = [*reading, "cat", str(folder / "ana" / SEA / "one.txt")]
            done = subprocess.run(read, capture_output=True, text=True, check=False)
            assert (done.stdout == SEA) is may, (options, done)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_leaves_nothing_mounted_when_it_is_asked_to_end(
    server: RealServer, ana: Ana, drive: httpx.Client, folder: Path, number: int
) -> None:
    ana.give_to_album(SEA, "read,write")
    running = Mounting(server, folder)
    eventually(lambda: len(running.mounts()) == 1)
    (folder / "ana" / SEA / f"last{number}.txt").write_text("the last word")
    running.process.send_signal(number)
    status, said = running.ended()
    assert status == 0, said
    assert running.mounts() == []
    assert list(folder.iterdir()) == []
    # What was being written went out first.
    assert drive.get(f"{SEA}/last{number}.txt").text == "the last word"


def test_after_it_was_killed_the_next_one_takes_its_place(server: RealServer, ana: Ana, folder: Path) -> None:
    ana.give_to_album(SEA)
    killed = Mounting(server, folder)
    eventually(lambda: len(killed.mounts()) == 1)
    killed.process.kill()
    killed.ended()
    with pytest.raises(OSError):
        (folder / "ana" / SEA / "one.txt").read_text()
    with mounting(server, folder):

        def reads() -> bool:
            try:
                return (folder / "ana" / SEA / "one.txt").read_text() == SEA
            except OSError:
                return False

        eventually(reads)


def test_while_the_server_is_away_what_shows_stays_and_is_right_again_after(
    server: RealServer, ana: Ana, folder: Path
) -> None:
    ana.give_to_album(SEA)
    running = Mounting(server, folder)
    eventually(lambda: len(running.mounts()) == 1)
    server.stop()
    time.sleep(1.0)
    assert len(running.mounts()) == 1
    server.start()
    with Ana(server, "ana") as again:
        again.given = {SEA}
        again.take_back(SEA)
    ana.given.clear()
    eventually(lambda: running.mounts() == [])
    running.process.terminate()
    status, said = running.ended()
    assert (status, "the server is away" in said) == (0, True), said


def test_what_stands_in_the_way_is_one_line(server: RealServer, folder: Path) -> None:
    with mounting(server, folder) as first:
        eventually(lambda: folder.is_dir() and folder.stat().st_mode & 0o777 == 0o555)
        status, said = Mounting(server, folder.with_name("other")).ended()
        assert (status, said) == (
            2,
            "synfonium: what people gave to album is mounted by another command already\n",
        )
        assert first.process.poll() is None
    full = folder.with_name("full")
    full.mkdir()
    (full / "mine.txt").write_text("mine")
    status, said = Mounting(server, full).ended()
    assert (status, said) == (2, f"synfonium: {full} has to be empty, and has mine.txt\n")
    status, said = Mounting(server, folder, PATH="/nonexistent").ended()
    assert (status, said) == (
        2,
        "synfonium: to mount it takes packages of the system: apt install rclone fuse3\n",
    )
    status, said = Mounting(server, folder, "--owner", "nobody-here").ended()
    assert (status, said) == (2, "synfonium: this computer knows no user nobody-here\n")
    with pytest.raises(subprocess.CalledProcessError) as ghost:
        server.run("app", "mount", "ghost", str(folder.with_name("ghost")))
    assert "No app of this name was registered here." in ghost.value.stderr
