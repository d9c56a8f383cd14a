"""A process that writes sealed content, then its row, then says so; made to be killed."""

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy import Column, Integer, MetaData, String, Table, insert

from synfonium.engines.blobs.local import LocalBlobs
from synfonium.engines.database.sqlite import open_sqlite
from synfonium.kernel.sealed_blobs import SealedBlobs, SpaceKey
from synfonium.testing.child import serve_forks

KEY = SpaceKey(bytes(range(32)))
metadata = MetaData()
table = Table("file", metadata, Column("number", Integer, primary_key=True), Column("blob", String(64)))


def content_of(number: int) -> bytes:
    choice = random.Random(number)
    return choice.randbytes(choice.choice((0, 100, 200_000, 2_500_000)))


def open_blobs(folder: Path) -> SealedBlobs:
    return SealedBlobs(LocalBlobs(folder / "blobs", kept_free_bytes=0))


async def write_for_ever(folder: Path, first: int) -> None:
    database, sealed = open_sqlite(folder / "files.sqlite"), open_blobs(folder)

    async def pieces(content: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(content), 70_000):
            yield content[start : start + 70_000]

    async def write(number: int) -> None:
        while True:
            blob = await sealed.write(KEY, pieces(content_of(number)))
            row = {"number": number, "blob": blob.name}
            await database.write(lambda c, r=row: c.execute(insert(table), r))
            os.write(1, f"ack {number}\n".encode())
            number += 4

    await asyncio.gather(*(write(first + i) for i in range(4)))


if __name__ == "__main__":
    serve_forks(lambda command, first: asyncio.run(write_for_ever(Path(sys.argv[1]), first)))
