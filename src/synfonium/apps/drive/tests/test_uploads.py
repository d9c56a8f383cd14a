"""Uploads in parts: whole or nothing, counted, and nothing leaks."""

import asyncio
import contextlib
import hashlib
import shutil
import zlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synfonium.apps.drive.config import DriveConfig
from synfonium.apps.drive.errors import (
    BadParts,
    ChecksumMismatch,
    Cut,
    NoSuchUpload,
    QuotaExceeded,
    TooMany,
    TooManyUploads,
    WrongState,
)
from synfonium.apps.drive.model import Upload
from synfonium.apps.drive.service import DriveService, open_service, uploads
from synfonium.apps.drive.service.files import Incoming
from synfonium.apps.drive.service.sweep import GRACE_S
from synfonium.apps.drive.store.tables import blobs, parts, versions
from synfonium.apps.drive.tests.conftest import Hand, House, pieces
from synfonium.common.problem import Problem
from synfonium.kernel.actor import Person
from synfonium.kernel.refusals import TooLarge

PARTS = (b"one " * 1000, b"two " * 500, b"three")
WHOLE = b"".join(PARTS)


async def cut_after(content: bytes) -> AsyncIterator[bytes]:
    yield content
    raise ConnectionResetError


class Sender:
    """Sends a file in parts."""

    def __init__(self, hand: Hand, door: str = "s3") -> None:
        self.hand, self.uploads, self.actor, self.door = hand, hand.drive.uploads, hand.actor, door

    async def begin(self, total_bytes: int | None = None) -> Upload:
        return await self.uploads.begin(self.actor, self.door, total_bytes=total_bytes)

    async def send(self, upload: Upload, *contents: bytes, first: int = 1) -> None:
        for number, content in enumerate(contents, first):
            await self.uploads.put_part(self.actor, upload, number, pieces(content))

    async def finish(
        self, upload: Upload, numbers: Sequence[int] | None = None, incoming: Incoming | None = None
    ) -> bytes:
        top = await self.hand.top()
        written = await self.uploads.finish(self.actor, upload, numbers, top, "whole.bin", incoming)
        return await self.hand.read(written.node.id)


@pytest.fixture
def sender(hand: Hand) -> Sender:
    return Sender(hand)


async def test_parts_become_one_file(sender: Sender) -> None:
    upload = await sender.begin(len(WHOLE))
    await sender.send(upload, *PARTS)
    sums = {
        "md5": hashlib.md5(WHOLE).digest(),
        "sha1": hashlib.sha1(WHOLE).digest(),
        "sha256": hashlib.sha256(WHOLE).digest(),
        "crc32": zlib.crc32(WHOLE).to_bytes(4, "big"),
        "adler32": zlib.adler32(WHOLE).to_bytes(4, "big"),
    }
    assert await sender.finish(upload, [1, 2, 3], Incoming(checksums=sums)) == WHOLE
    with pytest.raises(NoSuchUpload):
        await sender.finish(upload)


async def test_a_part_sent_again_takes_the_place_of_the_first(sender: Sender) -> None:
    upload = await sender.begin()
    await sender.send(upload, b"wrong", PARTS[1], PARTS[2])
    part = await sender.uploads.put_part(sender.actor, upload, 1, pieces(PARTS[0]))
    assert part.md5 == hashlib.md5(PARTS[0]).hexdigest()
    with pytest.raises(WrongState):
        await sender.uploads.put_part(sender.actor, upload, 1, pieces(b"x"), replaces=False)
    assert [p.size_bytes for p in await sender.uploads.parts(sender.actor, upload)] == list(map(len, PARTS))
    assert await sender.finish(upload) == WHOLE


