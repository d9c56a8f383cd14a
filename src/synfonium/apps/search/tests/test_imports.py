"""Files of pages come in whole; what is broken is left out and counted."""

import gzip
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from synfonium.apps.search.errors import NotReadable
from synfonium.apps.search.service.imports import document_of, read_lines
from synfonium.testing.client import Installation, installation


def record(
    url: str, body: bytes, *, status: str = "200 OK", headers: str = "Content-Type: text/html"
) -> bytes:
    http = f"HTTP/1.1 {status}\r\n{headers}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    head = (
        "WARC/1.0\r\nWARC-Type: response\r\n"
        "WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000000>\r\n"
        f"WARC-Date: 2026-01-01T00:00:00Z\r\nWARC-Target-URI: {url}\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
    )
    return head.encode() + http + b"\r\n\r\n"


LATIN = "<title>Été</title><p>marmotte".encode("latin-1")
HTML = "Content-Type: text/html"
ARCHIVE = (
    record("http://a.example/1", b"<html><title>Premier</title><p>La marmotte siffle dans la prairie.")
    + record("http://a.example/latin", LATIN, headers=f"{HTML}; charset=latin1")
    + record("http://a.example/hidden", b'<meta name="robots" content="noindex"><p>marmotte')
    + record("http://a.example/tag", b"<p>marmotte", headers=f"{HTML}\r\nX-Robots-Tag: noindex")
    + record("http://a.example/gone", b"<p>marmotte", status="404 Not Found")
    + record("http://a.example/image", b"marmotte", headers="Content-Type: image/png")
    + record("javascript:alert(1)", b"<p>marmotte")
)  # fmt: skip


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


async def keys(house: Installation, query: str) -> set[str]:
    async with house.client() as client:
        return {result["url"] for result in (await client.get(f"/api/search?q={query}")).json()["results"]}


async def add(house: Installation, path: Path) -> dict[str, int]:
    report: dict[str, int] = (await house.call("search.add", {"paths": [str(path)]}))[str(path)]
    return report


@pytest.mark.parametrize("name", ["pages.warc", "pages.warc.gz"])
async def test_the_pages_of_an_archive_are_found(house: Installation, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(gzip.compress(ARCHIVE) if name.endswith("gz") else ARCHIVE)
    assert await add(house, file) == {"indexed": 2, "skipped": 2, "broken": 0}
    assert await keys(house, "marmotte") == {"http://a.example/1", "http://a.example/latin"}
    assert await keys(house, "été") == {"http://a.example/latin"}


async def test_a_damaged_archive_gives_what_came_before_the_damage(
    house: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "cut.warc.gz"
    whole = b"".join(gzip.compress(record(f"http://a.example/{n}", b"<p>marmotte")) for n in range(20))
    file.write_bytes(whole[:-150])
    report = await add(house, file)
    assert 15 <= report["indexed"] < 20


async def test_the_same_file_again_changes_nothing(house: Installation, tmp_path: Path) -> None:
    file = tmp_path / "pages.jsonl"
    file.write_text(
        "".join(json.dumps({"id": n, "title": f"t{n}", "text": "okapi"}) + "\n" for n in range(5))
    )
    assert (await add(house, file))["indexed"] == 5
    assert (await add(house, file))["indexed"] == 5
    async with house.client() as client:
        assert (await client.get("/api/search?q=okapi")).json()["total"] == 5


@pytest.mark.parametrize("name", ["missing.jsonl", "notes.txt", ".warc.zip"])
async def test_what_cannot_be_read_is_refused_by_name(house: Installation, tmp_path: Path, name: str) -> None:
    if not name.startswith("missing"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(NotReadable):
        await add(house, tmp_path / name)


@pytest.mark.parametrize(
    "line",
    [
        b"", b"[]", b"1", b"{", b'{"title": "no address"}', b'{"id": ""}',
        b'{"url": "javascript:1", "id": "x"}',
        b'{"id": {"a": 1}}', b"\xff\xfe", b'{"id": "a\\u0000b"}', b'{"id": "' + b"x" * 2000 + b'"}',
        b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_broken_line_is_no_document(line: bytes) -> None:
    assert document_of(line) is None


def test_a_line_may_have_a_number_as_id_and_lack_the_rest() -> None:
    document = document_of(b'{"id": 7, "unknown": true}')
    assert document is not None
    assert (document.key, document.title, document.host) == ("7", "", "")


def test_an_endless_line_is_left_out_and_the_next_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synfonium.apps.search.service.imports.lines.LONGEST_LINE_BYTES", 100)
    lines = list(read_lines(io.BytesIO(b"first\n\n" + b"x" * 1050 + b"\nlast")))
    assert lines == [b"first\n", None, b"last"]
