"""Folders that belong to an organisation."""

from pathlib import Path

import pytest

from synfonium.apps.drive.errors import NoSuchGroupFolder, NoSuchNode, NotWritable, QuotaExceeded
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.personal import part
from synfonium.apps.drive.store import spaces
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.apps.drive.tests.test_sharing import top_names
from synfonium.common.ids import PersonId
from synfonium.kernel.actor import Person


@pytest.fixture
def head(house: House) -> Person:
    """Who administers the school."""
    head = house.person("head")
    house.school.people.append(head.id)
    house.school.administrators.add(head.id)
    return head


@pytest.fixture
def pupil(house: House, drive: DriveService, head: Person) -> Hand:
    one = house.person("pupil")
    house.school.people.append(one.id)
    return Hand(drive, one)


async def test_a_group_folder_stands_in_the_drive_of_each_member_and_outlives_its_maker(
    house: House, drive: DriveService, head: Person, pupil: Hand, hand: Hand
) -> None:
    await drive.group_folders.make(head, "school", "Lessons")
    (one,) = await drive.group_folders.all(head)
    root = one.space.root
    note = await pupil.file("note", b"from pupil", root)
    assert await Hand(drive, head).read(note) == b"from pupil"
    assert await top_names(pupil) == ["Lessons"]
    assert await top_names(hand) == []
    path = await drive.tree.resolve(pupil.actor, ["Lessons", "note"])
    assert path[-1].id == note
    with pytest.raises(NoSuchNode):
        await hand.read(note)
    await part(house.context).erase(head.id)
    del house.people["head"]
    house.school.people.remove(head.id)
    house.clock.time_s += 3
    assert await pupil.read(note) == b"from pupil"


async def test_its_quota_is_its_own(drive: DriveService, head: Person, pupil: Hand) -> None:
    folder = await drive.group_folders.make(head, "school", "Small", quota_bytes=10)
    (one,) = await drive.group_folders.all(head)
    with pytest.raises(QuotaExceeded):
        await pupil.file("big", b"x" * 11, one.space.root)
    await pupil.file("fits", b"x" * 10, one.space.root)
    await pupil.file("mine", b"x" * 1000)
    await drive.group_folders.set_quota(head, folder.id, 0)
    drive.room.allowances._kept.clear()
    await pupil.file("big", b"x" * 11, one.space.root)


async def test_members_may_be_let_look_alone(
    house: House, drive: DriveService, head: Person, pupil: Hand
) -> None:
    house.school.groups["choir"] = [pupil.actor.id]
    house.school.groups["staff"] = [head.id]
    folder = await drive.group_folders.make(head, "school", "News", mode="view")
    (one,) = await drive.group_folders.all(head)
    with pytest.raises(NotWritable):
        await pupil.file("x", b"x", one.space.root)
    await drive.group_folders.let_in(head, folder.id, "staff", "edit")
    await Hand(drive, head).file("news", b"x", one.space.root)
    (seen,) = await drive.group_folders.all(head)
    whole = next(share for share in seen.access if share.to_kind == "organisation")
    await drive.group_folders.end(head, folder.id, whole.id)
    with pytest.raises(NoSuchNode):
        await pupil.names(one.space.root)


async def test_only_who_administers_the_organisation_looks_after_it(
    drive: DriveService, head: Person, pupil: Hand
) -> None:
    folder = await drive.group_folders.make(head, "school", "Lessons")
    assert await drive.group_folders.all(pupil.actor) == []
    with pytest.raises(NoSuchGroupFolder):
        await drive.group_folders.make(pupil.actor, "school", "Mine")
    with pytest.raises(NoSuchGroupFolder):
        await drive.group_folders.let_in(pupil.actor, folder.id, "head", "edit")
    with pytest.raises(NoSuchGroupFolder):
        await drive.group_folders.set_quota(pupil.actor, folder.id, 5)
    with pytest.raises(NoSuchGroupFolder):
        await drive.group_folders.make(head, "other", "Theirs")


async def test_who_may_change_it_takes_things_out_of_its_trash(
    drive: DriveService, head: Person, pupil: Hand, hand: Hand
) -> None:
    await drive.group_folders.make(head, "school", "Lessons")
    (one,) = await drive.group_folders.all(head)
    root = one.space.root
    note = await pupil.file("note", b"x", root)
    await drive.trash.put(pupil.actor, [note])
    (entry,) = (await drive.trash.listing(head, of=root)).entries
    assert entry.node.id == note
    assert (await drive.trash.listing(head)).entries == ()
    with pytest.raises(NoSuchNode):
        await drive.trash.restore(head, [note])
    with pytest.raises(NoSuchNode):
        await drive.trash.restore(hand.actor, [note], of=root)
    await drive.trash.restore(head, [note], of=root)
    assert await pupil.names(root) == ["note"]


async def test_a_removed_group_folder_is_out_of_every_drive_until_it_is_brought_back(
    drive: DriveService, head: Person, pupil: Hand
) -> None:
    folder = await drive.group_folders.make(head, "school", "Lessons")
    (one,) = await drive.group_folders.all(head)
    note = await pupil.file("note", b"from pupil", one.space.root)
    await drive.group_folders.rename(head, folder.id, "Courses")
    assert await top_names(pupil) == ["Courses"]
    await drive.group_folders.remove(head, folder.id)
    assert await top_names(pupil) == []
    with pytest.raises(NoSuchNode):
        await pupil.read(note)
    for refused in (
        drive.group_folders.rename(head, folder.id, "X"),
        drive.group_folders.let_in(head, folder.id, "pupil", "edit"),
        drive.group_folders.bring_back(pupil.actor, folder.id),
    ):
        with pytest.raises(NoSuchGroupFolder):
            await refused
    (removed,) = await drive.group_folders.all(head)
    assert removed.goes_s == removed.folder.removed_s + 30 * 86_400
    await drive.group_folders.bring_back(head, folder.id)
    assert await pupil.read(note) == b"from pupil"
    assert await top_names(pupil) == ["Courses"]


async def test_a_group_folder_whose_respite_is_over_goes_with_its_bytes_and_its_key(
    house: House, drive: DriveService, head: Person, pupil: Hand, tmp_path: Path
) -> None:
    folder = await drive.group_folders.make(head, "school", "Lessons")
    kept = await drive.group_folders.make(head, "school", "Kept")
    root = next(one.space.root for one in await drive.group_folders.all(head) if one.folder.id == folder.id)
    sub = await pupil.folder("sub", root)
    await pupil.file("big", b"x" * 200_000, sub)
    gone = await pupil.file("gone", b"y" * 200_000, root)
    await drive.trash.put(pupil.actor, [gone])
    await drive.group_folders.remove(head, folder.id)
    await drive.sweep.once()
    house.clock.time_s += 31 * 86_400
    with pytest.raises(NoSuchGroupFolder):
        await drive.group_folders.bring_back(head, folder.id)
    for _ in range(3):
        await drive.sweep.once()
        house.clock.time_s += 86_400 + 1
    assert [one.folder.id for one in await drive.group_folders.all(head)] == [kept.id]
    assert await house.context.database.read(lambda c: spaces.of_owner(c, PersonId(folder.id))) is None
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []
