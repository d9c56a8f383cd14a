"""The trash: put in, put back, gone for ever."""

import os

import pytest

from synfonium.apps.drive.config import DriveConfig
from synfonium.apps.drive.errors import NoSuchNode, QuotaExceeded
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.store import nodes
from synfonium.apps.drive.store.tables import blobs, outbox
from synfonium.apps.drive.tests.conftest import Hand, House, pieces
from synfonium.common.problem import StorageFull
from synfonium.engines.blobs.local import LocalBlobs
from synfonium.kernel.actor import Person
from synfonium.kernel.refusals import TooLarge


async def _stored(house: House) -> int:
    return len([name async for name in house.context.blobs.names()])


async def test_what_is_put_in_the_trash_leaves_its_folder_with_all_below(
    drive: DriveService, hand: Hand, ada: Person
) -> None:
    folder = await hand.folder("folder")
    inside = await hand.file("inside.txt", b"12345", folder)
    await drive.trash.put(ada, [folder])
    assert await hand.names() == []
    assert (await drive.tree.top(ada)).size_bytes == 0
    listing = await drive.trash.listing(ada)
    assert [entry.node.name for entry in listing.entries] == ["folder"]
    assert listing.top.size_bytes == 5
    for gone in (folder, inside):
        with pytest.raises(NoSuchNode):
            await drive.tree.node(ada, gone)
        with pytest.raises(NoSuchNode):
            await drive.files.content(ada, gone)


async def test_what_is_put_back_is_where_it_was(drive: DriveService, hand: Hand, ada: Person) -> None:
    folder = await hand.folder("folder")
    file = await hand.file("file.txt", b"12345", folder)
    await drive.trash.put(ada, [file])
    assert (await drive.trash.listing(ada)).entries[0].place == "folder"
    await drive.trash.restore(ada, [file])
    assert await hand.names(folder) == ["file.txt"]
    assert await hand.read(file) == b"12345"
    assert (await drive.tree.top(ada)).size_bytes == 5
    assert (await drive.trash.listing(ada)).entries == ()


async def test_what_lost_its_folder_comes_back_at_the_top(
    drive: DriveService, hand: Hand, ada: Person
) -> None:
    folder = await hand.folder("folder")
    file = await hand.file("file.txt", b"1", folder)
    await drive.trash.put(ada, [file])
    await drive.trash.put(ada, [folder])
    await drive.trash.restore(ada, [file])
    assert await hand.names() == ["file.txt"]


async def test_twins_meet_in_the_trash_and_come_back_with_numbers(
    drive: DriveService, hand: Hand, ada: Person
) -> None:
    twins = []
    for content in (b"one", b"two", b"three"):
        twins.append(await hand.file("twin.txt", content))
        await drive.trash.put(ada, twins[-1:])
    await drive.trash.restore(ada, twins)
    assert await hand.names() == ["twin.txt", "twin (2).txt", "twin (3).txt"]
    assert [await hand.read(twin) for twin in twins] == [b"one", b"two", b"three"]


async def test_only_what_was_put_in_by_itself_can_be_put_back(
    drive: DriveService, hand: Hand, ada: Person
) -> None:
    folder = await hand.folder("folder")
    inside = await hand.file("inside", b"1", folder)
    await drive.trash.put(ada, [folder])
    for use in (drive.trash.restore, drive.trash.remove):
        with pytest.raises(NoSuchNode):
            await use(ada, [inside])


async def test_removed_files_free_their_bytes_after_a_day(
    drive: DriveService, hand: Hand, ada: Person, house: House
) -> None:
    folder = await hand.folder("folder")
    file = await hand.file("a", b"only here", folder)
    await hand.file("b", b"twice", folder)
    kept = await hand.file("kept", b"twice")
    await drive.trash.put(ada, [folder])
    await drive.trash.remove(ada, [folder])
    assert (await drive.trash.listing(ada)).entries == ()
    assert await drive.room.read(lambda c: nodes.find(c, file)) is None
    await drive.sweep.once()
    assert await _stored(house) == 2
    house.clock.time_s += 25 * 3600
    await drive.sweep.once()
    assert await _stored(house) == 1
    assert await hand.read(kept) == b"twice"


async def test_a_blob_taken_up_again_is_not_swept(
    drive: DriveService, hand: Hand, ada: Person, house: House
) -> None:
    file = await hand.file("a", b"again")
    await drive.trash.put(ada, [file])
    await drive.trash.empty(ada)
    house.clock.time_s += 25 * 3600
    again = await hand.file("b", b"again")
    await drive.sweep.once()
    assert await hand.read(again) == b"again"


async def test_nothing_is_swept_while_somebody_uploads(
    drive: DriveService, hand: Hand, ada: Person, house: House
) -> None:
    file = await hand.file("a", b"same")
    await drive.trash.put(ada, [file])
    await drive.trash.empty(ada)
    house.clock.time_s += 25 * 3600
    async with drive.room.gate.upload():
        assert (await drive.sweep.once()).blobs == 0
    assert (await drive.sweep.once()).blobs == 1


async def test_the_trash_forgets_after_its_days(
    drive: DriveService, hand: Hand, ada: Person, house: House
) -> None:
    file = await hand.file("old")
    await drive.trash.put(ada, [file])
    house.clock.time_s += 29 * 86_400
    await drive.sweep.once()
    assert len((await drive.trash.listing(ada)).entries) == 1
    house.clock.time_s += 2 * 86_400
    await drive.sweep.once()
    assert (await drive.trash.listing(ada)).entries == ()
    assert await drive.room.read(lambda c: nodes.find(c, file)) is None