@pytest.mark.parametrize(
    ("sent", "numbers", "total", "refusal"),
    [
        ({1: 0, 3: 2}, None, None, BadParts),  # a gap
        ({2: 0, 3: 1}, None, None, BadParts),  # the beginning is missing
        ({1: 0, 2: 1}, [1, 2, 3], None, BadParts),  # one did not come
        ({1: 0, 2: 1}, [2, 1], None, BadParts),  # out of order
        ({1: 0, 2: 1}, [1, 1, 2], None, BadParts),  # doubled
        ({0: 0, 1: 1}, None, len(WHOLE), BadParts),  # short
    ],
)
async def test_parts_that_make_no_file_leave_the_old_one(
    sender: Sender, sent: dict[int, int], numbers: list[int] | None, total: int | None, refusal: type[Problem]
) -> None:
    old = await sender.hand.file("whole.bin", b"old")
    upload = await sender.begin(total)
    for number, index in sent.items():
        await sender.uploads.put_part(sender.actor, upload, number, pieces(PARTS[index]))
    with pytest.raises(refusal):
        await sender.finish(upload, numbers)
    assert await sender.hand.read(old) == b"old"
    assert len(await sender.uploads.parts(sender.actor, upload)) == len(sent)


async def test_parts_that_overlap_are_refused(sender: Sender) -> None:
    upload = await sender.begin()
    for number, offset in ((0, 0), (1, len(PARTS[0]) - 1)):
        await sender.uploads.put_part(
            sender.actor, upload, number, pieces(PARTS[number]), offset_bytes=offset
        )
    with pytest.raises(BadParts):
        await sender.finish(upload)


async def test_parts_may_be_called_by_where_they_begin(sender: Sender) -> None:
    upload = await sender.begin(40_000)
    put = sender.uploads.put_part
    for offset in (0, 30_000, 15_000):
        size = min(15_000, 40_000 - offset)
        await put(sender.actor, upload, offset, pieces(b"%d" % (offset % 7) * size), offset_bytes=offset)
    with pytest.raises(TooMany):
        await put(sender.actor, upload, 15_000, pieces(b"x"), offset_bytes=14_999)
    assert await sender.finish(upload) == b"0" * 15_000 + b"6" * 15_000 + b"5" * 10_000


async def test_a_part_that_is_missing_between_offsets_is_noticed(sender: Sender) -> None:
    upload = await sender.begin()
    for offset in (0, 30_000):
        await sender.uploads.put_part(sender.actor, upload, offset, pieces(b"x" * 10), offset_bytes=offset)
    with pytest.raises(BadParts):
        await sender.finish(upload)


async def test_a_wrong_checksum_of_the_whole_leaves_the_old_file_and_the_parts(sender: Sender) -> None:
    old = await sender.hand.file("whole.bin", b"old")
    upload = await sender.begin()
    await sender.send(upload, *PARTS)
    with pytest.raises(ChecksumMismatch):
        await sender.finish(upload, None, Incoming(checksums={"sha1": bytes(20)}))
    assert await sender.hand.read(old) == b"old"
    assert await sender.finish(upload) == WHOLE


async def test_a_wrong_or_cut_part_is_not_kept(sender: Sender) -> None:
    upload = await sender.begin(10)
    put = sender.uploads.put_part
    with pytest.raises(ChecksumMismatch):
        await put(sender.actor, upload, 1, pieces(b"x"), expected={"md5": bytes(16)})
    with pytest.raises(Cut):
        await put(sender.actor, upload, 1, cut_after(b"x"))
    with pytest.raises(Cut):
        await put(sender.actor, upload, 1, pieces(b"x"), announced_bytes=2)
    with pytest.raises(BadParts):
        await put(sender.actor, upload, 1, pieces(b"12345678901"))
    with pytest.raises(TooMany):
        await put(sender.actor, upload, 10_001, pieces(b"x"))
    assert not await sender.uploads.parts(sender.actor, upload)


async def test_what_came_before_a_cut_is_kept_for_who_asks(sender: Sender) -> None:
    upload = await sender.begin(2)
    part = await sender.uploads.put_part(sender.actor, upload, 0, cut_after(b"x"), keeps_cut=True)
    assert part.size_bytes == 1
    await sender.uploads.put_part(sender.actor, upload, 1, pieces(b"y"))
    assert await sender.finish(upload) == b"xy"


