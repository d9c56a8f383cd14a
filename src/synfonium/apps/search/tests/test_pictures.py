"""Pictures of results: signed, small, and never a way into somebody's network."""

import asyncio
import io
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image

from synfonium.apps.search.service.fetch import Fetcher
from synfonium.apps.search.service.pictures import (
    LONGER_SIDE,
    PictureSeal,
    SmallPictures,
    small_picture,
)
from synfonium.testing.client import installation

SEAL = PictureSeal(b"k" * 32)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'


def picture(kind: str = "PNG", size: tuple[int, int] = (1200, 900)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#336699").save(out, kind)
    return out.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that says it has 30000 × 30000 pixels."""
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    body = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "AVIF", "BMP"])
async def test_a_picture_becomes_a_small_webp(kind: str) -> None:
    made = await small_picture(picture(kind))
    with Image.open(io.BytesIO(made)) as image:
        assert image.format == "WEBP"
        assert image.size == (LONGER_SIDE, LONGER_SIDE * 3 // 4)


@pytest.mark.parametrize("content", [b"", b"GIF89a", SVG, b"<html>", bomb(), picture()[:200]])
async def test_what_is_hostile_or_broken_makes_no_picture(content: bytes) -> None:
    assert await small_picture(content) == b""


def test_only_addresses_that_were_signed_here_are_shown() -> None:
    address = SEAL.address("https://a.example/cat.jpg")
    assert address.startswith("/search/picture?u=https%3A%2F%2Fa.example%2Fcat.jpg&s=")
    signature = address.rpartition("=")[2]
    assert SEAL.is_ours("https://a.example/cat.jpg", signature)
    assert not SEAL.is_ours("https://a.example/dog.jpg", signature)
    assert not PictureSeal(b"o" * 32).is_ours("https://a.example/cat.jpg", signature)
    assert SEAL.address("javascript:alert(1)") == ""
    assert SEAL.address("file:///etc/passwd") == ""


Serve = Callable[[str], tuple[str, bytes]]


@asynccontextmanager
async def site(serve: Serve) -> AsyncIterator[tuple[str, list[str]]]:
    """A web site on loopback; serve: path to content type (or `-> address`) and body."""
    asked: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readline()).split()[1].decode()
        asked.append(path)
        while (await reader.readline()).strip():
            pass
        kind, body = serve(path)
        status = f"302 Found\r\nlocation: {kind[3:]}" if kind.startswith("-> ") else "200 OK"
        head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n"
        writer.write(head.encode() + b"connection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        server.close()


@asynccontextmanager
async def pictures(*, is_local_allowed: bool = True) -> AsyncIterator[SmallPictures]:
    made = SmallPictures(Fetcher("test", is_local_allowed=is_local_allowed, connections=2, slowest_s=3))
    try:
        yield made
    finally:
        await made.close()


async def test_a_picture_is_fetched_once_and_by_way_of_a_redirect() -> None:
    def serve(path: str) -> tuple[str, bytes]:
        return ("-> /there.png", b"") if path == "/here" else ("image/png", picture())

    async with site(serve) as (url, asked), pictures() as small:
        first = await small.small(f"{url}/here")
        assert first[:4] == b"RIFF"
        assert await small.small(f"{url}/here") == first
        assert asked == ["/here", "/there.png"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("image/svg+xml", SVG),
        ("text/html", picture()),
        ("image/png", SVG),
        ("image/png", b"x" * (9 << 20)),
        ("-> /again", b""),
    ],
)
async def test_what_is_no_plain_picture_or_too_large_is_not_shown(kind: str, body: bytes) -> None:
    async with site(lambda path: (kind, body)) as (url, asked), pictures() as small:
        assert await small.small(f"{url}/x") == b""
        assert len(asked) <= 4


async def test_the_house_s_own_network_is_not_asked_for_pictures() -> None:
    async with (
        site(lambda path: ("image/png", picture())) as (url, asked),
        pictures(is_local_allowed=False) as small,
    ):
        assert await small.small(f"{url}/x.png") == b""
        assert asked == []


async def test_a_reader_gets_a_rest_for_a_picture_that_cannot_be_had(tmp_path: Path) -> None:
    async with installation(tmp_path / "home") as house, house.client() as client:
        service = house.context("search").service
        address = service.picture_address("http://127.0.0.1:9/cat.png")
        answer = await client.get(address)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/svg+xml"
        assert "set-cookie" not in answer.headers
        assert answer.headers["referrer-policy"] == "no-referrer"
        for wrong in (
            address[:-1] + "x",
            "/search/picture?u=http%3A%2F%2Fa.example%2Fx&s=",
            "/search/picture",
        ):
            assert (await client.get(wrong)).status_code in (404, 422)


async def test_a_reader_gets_a_picture_that_browsers_keep_for_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def small(url: str) -> bytes:
        return await small_picture(picture())

    async with installation(tmp_path / "home") as house, house.client() as client:
        service = house.context("search").service
        monkeypatch.setattr(service.pictures, "small", small)
        answer = await client.get(service.picture_address("https://a.example/cat.png"))
        assert answer.headers["content-type"] == "image/webp"
        assert answer.headers["cache-control"] == "private, max-age=3600"
        assert answer.content[:4] == b"RIFF"
