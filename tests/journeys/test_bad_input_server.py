"""A second server on one home, and a disk that is full."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from conftest import is_ci

from synfonium.testing.server import PROGRAM, RealServer, real_server
from synfonium.testing.small_disk import can_mount, small_disk

pytestmark = [pytest.mark.full, pytest.mark.timeout(180)]
MIB = 1024 * 1024
# Of it 64 MiB stay free for the databases.
DISK_BYTES = 96 * MIB


def test_a_second_server_on_the_same_home_says_one_line_and_ends(tmp_path: Path) -> None:
    with real_server(tmp_path / "home") as server:
        words = [*PROGRAM, "serve", "--home", str(server.home), "--port", "1"]
        second = subprocess.run(words, capture_output=True, text=True, timeout=30)
        assert second.returncode == 1
        assert second.stdout == ""
        assert second.stderr.count("\n") == 1
        assert "already serves this home" in second.stderr
        assert server.is_ready()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    if not can_mount():
        message = "a small disk needs the right to mount"
        pytest.fail(message) if is_ci() else pytest.skip(message)
    with small_disk(tmp_path / "disk", DISK_BYTES) as folder:
        yield folder


def test_a_full_disk_refuses_an_upload_and_loses_nothing(disk: Path) -> None:
    with real_server(disk / "home") as server:
        token = server.person("ana")
        with httpx.Client(base_url=server.url, auth=("ana", token), timeout=60) as ana:
            assert ana.put("/dav/files/ana/kept.bin", content=b"k" * MIB).status_code == 201
            too_much = ana.put("/dav/files/ana/too-much.bin", content=_pieces(DISK_BYTES))
            assert too_much.status_code == 507, too_much.text
            assert _code(too_much) == "storage_full"
            assert ana.get("/dav/files/ana/too-much.bin").status_code == 404
            _fill(disk)
            assert ana.put("/dav/files/ana/more.bin", content=_pieces(4 * MIB)).status_code == 507
            refused = ana.request("MKCOL", "/dav/files/ana/folder")
            assert (refused.status_code, _code(refused)) == (507, "storage_full")
            assert ana.get("/dav/files/ana/kept.bin").content == b"k" * MIB
            (disk / "ballast").unlink()
            assert ana.put("/dav/files/ana/more.bin", content=_pieces(4 * MIB)).status_code == 201
        _is_whole_after_a_restart(server, token)


def _pieces(size_bytes: int) -> Iterator[bytes]:
    for _ in range(size_bytes // MIB):
        yield b"x" * MIB


def _fill(disk: Path) -> None:
    with (disk / "ballast").open("wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(b"0" * 4096)
        except OSError:
            return


def _code(answer: httpx.Response) -> str:
    return str(answer.json()["code"]).rpartition(".")[2]


def _is_whole_after_a_restart(server: RealServer, token: str) -> None:
    server.stop()
    server.start()
    with httpx.Client(base_url=server.url, auth=("ana", token), timeout=60) as ana:
        assert ana.get("/dav/files/ana/kept.bin").content == b"k" * MIB
        assert len(ana.get("/dav/files/ana/more.bin").content) == 4 * MIB
