"""Archives of others come in: Common Crawl's texts, shards of the Open Web Index, folders; broken
ones as far as they can be read."""

import gzip
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from synfonium.apps.search.errors import NeedsBulk, NotReadable
from synfonium.apps.search.model import ReadPage
from synfonium.apps.search.service.imports import parquet
from synfonium.apps.search.service.imports.archives import read_archive
from synfonium.apps.search.service.imports.ciff import read_ciff
from synfonium.apps.search.service.imports.records import Archived, Left
from synfonium.apps.search.tests.test_imports import add, keys, record
from synfonium.testing.client import Installation, installation


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


def varint(number: int) -> bytes:
    found = b""
    while number > 0x7F:
        found, number = found + bytes([number & 0x7F | 0x80]), number >> 7
    return found + bytes([number])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def ciff(terms: dict[str, dict[int, int]], documents: list[str]) -> bytes:
    """An index in CIFF 1: terms with how often they occur in which document."""
    messages = [field(1, 1) + field(2, len(terms)) + field(3, len(documents)) + field(8, b"made here")]
    for term, postings in terms.items():
        before, body = 0, field(1, term.encode()) + field(2, len(postings)) + field(3, 9)
        for document, times in sorted(postings.items()):
            body += field(4, field(1, document - before) + field(2, times))
            before = document
        messages.append(body)
    messages += [field(1, n) + field(2, name.encode()) + field(3, 7) for n, name in enumerate(documents)]
    return b"".join(varint(len(message)) + message for message in messages)


INDEX = ciff(
    {"marmotte": {0: 2, 2: 1}, "prairie": {2: 1}, "chat": {1: 1}},
    ["https://a.example/1", "clueweb12-0000", "https://a.example/3"],
)


def test_a_ciff_gives_each_page_its_words() -> None:
    first, number, third = read_ciff(io.BytesIO(INDEX))
    assert isinstance(first, ReadPage)
    assert isinstance(third, ReadPage)
    assert (first.url, first.extract.text) == ("https://a.example/1", "marmotte marmotte")
    assert third.extract.text == "marmotte prairie"
    assert number is Left.SKIPPED, "a document with a number for a name cannot be opened by anybody"


@pytest.mark.parametrize(
    "damaged",
    [
        b"", INDEX[:-3], INDEX[:40], b"\xff" * 50, b"\x00", varint(1 << 30) + b"x",
        varint(2) + field(1, 2), varint(3) + b"\x0a\xff\x01",
        varint(9) + field(1, 1) + field(2, 2_000_000_000) + b"\x00",
    ],
)  # fmt: skip
def test_a_damaged_ciff_ends_where_the_damage_is(damaged: bytes) -> None:
    assert list(read_ciff(io.BytesIO(damaged)))[-1] is Left.BROKEN


async def test_a_ciff_is_found(house: Installation, tmp_path: Path) -> None:
    file = tmp_path / "index.ciff.gz"
    file.write_bytes(gzip.compress(INDEX))
    assert await add(house, file) == {"indexed": 2, "skipped": 1, "broken": 0}
    assert await keys(house, "prairie") == {"https://a.example/3"}


def write_shard(path: Path, **columns: list[object]) -> None:
    arrow = pytest.importorskip("pyarrow", reason="the optional part synfonium[bulk] is not installed")
    import pyarrow.parquet

    pyarrow.parquet.write_table(arrow.table(columns), path)


async def test_a_shard_of_the_open_web_index_is_found(house: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "year=2026" / "language=fra"
    folder.mkdir(parents=True)
    write_shard(
        folder / "metadata_0.parquet",
        id=["1", "2", "3", "4"],
        url=["https://a.example/1", "https://a.example/2", "javascript:1", "https://a.example/4"],
        title=["La marmotte", "", "x", "caché"],
        plain_text=["Elle siffle.", None, "x", "marmotte"],
        language=["fra", "fra", "fra", "fra"],
        ows_index=[True, True, True, False],
    )
    (folder / "index.ciff.gz").write_bytes(gzip.compress(ciff({"siffl": {0: 1}}, ["1"])))
    (folder / "README.txt").write_text("not a page")
    assert await add(house, tmp_path / "year=2026") == {"indexed": 1, "skipped": 3, "broken": 1}
    assert await keys(house, "siffle&lang=fr") == {"https://a.example/1"}


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\x00" * 100 + b"PAR1"])
async def test_a_broken_shard_is_refused(house: Installation, tmp_path: Path, content: bytes) -> None:
    pytest.importorskip("pyarrow", reason="the optional part synfonium[bulk] is not installed")
    (tmp_path / "x.parquet").write_bytes(content)
    with pytest.raises(NotReadable):
        await add(house, tmp_path / "x.parquet")


def test_a_house_without_the_reader_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(NeedsBulk):
        list(parquet.read_parquet(tmp_path / "x.parquet"))


WET = (
    "WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: https://a.example/wet\r\n"
    "WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000001>\r\nWARC-Date: 2026-01-01T00:00:00Z\r\n"
    "Content-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{text}\r\n\r\n"
)


async def test_the_texts_of_common_crawl_are_found(house: Installation, tmp_path: Path) -> None:
    text = "Le hérisson\nIl dort sous les feuilles."
    file = tmp_path / "CC-MAIN.warc.wet.gz"
    file.write_bytes(gzip.compress(WET.format(length=len(text.encode()), text=text).encode()))
    assert (await add(house, file))["indexed"] == 1
    assert await keys(house, "feuilles") == {"https://a.example/wet"}


def body_of(archive: bytes) -> list[bytes | Left]:
    found = read_archive(io.BytesIO(archive))
    return [one.job.body if isinstance(one, Archived) else one for one in found]  # type: ignore[misc]


def test_bodies_are_read_without_the_encodings_of_their_transport() -> None:
    packed = gzip.compress(b"<p>marmotte")
    chunked = b"%x\r\n" % len(packed) + packed + b"\r\n0\r\n\r\n"
    headers = "Content-Type: text/html\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked"
    assert body_of(record("http://a.example/", chunked, headers=headers)) == [b"<p>marmotte"]


def test_a_bomb_in_an_archive_is_left_out() -> None:
    bomb = gzip.compress(b"x" * (64 << 20))
    headers = "Content-Type: text/html\r\nContent-Encoding: gzip"
    after = record("http://a.example/2", b"<p>marmotte")
    assert body_of(record("http://a.example/", bomb, headers=headers) + after) == [
        Left.BROKEN,
        b"<p>marmotte",
    ]


@pytest.mark.parametrize("archive", [b"", b"\x00" * 500, b"WARC/1.0\r\n" * 500, b"\x1f\x8b\x08" + b"x" * 100])
def test_what_is_no_archive_breaks_nothing(archive: bytes) -> None:
    assert [one for one in body_of(archive) if not isinstance(one, Left)] == []


async def test_near_duplicates_in_an_archive_are_kept_once(house: Installation, tmp_path: Path) -> None:
    text = " ".join(f"mot{n}" for n in range(200))
    pages = [f"<title>t</title><p>{text} marmotte {extra}</p>" for extra in ("un", "deux")]
    file = tmp_path / "pages.warc"
    urls = ("https://a.example/longue/adresse", "https://a.example/b")
    file.write_bytes(b"".join(record(url, page.encode()) for url, page in zip(urls, pages, strict=True)))
    assert await add(house, file) == {"indexed": 1, "skipped": 1, "broken": 0}
    assert await keys(house, "marmotte") == {"https://a.example/b"}
