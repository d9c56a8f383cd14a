"""`kill -9` in the middle of a move: everything is there in the end, and exactly once."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from synfonium.testing.ports import free_ports
from synfonium.testing.server import family, real_server

from .conftest import ENVIRONMENT, Account, same, serving

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]
KILLS = int(os.environ.get("SYNFONIUM_TEST_KILLS", "3"))
FILES = 600
BLOCK = os.urandom(1 << 20)
SIZE = 160 << 20


@pytest.fixture
def elsewhere(program: Callable[[str], str], tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """rclone's server, and the folder that it serves."""
    root = tmp_path / "elsewhere"
    choice = random.Random(7)
    for number in range(FILES):
        path = root / f"f{number % 30}" / f"{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            choice.randbytes(choice.choice((10, 3_000, 40_000, 40_000 if number % 50 else 900_000)))
        )
        os.utime(path, (1_000_000_000 + number, 1_000_000_000 + number))
    url = f"http://127.0.0.1:{free_ports()[0]}/"
    with serving(
        [program("rclone"), "serve", "webdav", str(root), "--addr", url[7:-1]], url, tmp_path / "log"
    ):
        yield url, root


def _kill(account: Account) -> None:
    for pid in family(account.server.pid):
        os.kill(pid, signal.SIGKILL)
    account.server.stop()
    account.server.start()


def _begun(account: Account, url: str) -> str:
    """The address of the move's page."""
    form = {"kind": "webdav", "url": url, "into": "Here"}
    headers = {"authorization": f"Bearer {account.token}"}
    answer = httpx.post(f"{account.server.url}/drive/move-in", data=form, headers=headers)
    return answer.headers["location"]


def _progress(account: Account, page: str) -> dict[str, object]:
    headers = {"authorization": f"Bearer {account.token}"}
    answer = httpx.get(f"{account.server.url}{page}/progress", headers=headers)
    assert answer.status_code == 200
    return dict(answer.json())


def test_everything_is_there_once_however_often_everything_was_killed(
    elsewhere: tuple[str, Path], tmp_path: Path
) -> None:
    url, root = elsewhere
    with real_server(tmp_path / "home", environment=ENVIRONMENT) as server:
        ada = Account(server, "ada", server.person("ada"))
        page = _begun(ada, url)
        choice, killed = random.Random(), 0
        for _ in range(KILLS):
            time.sleep(choice.uniform(0.05, 0.4))
            killed += _progress(ada, page)["state"] == "running"
            _kill(ada)
        deadline = time.monotonic() + 120
        while (told := _progress(ada, page))["state"] in ("waiting", "running"):
            assert time.monotonic() < deadline, told
            time.sleep(0.2)
        assert (told["state"], told["not_taken"]) == ("done", 0)
        same(ada, "Here", root)
        assert killed


def test_a_large_file_goes_on_where_it_was(program: Callable[[str], str], tmp_path: Path) -> None:
    """What came before the kill does not come again."""
    root = tmp_path / "elsewhere"
    root.mkdir()
    with (root / "film.mp4").open("wb") as film:
        for _ in range(SIZE // len(BLOCK)):
            film.write(BLOCK)
    os.utime(root / "film.mp4", (1_000_000_000, 1_000_000_000))
    url = f"http://127.0.0.1:{free_ports()[0]}/"
    words = [program("rclone"), "serve", "webdav", str(root), "--addr", url[7:-1], "--bwlimit-file", "40M"]
    own = real_server(tmp_path / "home", environment=ENVIRONMENT)
    with serving(words, url, tmp_path / "log"), own as server:
        ada = Account(server, "ada", server.person("ada"))
        page = _begun(ada, url)
        deadline = time.monotonic() + 60
        while int(str(_progress(ada, page)["done_bytes"])) < 100_000_000:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        _kill(ada)
        while not (bytes_ := int(str((told := _progress(ada, page))["done_bytes"]))):
            assert time.monotonic() < deadline, told
            time.sleep(0.02)
        assert bytes_ >= 64 << 20
        while (told := _progress(ada, page))["state"] in ("waiting", "running"):
            assert time.monotonic() < deadline, told
            time.sleep(0.1)
        assert (told["state"], told["not_taken"]) == ("done", 0)
        same(ada, "Here", root)
