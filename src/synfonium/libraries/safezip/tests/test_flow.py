"""Archives written as they are sent: read by others, however many entries and bytes there are."""

import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from synfonium.libraries.safezip import ZipFlow

TIME_S = 1_790_000_000.0
MIB = 1024 * 1024


async def pieces(*content: bytes) -> AsyncIterator[bytes]:
    for piece in content:
        yield piece


async def test_seventy_thousand_entries_are_all_found(tmp_path: Path) -> None:
    flow, path = ZipFlow(), tmp_path / "many.zip"
    with path.open("wb") as file:
        file.write(flow.folder("é/", TIME_S))
        for number in range(70_000):
            async for piece in flow.file(f"é/{number}", 1, TIME_S, pieces(b"x")):
                file.write(piece)
        async for piece in flow.finish():
            file.write(piece)
    with zipfile.ZipFile(path) as archive:
        assert len(archive.namelist()) == 70_001
        assert archive.read("é/69999") == b"x"


async def test_a_file_of_another_size_than_said_ends_the_archive() -> None:
    flow = ZipFlow()
    with pytest.raises(ValueError, match="another size"):
        async for _ in flow.file("a", 3, TIME_S, pieces(b"xx")):
            pass


@pytest.mark.full
async def test_more_than_four_gibibytes_are_read_back(tmp_path: Path) -> None:
    flow, path, count = ZipFlow(), tmp_path / "big.zip", 4 * 1024 + 10

    async def zeros() -> AsyncIterator[bytes]:
        piece = bytes(MIB)
        for _ in range(count):
            yield piece

    with path.open("wb") as file:
        for name, size, content in (("big", count * MIB, zeros()), ("after", 2, pieces(b"ok"))):
            async for piece in flow.file(name, size, TIME_S, content):
                if len(piece) == MIB:
                    file.seek(MIB, 1)  # a hole: zeros that take no room
                else:
                    file.write(piece)
        async for piece in flow.finish():
            file.write(piece)
    with zipfile.ZipFile(path) as archive:
        assert archive.getinfo("big").file_size == count * MIB
        assert archive.read("after") == b"ok"