async def test_a_stranger_and_another_door_do_not_find_an_upload(sender: Sender, house: House) -> None:
    upload, uploads = await sender.begin(), sender.uploads
    stranger = house.person("eve")
    for actor, door in ((stranger, "s3"), (sender.actor, "tus")):
        with pytest.raises(NoSuchUpload):
            await uploads.find(actor, upload.name, door)
        assert not await uploads.listing(actor, door)
    for ask in (
        lambda: uploads.put_part(stranger, upload, 1, pieces(b"x")),
        lambda: uploads.parts(stranger, upload),
        lambda: uploads.abort(stranger, upload),
    ):
        with pytest.raises(NoSuchUpload):
            await ask()
    assert [one.id for one in await uploads.listing(sender.actor, "s3")] == [upload.id]


async def test_no_more_uploads_are_open_than_a_thousand(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_OPEN", 2)
    first = await sender.begin()
    await sender.begin()
    with pytest.raises(TooManyUploads):
        await sender.begin()
    await sender.uploads.abort(sender.actor, first)
    await sender.begin()


class TestRoom:
    @pytest.fixture
    def config(self) -> DriveConfig:
        return DriveConfig(default_quota_bytes=100, max_file_bytes=80)

    async def test_parts_count(self, sender: Sender) -> None:
        upload = await sender.begin()
        await sender.send(upload, b"x" * 40)
        assert await sender.hand.drive.tree.room_left(sender.actor) == (40, 60)
        other = await sender.begin()
        with pytest.raises(QuotaExceeded):
            await sender.send(other, b"y" * 61)
        with pytest.raises(QuotaExceeded):
            await sender.begin(61)
        # The whole needs no room besides its parts.
        await sender.send(upload, b"z" * 40, first=2)
        assert len(await sender.finish(upload)) == 80
        assert await sender.hand.drive.tree.room_left(sender.actor) == (80, 20)

    async def test_a_whole_larger_than_a_file_may_be_is_refused_at_the_part(self, sender: Sender) -> None:
        with pytest.raises(TooLarge):
            await sender.begin(81)
        upload = await sender.begin()
        await sender.send(upload, b"x" * 50)
        with pytest.raises(TooLarge):
            await sender.send(upload, b"y" * 31, first=2)


async def count_blobs(drive: DriveService) -> int:
    return len([name async for name in drive.room.context.blobs.names()])


async def test_an_upload_left_for_a_day_goes_with_its_bytes(sender: Sender, house: House) -> None:
    drive = sender.hand.drive
    upload = await sender.begin()
    await sender.send(upload, *PARTS)
    house.clock.time_s += uploads.IDLE_S - 10
    await drive.sweep.once()
    await sender.send(upload, b"four", first=4)
    house.clock.time_s += uploads.IDLE_S - 10
    await drive.sweep.once()
    assert len(await sender.uploads.parts(sender.actor, upload)) == 4
    house.clock.time_s += 20
    assert (await drive.sweep.once()).uploads == 1
    with pytest.raises(NoSuchUpload):
        await sender.uploads.find(sender.actor, upload.name, "s3")
    house.clock.time_s += GRACE_S + 10
    await drive.sweep.once()
    assert await count_blobs(drive) == 0


PICK = st.integers(0, 3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("part"), PICK, PICK, st.integers(0, 4)),
        st.tuples(st.just("cut"), PICK, PICK, st.integers(0, 4)),
        st.tuples(st.just("killed"), PICK, PICK, st.integers(0, 4)),
        st.tuples(st.just("remove"), PICK, PICK, st.just(0)),
        st.tuples(st.just("finish"), PICK, st.just(0), st.just(0)),
        st.tuples(st.just("abort"), PICK, st.just(0), st.just(0)),
        st.tuples(st.just("begin"), PICK, st.just(0), st.just(0)),
        st.tuples(st.just("hour"), st.just(0), st.just(0), st.just(0)),
    ),
    min_size=4,
    max_size=30,
)


