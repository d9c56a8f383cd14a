"""A real server and a person for file clients."""

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from synfonium.testing.server import RealServer, real_server


@dataclass(frozen=True)
class Account:
    """A person at a server, as a file client knows them."""

    server: RealServer
    name: str
    token: str

    @property
    def url(self) -> str:
        return f"{self.server.url}/dav/files/{self.name}"

    @property
    def auth(self) -> tuple[str, str]:
        return (self.name, self.token)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    with real_server(tmp_path_factory.mktemp("webdav") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def account(server: RealServer) -> Account:
    return Account(server, "ada", server.person("ada"))


@pytest.fixture
def odd_files(tmp_path: Path) -> Path:
    """A tree with the names that break clients."""
    root = tmp_path / "source"
    names = [
        "plain.txt",
        "été à la plage.txt",
        "cafe\u0301 decomposed.txt",
        "100% #1 & + = [x] {y} (z).txt",
        "question? star* colon: pipe|.txt",
        "%2e%2e%2f.txt",
        " leading.txt",
        "emoji 👩‍👩‍👧‍👦.txt",
        "日本語/深い/フォルダ.txt",
        "\u202eright to left.txt",
        "x" * 250 + ".txt",
        "empty",
        "deep/" * 20 + "leaf.txt",
    ]
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if name == "empty" else os.urandom(1000 * number + 1))
    (root / "big.bin").write_bytes(os.urandom(12_000_000))
    return root


Run = Callable[[Sequence[str | Path]], str]


@pytest.fixture
def run() -> Run:
    def execute(words: Sequence[str | Path]) -> str:
        done = subprocess.run(
            [str(word) for word in words], capture_output=True, text=True, timeout=180, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return execute
