"""Killed between bytes and row, at random moments: no row is without its whole content."""

import asyncio
import random
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from synfonium.engines.database.sqlite import open_sqlite
from synfonium.testing.child import Child
from tests.engines.sealing_writer import KEY, content_of, metadata, open_blobs, table

KILLS = 20


@pytest.mark.full
def test_every_row_has_its_whole_content_after_kill_9(tmp_path: Path) -> None:
    with closing(open_sqlite(tmp_path / "files.sqlite")) as database:
        database.alter(metadata.create_all)
    acknowledged: set[int] = set()
    with Child("tests.engines.sealing_writer", str(tmp_path)) as writer:
        assert writer.read_line(timeout_s=60) == "ready"
        for kill in range(KILLS):
            writer.say(f"write {kill * 100_000}")
            lines = [writer.read_line(timeout_s=30)]
            time.sleep(random.random() * 0.15)
            writer.say("kill")
            lines += writer.read_until("gone", timeout_s=30)
            acknowledged |= {int(line.split()[1]) for line in lines}
    asyncio.run(check(tmp_path, acknowledged))


async def check(folder: Path, acknowledged: set[int]) -> None:
    rows = await rows_of(folder)
    assert acknowledged <= rows.keys()
    sealed = open_blobs(folder)
    for number, name in rows.items():
        await sealed.scrub(name)
        assert b"".join([piece async for piece in sealed.read(KEY, name)]) == content_of(number)
    await asyncio.to_thread(only_orphans_are_left, folder, set(rows.values()))


async def rows_of(folder: Path) -> dict[int, str]:
    with closing(open_sqlite(folder / "files.sqlite")) as database:
        found = await database.read(lambda c: c.execute(select(table)).all())
    return {row.number: row.blob for row in found}


def only_orphans_are_left(folder: Path, named: set[str]) -> None:
    """Blobs without a row are at most those that were on their way at a kill."""
    there = {path.name for path in folder.glob("blobs/blobs/*/*/*")}
    assert named <= there
    assert len(there - named) <= 4 * KILLS
