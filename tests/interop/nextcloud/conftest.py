"""A real server, and the desktop clients of Nextcloud and ownCloud without their windows."""

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from synfonium.testing.server import RealServer, real_server

SYNC_S = 120.0
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
    """A folder that a client keeps the same as the server's."""

    def __init__(self, account: Account, command: str, folder: Path) -> None:
        self.account, self.folder, self._command = account, folder, command
        self._home = folder.parent / f"{folder.name}-home"
        for made in (folder, self._home):
            made.mkdir()

    def sync(self) -> str:
        """What the client said. Fails when it does."""
        account = self.account
        words = [self._command, "--non-interactive", "--trust", "-u", account.name, "-p", account.token]
        done = subprocess.run(
            [*words, str(self.folder), self._address],
            env={**os.environ, "HOME": str(self._home), "QT_QPA_PLATFORM": "offscreen"},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SYNC_S,
            check=False,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        return done.stdout + done.stderr

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


@pytest.fixture(params=["nextcloudcmd", "owncloudcmd"])
def computer(
    request: pytest.FixtureRequest, account: Account, program: Callable[[str], str], tmp_path: Path
) -> MakeComputer:
    """Makes a computer by its name, with the client of the test."""
    command = program(request.param)
    return lambda name: Computer(account, command, tmp_path / name)