async def test_a_large_tree_is_removed_in_slices_and_the_sweep_finishes(
    drive: DriveService, hand: Hand, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synfonium.apps.drive.service.trash.SLICE_NODES", 5)
    monkeypatch.setattr("synfonium.apps.drive.service.trash.SLICES_AT_ONCE", 1)
    folder = await hand.folder("folder")
    inner = await hand.folder("inner", folder)
    ids = [await hand.file(f"{number}", b"x", inner) for number in range(12)]
    await drive.trash.put(ada, [folder])
    await drive.trash.remove(ada, [folder])
    assert (await drive.trash.listing(ada)).entries == ()
    await drive.sweep.once()
    for id_ in (folder, inner, *ids):
        assert await drive.room.read(lambda c, id_=id_: nodes.find(c, id_)) is None


async def test_every_removed_file_is_told_of(
    drive: DriveService, hand: Hand, ada: Person, house: House
) -> None:
    folder = await hand.folder("folder")
    file = await hand.file("secret name.txt", b"x", folder)
    await drive.trash.put(ada, [folder])
    await drive.trash.empty(ada)
    rows = await drive.room.read(lambda c: c.execute(outbox.select().order_by(outbox.c.seq)).all())
    told = [(row.type, row.subject) for row in rows]
    assert ("drive.file.written", f"drive:node/{file}") in told
    assert ("drive.node.trashed", f"drive:node/{folder}") in told
    assert ("drive.node.removed", f"drive:node/{file}") in told
    assert ("drive.node.removed", f"drive:node/{folder}") in told
    assert not [row for row in rows if b"secret" in row.data]


class TestQuota:
    @pytest.fixture
    def config(self) -> DriveConfig:
        return DriveConfig(default_quota_bytes=1000, max_file_bytes=900)

    async def test_a_full_account_takes_no_more(self, drive: DriveService, hand: Hand, ada: Person) -> None:
        await hand.file("a", b"x" * 800)
        top = await hand.top()
        with pytest.raises(QuotaExceeded):
            await drive.files.write(ada, top, "b", pieces(b"x" * 300, 50))
        with pytest.raises(QuotaExceeded):
            await drive.moving.copy(ada, (await drive.tree.listing(ada)).entries[0].id, top, "copy")
        assert await hand.names() == ["a"]
        await hand.file("a", b"y" * 850)
        await hand.file("b", b"x" * 100)

    async def test_the_trash_counts(self, drive: DriveService, hand: Hand, ada: Person) -> None:
        file = await hand.file("a", b"x" * 800)
        await drive.trash.put(ada, [file])
        with pytest.raises(QuotaExceeded):
            await hand.file("b", b"x" * 300)
        await drive.trash.empty(ada)
        await hand.file("b", b"x" * 300)

    async def test_a_file_that_is_too_large_is_refused(self, hand: Hand) -> None:
        with pytest.raises(TooLarge):
            await hand.file("a", b"x" * 901)

    async def test_a_refused_file_leaves_no_bytes(
        self, drive: DriveService, hand: Hand, ada: Person, house: House
    ) -> None:
        await hand.file("a", b"x" * 500)
        with pytest.raises(QuotaExceeded):
            await drive.files.write(ada, await hand.top(), "b", pieces(b"x" * 600, 100))
        assert await _stored(house) == 1


@pytest.mark.parametrize("size", [3, 3_000_000])
async def test_a_full_disk_is_said_and_the_old_content_stays(
    hand: Hand, house: House, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    file = await hand.file("a", b"old")
    disk = os.statvfs(house.context.home)
    store = LocalBlobs(house.context.home / "full", kept_free_bytes=disk.f_bavail * disk.f_frsize * 2)
    monkeypatch.setattr(house.context.blobs, "_store", store)
    with pytest.raises(StorageFull):
        await hand.file("a", b"n" * size)
    assert await hand.read(file) == b"old"


async def test_equal_content_is_kept_once_and_counted(
    drive: DriveService, hand: Hand, ada: Person, house: House
) -> None:
    first = await hand.file("a", b"same")
    await hand.file("b", b"same")
    await drive.moving.copy(ada, first, await hand.top(), "c")
    rows = await drive.room.read(lambda c: c.execute(blobs.select()).all())
    assert [row.refs for row in rows] == [3]
    assert await _stored(house) == 1
    await hand.file("a", b"other")
    rows = await drive.room.read(lambda c: c.execute(blobs.select()).all())
    assert sorted(row.refs for row in rows) == [1, 2]


async def test_bytes_that_a_crash_left_without_a_row_go_after_a_day(
    drive: DriveService, hand: Hand, ada: Person, house: House
) -> None:
    space = await drive.room.space_of(ada.id)
    await hand.file("kept", b"kept")
    for content in (b"lost", b"taken up"):
        await drive.room.sealed.write(drive.room.key_of(space), pieces(content))
    assert (await drive.sweep.once()).strangers == 2
    assert await _stored(house) == 3
    taken_up = await hand.file("again", b"taken up")
    house.clock.time_s += 25 * 3600
    await drive.sweep.once()
    assert await _stored(house) == 2
    assert await hand.read(taken_up) == b"taken up"
