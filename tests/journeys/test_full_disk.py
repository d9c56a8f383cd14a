"""A full disk at every way in: 507, what was there stays, and nothing that did not fit is left behind."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from conftest import is_ci

from synfonium.testing.server import real_server
from synfonium.testing.small_disk import can_mount, small_disk

pytestmark = [pytest.mark.full, pytest.mark.timeout(240)]
MIB = 1024 * 1024
# Of it 64 MiB stay free for the databases.
DISK_BYTES = 96 * MIB
FILES, UPLOADS = "/remote.php/dav/files/ana", "/remote.php/dav/uploads/ana"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    if not can_mount():
        message = "a small disk needs the right to mount"
        pytest.fail(message) if is_ci() else pytest.skip(message)
    with small_disk(tmp_path / "disk", DISK_BYTES) as folder:
        yield folder


def by_put(ana: httpx.Client, content: bytes) -> tuple[int, object]:
    return ana.put(f"{FILES}/kept.bin", content=content).status_code, None


def by_bulk(ana: httpx.Client, content: bytes) -> tuple[int, object]:
    """Each file has its own answer."""
    md5 = hashlib.md5(content).hexdigest()
    lines = f"X-File-Path: /kept.bin\r\nX-File-MD5: {md5}\r\nContent-Length: {len(content)}\r\n"
    body = f"--b\r\n{lines}\r\n".encode() + content + b"\r\n--b--\r\n"
    kind = {"content-type": "multipart/related; boundary=b"}
    answer = ana.post("/remote.php/dav/bulk", content=body, headers=kind)
    told = answer.json()["/kept.bin"]
    return (507 if told["error"] else answer.status_code), told.get("message")


def by_chunks(ana: httpx.Client, content: bytes) -> tuple[int, object]:
    place = f"{UPLOADS}/t{len(content)}"
    begun = ana.request("MKCOL", place)
    if begun.status_code != 201:
        return begun.status_code, begun.text
    half = len(content) // 2
    for number, chunk in enumerate((content[:half], content[half:]), 1):
        sent = ana.put(f"{place}/{number:05d}", content=chunk)
        if sent.status_code != 201:
            return sent.status_code, sent.text
    moved = ana.request("MOVE", f"{place}/.file", headers={"destination": f"{FILES}/kept.bin"})
    return moved.status_code, moved.text


def by_tus(ana: httpx.Client, content: bytes) -> tuple[int, object]:
    headers = {
        "tus-resumable": "1.0.0",
        "upload-length": str(len(content)),
        "upload-metadata": f"filename {base64.b64encode(b'by tus.bin').decode()}",
        "content-type": "application/offset+octet-stream",
    }
    answer = ana.post("/drive/tus", content=content, headers=headers)
    return answer.status_code, answer.text


DOORS = (by_put, by_bulk, by_chunks, by_tus)


def test_a_full_disk_is_said_at_every_door_and_costs_nothing_that_was_there(disk: Path) -> None:
    kept = b"k" * MIB
    with real_server(disk / "home") as server:
        token = server.person("ana")
        with httpx.Client(base_url=server.url, auth=("ana", token), timeout=60) as ana:
            assert by_put(ana, kept)[0] == 201
            before = _stored(disk)
            for size_bytes in (40 * MIB, 3 * MIB):  # there is room for its beginning, and then for nothing
                for door in DOORS:
                    status, said = door(ana, b"n" * size_bytes)
                    assert status == 507, (door.__name__, size_bytes, status, said)
                    assert ana.get(f"{FILES}/kept.bin").content == kept
                assert _incoming(disk) == []
                _fill(disk)
            assert {*_stored(disk)} >= {*before}
            (disk / "ballast").unlink()
            assert by_put(ana, b"n" * 3 * MIB)[0] in (201, 204)
            assert ana.get(f"{FILES}/kept.bin").content == b"n" * 3 * MIB


def _fill(disk: Path) -> None:
    with (disk / "ballast").open("wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(b"0" * 65536)
        except OSError:
            return


def _stored(disk: Path) -> list[str]:
    return sorted(path.name for path in (disk / "home").glob("blobs/drive/blobs/*/*/*"))


def _incoming(disk: Path) -> list[str]:
    """What was on its way and did not fit."""
    return [path.name for path in (disk / "home").glob("blobs/drive/incoming/*")]
