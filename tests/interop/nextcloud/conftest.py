"""A real server, and the desktop clients of Nextcloud and ownCloud without their windows."""

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from synfonium.testing.server import RealServer, real_server

from .newer import INSIDE, inside, newer_root

SYNC_S = 120.0
NEWER = "newer nextcloudcmd"
# Without a screen; and newer clients would send by chunks only what has more than 100 MB.
SETTINGS = {"QT_QPA_PLATFORM": "offscreen", "OWNCLOUD_CHUNK_SIZE": "10000000"}
ASKED = (
    '<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">'
    "<d:prop><d:getetag/><oc:fileid/><oc:checksums/></d:prop></d:propfind>"
)


@dataclass(frozen=True)
class Account:
    """A person at a server, as a client knows them."""

    server: RealServer
    name: str
    token: str

    @property
    def files(self) -> str:
        return f"{self.server.url}/remote.php/dav/files/{self.name}"

    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.server.url, auth=(self.name, self.token), timeout=30)

    def etag(self, path: str = "") -> str:
        with self.http() as client:
            answer = client.request("PROPFIND", f"{self.files}/{path}", headers={"Depth": "0"}, content=ASKED)
        assert answer.status_code == 207, answer.text
        return answer.text.partition("<d:getetag>")[2].partition("<")[0]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    with real_server(tmp_path_factory.mktemp("nextcloud") / "home") as running:
        yield running


_names = iter(f"ada{number}" for number in range(100))


@pytest.fixture
def account(server: RealServer) -> Account:
    """A new person with an empty drive."""
    name = next(_names)
    return Account(server, name, server.person(name))


class Computer:
    """A folder that a client keeps the same as the server's.

    root: where the client stands when it is of a newer Debian.
    """

    def __init__(self, account: Account, command: str, folder: Path, root: Path | None = None) -> None:
        self.account, self.folder, self._command, self._root = account, folder, command, root
        self._home = folder.parent / f"{folder.name}-home"
        for made in (folder, self._home):
            made.mkdir()

    def sync(self) -> str:
        """What the client said. Fails when it does."""
        account = self.account
        words = [self._command, "--non-interactive", "--trust", "-u", account.name, "-p", account.token]
        if "owncloud" in self._command:
            words += ["--exclude", str(self._unwanted())]
        above, folder = list[str](), self.folder
        if self._root:
            above = inside(self._root, self.folder.parent, self._home)
            folder = INSIDE / self.folder.name
        done = subprocess.run(
            [*above, *words, str(folder), self._address],
            env={**os.environ, **SETTINGS, "HOME": str(self._home)},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SYNC_S,
            check=False,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        return done.stdout + done.stderr

    def _unwanted(self) -> Path:
        """What is not synchronised: a list that Debian has in the package of the window alone."""
        unwanted = self._home / "unwanted.lst"
        unwanted.write_text("*~\n.*.sw?\n")
        return unwanted

    @property
    def _address(self) -> str:
        url = self.account.server.url
        return url if "nextcloud" in self._command else f"{url}/remote.php/webdav/"

    def write(self, path: str, content: bytes = b"x") -> None:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)

    def tree(self) -> dict[str, bytes]:
        """Path to content, without what the client keeps for itself."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and not path.name.startswith((".sync_", "._sync_", ".owncloudsync"))
        }


MakeComputer = Callable[[str], Computer]


Find = Callable[[str], str]


def computers(client: str, account: Account, program: Find, folder: Path) -> MakeComputer:
    if client == NEWER:
        root = newer_root(program)
        return lambda name: Computer(account, "nextcloudcmd", folder / name, root)
    command = program(client)
    return lambda name: Computer(account, command, folder / name)


@pytest.fixture(params=["nextcloudcmd", "owncloudcmd", NEWER])
def computer(request: pytest.FixtureRequest, account: Account, program: Find, tmp_path: Path) -> MakeComputer:
    """Makes a computer by its name, with the client of the test."""
    return computers(request.param, account, program, tmp_path)


@pytest.fixture
def generations(account: Account, program: Find, tmp_path: Path) -> tuple[Computer, Computer]:
    """An old computer and a new one, of one person."""
    old = computers("nextcloudcmd", account, program, tmp_path)("old")
    return old, computers(NEWER, account, program, tmp_path)("new")
