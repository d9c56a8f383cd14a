"""What takes the space: a picture of each folder, and the largest files at any depth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synfonium.apps.drive.errors import NoSuchNode, NotThatKind
from synfonium.apps.drive.model.treemap import tiles
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.sharing import Terms
from synfonium.apps.drive.service.using import MOST_FILES, MOST_MEMBERS
from synfonium.apps.drive.tests.conftest import Hand, House


@given(st.lists(st.integers(1, 10**12), max_size=40).map(lambda sizes: sorted(sizes, reverse=True)))
def test_areas_are_in_proportion_and_fill_the_picture(sizes: list[int]) -> None:
    found = tiles(sizes, 960, 420)
    assert len(found) == len(sizes)
    for size, tile in zip(sizes, found, strict=True):
        assert tile.width * tile.height == pytest.approx(960 * 420 * size / sum(sizes), rel=1e-6, abs=1e-3)
        assert -1e-6 <= tile.x <= tile.x + tile.width <= 960 + 1e-6
        assert -1e-6 <= tile.y <= tile.y + tile.height <= 420 + 1e-6


def test_equal_areas_are_nearly_square() -> None:
    assert all(0.5 < tile.width / tile.height < 2 for tile in tiles([1] * 12, 960, 420))


async def test_the_largest_files_are_found_at_any_depth(drive: DriveService, hand: Hand) -> None:
    deep = await hand.folder("c", await hand.folder("b", await hand.folder("a")))
    await hand.file("large.bin", b"x" * 5000, deep)
    await hand.file("larger.bin", b"x" * 7000, await hand.folder("side"))
    many = await hand.folder("many")
    for number in range(MOST_FILES + 3):
        await hand.file(f"{number}.bin", b"x" * (100 + number), many)
    use = await drive.using.of(hand.actor)
    assert [(node.name, folder.name) for node, folder in use.files[:2]] == [
        ("larger.bin", "side"),
        ("large.bin", "c"),
    ]
    assert [node.size_bytes for node, _folder in use.files[2:]] == list(range(100 + MOST_FILES + 2, 104, -1))
    assert [node.name for node in use.members] == ["side", "a", "many"]
    assert use.rest_bytes == 0


async def test_what_is_too_small_to_be_shown_is_counted_together(drive: DriveService, hand: Hand) -> None:
    for number in range(MOST_MEMBERS + 5):
        await hand.file(f"{number}.bin", b"x" * 10)
    assert (await drive.using.of(hand.actor)).rest_bytes == 50


async def test_trash_and_earlier_versions_stand_beside_the_files(drive: DriveService, hand: Hand) -> None:
    await hand.file("a.txt", b"x" * 100)
    await hand.file("a.txt", b"y" * 30)
    await drive.trash.put(hand.actor, [await hand.file("b.txt", b"x" * 7)])
    use = await drive.using.of(hand.actor)
    assert (use.folder.size_bytes, use.trash_bytes, use.coming_bytes) == (30, 7, 0)


async def test_of_what_is_anothers_only_what_was_shared_is_told(
    drive: DriveService, hand: Hand, house: House
) -> None:
    bo = house.person("bo")
    trip = await hand.folder("Trip")
    await hand.file("photo.jpg", b"x" * 40, trip)
    await hand.file("secret.txt", b"x" * 9000)
    await drive.trash.put(hand.actor, [await hand.file("gone.txt", b"x" * 77)])
    await drive.sharing.make(hand.actor, trip, "bo", Terms())
    use = await drive.using.of(bo, trip)
    assert ([node.name for node in use.members], use.folder.size_bytes) == (["photo.jpg"], 40)
    assert (use.trash_bytes, use.old_bytes) == (0, 0)
    with pytest.raises(NoSuchNode):
        await drive.using.of(bo, await hand.top())


async def test_a_file_is_no_folder(drive: DriveService, hand: Hand) -> None:
    with pytest.raises(NotThatKind):
        await drive.using.of(hand.actor, await hand.file("a.txt"))
