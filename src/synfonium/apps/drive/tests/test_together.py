"""Files that are written at the same time: each as if it were alone, and all in few statements."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event

from synfonium.apps.drive.config import DriveConfig
from synfonium.apps.drive.errors import BadName, Locked, NotThatKind, ParentMissing, QuotaExceeded, WrongState
from synfonium.apps.drive.model import ABSENT
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.files import Incoming
from synfonium.apps.drive.store.tables import audit, blobs, changes, outbox, small_blobs
from synfonium.apps.drive.tests.conftest import Hand, House, pieces
from synfonium.kernel.actor import Person
from synfonium.kernel.sealed_blobs import SMALL_BYTES


async def _count(drive: DriveService, table: object) -> int:
    return await drive.room.read(lambda c: len(c.execute(table.select()).all()))  # type: ignore[attr-defined]


@contextmanager
def statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: object, _cursor: object, text: str, *_: object) -> None:
        seen.append(text)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def test_fifty_at_once_are_all_there_with_all_that_tells_of_them(
    drive: DriveService, hand: Hand
) -> None:
    folder = await hand.folder("in")
    before = await drive.tree.node(hand.actor, folder)
    contents = {f"{n}.bin": bytes([n]) * (n + 1) for n in range(50)}
    ids = await asyncio.gather(*(hand.file(name, content, folder) for name, content in contents.items()))
    assert [await hand.read(node) for node in ids] == list(contents.values())
    after = await drive.tree.node(hand.actor, folder)
    assert after.size_bytes == sum(map(len, contents.values()))
    assert after.etag != before.etag
    assert await _count(drive, outbox) == 50
    assert await _count(drive, changes) == await _count(drive, audit) == 51
    assert len({node.number for node in [await drive.tree.node(hand.actor, i) for i in ids]}) == 50


async def test_many_share_their_statements(hand: Hand) -> None:
    folder = await hand.folder("in")
    await hand.file("first", b"1", folder)
    with statements() as seen:
        await asyncio.gather(*(hand.file(f"{n}", b"%d" % n, folder) for n in range(60)))
    assert len(seen) < 40, f"{len(seen)} statements for 60 files"


async def test_one_that_is_refused_keeps_no_other_from_being_written(drive: DriveService, hand: Hand) -> None:
    await hand.folder("taken")
    await hand.file("old", b"old")
    top, write = await hand.top(), drive.files.write
    wrong = write(hand.actor, top, "old", pieces(b"n"), expected=ABSENT)
    tasks = [hand.file("a"), hand.file("taken"), hand.file("b"), wrong, hand.file("c"), hand.file("x\0")]
    done = await asyncio.gather(*tasks, return_exceptions=True)
    kinds = [type(one) for one in done]
    assert [kinds[1], kinds[3], kinds[5]] == [NotThatKind, WrongState, BadName]
    assert await hand.names() == ["taken", "a", "b", "c", "old"]


async def test_the_same_place_twice_is_made_once_and_then_written(drive: DriveService, hand: Hand) -> None:
    ids = await asyncio.gather(*(hand.file("same", bytes([n])) for n in range(20)))
    assert len(set(ids)) == 1
    assert await hand.names() == ["same"]
    assert (await drive.tree.node(hand.actor, ids[0])).size_bytes == 1


async def test_names_that_are_taken_get_numbers_of_their_own(drive: DriveService, hand: Hand) -> None:
    top, write = await hand.top(), drive.files.write
    await asyncio.gather(
        *(write(hand.actor, top, "a.txt", pieces(b"%d" % n), when_taken="number") for n in range(4))
    )
    assert sorted(await hand.names()) == ["a (2).txt", "a (3).txt", "a (4).txt", "a.txt"]


async def test_a_lock_stops_the_file_it_is_on_and_no_other(drive: DriveService, hand: Hand) -> None:
    locked = await hand.file("locked", b"old")
    await drive.locks.take(
        hand.actor, locked, is_exclusive=True, is_infinite=False, owner_xml="", timeout_s=60
    )
    done = await asyncio.gather(hand.file("a"), hand.file("locked", b"new"), return_exceptions=True)
    assert isinstance(done[1], Locked)
    assert await hand.read(locked) == b"old"
    assert await hand.names() == ["a", "locked"]


class TestLimited:
    @pytest.fixture
    def config(self) -> DriveConfig:
        return DriveConfig(default_quota_bytes=1000)

    async def test_together_they_do_not_get_over_the_quota(self, drive: DriveService, hand: Hand) -> None:
        done = await asyncio.gather(
            *(hand.file(f"{n}", bytes([n]) * 300) for n in range(8)), return_exceptions=True
        )
        assert sum(isinstance(one, QuotaExceeded) for one in done) == 5
        assert len(await hand.names()) == 3


@pytest.mark.parametrize("size", [0, 1, SMALL_BYTES - 1, SMALL_BYTES, SMALL_BYTES + 1])
async def test_small_content_is_a_row_and_larger_a_file(
    drive: DriveService, hand: Hand, house: House, size: int
) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    file = await hand.file("a", content[:size])
    assert await hand.read(file) == content[:size]
    assert await hand.read(file, 10, 20) == content[:size][10:20]
    assert await _count(drive, small_blobs) == (size <= SMALL_BYTES)
    assert len([name async for name in house.context.blobs.names()]) == 1


async def test_small_content_that_nobody_needs_is_swept(
    drive: DriveService, hand: Hand, ada: Person, house: House
) -> None:
    file = await hand.file("a", b"once")
    await drive.trash.put(ada, [file])
    await drive.trash.empty(ada)
    await drive.sweep.once()
    house.clock.time_s += 25 * 3600
    await drive.sweep.once()
    assert await _count(drive, small_blobs) == await _count(drive, blobs) == 0


class TestWays:
    """PUT at a path of which the folder is remembered."""

    async def _put(self, drive: DriveService, actor: Person, *names: str, content: bytes = b"x") -> bool:
        """Whether nothing had to be looked up."""
        written = await drive.files.write_at(actor, names, pieces(content), Incoming())
        return written is not None

    async def test_a_folder_that_was_found_is_found_again(self, drive: DriveService, hand: Hand) -> None:
        folder = await hand.folder("in")
        assert await self._put(drive, hand.actor, "at the top")
        assert not await self._put(drive, hand.actor, "in", "a")
        drive.files.ways.keep(await drive.tree.resolve(hand.actor, ("in",)))
        assert await self._put(drive, hand.actor, "in", "a")
        assert await hand.names(folder) == ["a"]

    @pytest.mark.parametrize("is_gone", [True, False])
    async def test_another_that_stands_there_now_gets_the_file(
        self, drive: DriveService, hand: Hand, is_gone: bool
    ) -> None:
        old = await hand.folder("in")
        drive.files.ways.keep(await drive.tree.resolve(hand.actor, ("in",)))
        if is_gone:
            await drive.trash.put(hand.actor, [old])
        else:
            await drive.moving.move(hand.actor, old, await hand.top(), "moved")
        new = await hand.folder("in")
        assert await self._put(drive, hand.actor, "in", "a", content=b"new")
        assert await hand.names(new) == ["a"]
        assert is_gone or await hand.names(old) == []

    @pytest.mark.parametrize("is_gone", [True, False])
    async def test_none_that_stands_there_now_is_said(
        self, drive: DriveService, hand: Hand, is_gone: bool
    ) -> None:
        old = await hand.folder("in")
        drive.files.ways.keep(await drive.tree.resolve(hand.actor, ("in",)))
        if is_gone:
            await drive.trash.put(hand.actor, [old])
        else:
            await drive.moving.move(hand.actor, old, await hand.top(), "moved")
        with pytest.raises(ParentMissing):
            await self._put(drive, hand.actor, "in", "a")
        assert await hand.names() == ([] if is_gone else ["moved"])

    async def test_the_two_spellings_of_a_name_are_one_folder(self, drive: DriveService, hand: Hand) -> None:
        folder = await hand.folder("caf\u00e9")
        drive.files.ways.keep(await drive.tree.resolve(hand.actor, ("cafe\u0301",)))
        assert await self._put(drive, hand.actor, "caf\u00e9", "a")
        assert await self._put(drive, hand.actor, "cafe\u0301", "b")
        assert await hand.names(folder) == ["a", "b"]