async def killed(content: bytes) -> AsyncIterator[bytes]:
    yield content
    raise asyncio.CancelledError


class Play:
    """Parts in any order, cut, killed and doubled; a model says what a whole must be."""

    def __init__(self, house: House, drive: DriveService, actor: Person) -> None:
        self.house, self.drive, self.actor = house, drive, actor
        self.model: dict[str, dict[int, bytes]] = {}
        self.wholes: dict[str, bytes] = {}

    async def step(self, kind: str, which: int, number: int, size: int) -> None:
        door, name, content = self.drive.uploads, f"u{which}", bytes([65 + number]) * size
        if kind == "hour":
            self.house.clock.time_s += 3600
            await self.drive.sweep.once()
            return
        if kind == "begin":
            await door.begin(self.actor, "nextcloud", name=name)
            self.model[name] = {}
            return
        upload = await door.find(self.actor, name, "nextcloud")
        if kind == "part":
            await door.put_part(self.actor, upload, number, pieces(content))
            self.model[name][number] = content
        elif kind == "cut":
            await door.put_part(self.actor, upload, number, cut_after(content))
        elif kind == "killed":
            await door.put_part(self.actor, upload, number, killed(content))
        elif kind == "remove":
            await door.remove_part(self.actor, upload, number)
            del self.model[name][number]
        elif kind == "finish":
            top = (await self.drive.tree.top(self.actor)).id
            await door.finish(self.actor, upload, None, top, name)
            came = self.model.pop(name)
            self.wholes[name] = b"".join(came[n] for n in sorted(came))
        else:
            await door.abort(self.actor, upload)
            del self.model[name]

    async def check(self) -> None:
        """Every blob is referred to as often as it says; wholes are what came."""
        hand = Hand(self.drive, self.actor)
        for entry in (await self.drive.tree.listing(self.actor)).entries:
            assert await hand.read(entry.id) == self.wholes[entry.name]
        rows = await self.drive.room.read(
            lambda c: [*c.execute(versions.select()).all(), *c.execute(parts.select()).all()]
        )
        for blob in await self.drive.room.read(lambda c: c.execute(blobs.select()).all()):
            assert blob.refs == sum(row.blob == blob.name for row in rows)
        used, _ = await self.drive.tree.room_left(self.actor)
        came = [content for model in self.model.values() for content in model.values()]
        assert used == sum(map(len, [*self.wholes.values(), *came]))

    async def check_nothing_leaks(self) -> None:
        self.house.clock.time_s += uploads.IDLE_S + GRACE_S
        await self.drive.sweep.once()
        self.house.clock.time_s += GRACE_S + 10
        await self.drive.sweep.once()
        self.house.clock.time_s += GRACE_S + 10
        await self.drive.sweep.once()
        left = {name async for name in self.drive.room.context.blobs.names()}
        rows = await self.drive.room.read(lambda c: c.execute(versions.select()).all())
        assert left == {row.blob for row in rows}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_nothing_is_lost_and_nothing_leaks(tables: Path, steps: list[tuple[str, int, int, int]]) -> None:
    async def play(home: Path) -> None:
        house = House(home, DriveConfig())
        async with open_service(house.context) as service:
            game = Play(house, service, house.person("ada"))
            await game.step("begin", 0, 0, 0)
            for step in steps:
                with contextlib.suppress(Problem, asyncio.CancelledError):
                    await game.step(*step)
            await game.check()
            await game.check_nothing_leaks()
        house.context.database.close()

    with TemporaryDirectory() as folder:
        for part in tables.glob("drive.sqlite*"):
            shutil.copy(part, folder)
        asyncio.run(play(Path(folder)))
