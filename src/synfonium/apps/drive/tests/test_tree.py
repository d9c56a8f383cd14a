"""The tree: names, places, sizes and etags."""

import pytest

from synfonium.apps.drive.errors import (
    BadName,
    IntoItself,
    NameTaken,
    NoSuchNode,
    NotThatKind,
    ParentMissing,
    TooDeep,
    TopStays,
    WrongState,
)
from synfonium.apps.drive.model import ABSENT, NodeId
from synfonium.apps.drive.model.names import MAX_DEPTH
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.tests.conftest import Hand, House, pieces
from synfonium.kernel.actor import Person


async def test_a_new_person_finds_an_empty_folder(hand: Hand) -> None:
    assert await hand.names() == []


async def test_what_a_person_writes_comes_back_byte_for_byte(hand: Hand, random_bytes) -> None:
    content = random_bytes(2_500_000)
    node = await hand.file("film.mp4", content)
    assert await hand.read(node) == content
    assert await hand.read(node, 1_048_570, 1_048_590) == content[1_048_570:1_048_590]


async def test_an_empty_file_is_a_file(hand: Hand) -> None:
    assert await hand.read(await hand.file("empty.txt", b"")) == b""


async def test_folders_come_first_and_names_sort_as_people_expect(hand: Hand) -> None:
    for name in ("photo 10.jpg", "photo 2.jpg", "Étage.txt", "etage 2.txt", "zoo.txt"):
        await hand.file(name)
    await hand.folder("Zeitung")
    assert await hand.names() == [
        "Zeitung",
        "Étage.txt",
        "etage 2.txt",
        "photo 2.jpg",
        "photo 10.jpg",
        "zoo.txt",
    ]


async def test_a_listing_continues_where_it_stopped(drive: DriveService, hand: Hand, ada: Person) -> None:
    for number in range(25):
        await hand.file(f"{number}.txt")
    await hand.folder("first")
    seen: list[str] = []
    after: NodeId | None = None
    while True:
        page = await drive.tree.listing(ada, after=after, limit=7)
        seen += [entry.name for entry in page.entries]
        if not page.has_more:
            break
        after = page.entries[-1].id
    assert seen == ["first", *(f"{number}.txt" for number in range(25))]


async def test_a_change_is_felt_by_every_folder_above(drive: DriveService, hand: Hand, ada: Person) -> None:
    outer = await hand.folder("outer")
    inner = await hand.folder("inner", outer)
    aside = await hand.folder("aside")
    before = {id_: await drive.tree.node(ada, id_) for id_ in (await hand.top(), outer, inner, aside)}
    await hand.file("a.txt", b"12345", inner)
    after = {id_: await drive.tree.node(ada, id_) for id_ in before}
    for id_ in (await hand.top(), outer, inner):
        assert after[id_].etag != before[id_].etag
        assert after[id_].size_bytes == 5
    assert after[aside] == before[aside]


async def test_both_spellings_of_a_name_are_one_file(hand: Hand) -> None:
    first = await hand.file("caf\u00e9.txt", b"one")
    second = await hand.file("cafe\u0301.txt", b"two")
    assert first == second
    assert await hand.names() == ["caf\u00e9.txt"]
    assert await hand.read(first) == b"two"


async def test_capital_letters_make_another_file(hand: Hand) -> None:
    assert await hand.file("a.txt") != await hand.file("A.txt")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "a\0b", "a\nb", "\x7f", "é" * 128, "\ud800"])
async def test_an_illegal_name_is_refused_and_writes_nothing(
    drive: DriveService, hand: Hand, ada: Person, name: str
) -> None:
    top = await hand.top()
    with pytest.raises(BadName):
        await drive.files.write(ada, top, name, pieces(b"x"))
    with pytest.raises(BadName):
        await drive.tree.make_folder(ada, top, name)
    node = await hand.file("good")
    with pytest.raises(BadName):
        await drive.moving.move(ada, node, top, name)
    assert await hand.names() == ["good"]


async def test_a_moved_folder_takes_everything_along(drive: DriveService, hand: Hand, ada: Person) -> None:
    source, target = await hand.folder("source"), await hand.folder("target")
    box = await hand.folder("box", source)
    await hand.file("in.txt", b"123", box)
    moved = await drive.moving.move(ada, box, target, "crate")
    assert not moved.has_replaced
    assert await hand.names(source) == []
    assert await hand.names(moved.node.id) == ["in.txt"]
    assert (await drive.tree.node(ada, source)).size_bytes == 0
    assert (await drive.tree.node(ada, target)).size_bytes == 3
    assert (await drive.tree.top(ada)).size_bytes == 3


async def test_a_folder_cannot_go_into_itself(drive: DriveService, hand: Hand, ada: Person) -> None:
    outer = await hand.folder("outer")
    inner = await hand.folder("inner", outer)
    with pytest.raises(IntoItself):
        await drive.moving.move(ada, outer, inner, "outer")
    with pytest.raises(IntoItself):
        await drive.moving.copy(ada, outer, inner, "outer")


async def test_the_top_cannot_be_moved_or_trashed(drive: DriveService, hand: Hand, ada: Person) -> None:
    top, folder = await hand.top(), await hand.folder("folder")
    with pytest.raises(TopStays):
        await drive.moving.move(ada, top, folder, "top")
    with pytest.raises(TopStays):
        await drive.trash.put(ada, [top])


async def test_a_taken_name_is_refused_unless_it_may_be_replaced(
    drive: DriveService, hand: Hand, ada: Person
) -> None:
    top = await hand.top()
    one, two = await hand.file("one", b"1"), await hand.file("two", b"22")
    with pytest.raises(NameTaken):
        await drive.moving.move(ada, one, top, "two")
    assert (await drive.moving.move(ada, one, top, "two", overwrite=True)).has_replaced
    assert await hand.names() == ["two"]
    assert await hand.read(one) == b"1"
    await drive.trash.restore(ada, [two])
    assert await hand.names() == ["two", "two (2)"]


async def test_a_name_may_change_only_its_capitals_or_spelling(
    drive: DriveService, hand: Hand, ada: Person
) -> None:
    node = await hand.file("cafe\u0301")
    await drive.moving.move(ada, node, await hand.top(), "caf\u00e9")
    assert await hand.names() == ["caf\u00e9"]


async def test_a_file_holds_no_files(drive: DriveService, hand: Hand, ada: Person) -> None:
    file = await hand.file("file")
    with pytest.raises(NotThatKind):
        await drive.files.write(ada, file, "x", pieces(b"x"))
    with pytest.raises(ParentMissing):
        await drive.tree.make_folder(ada, NodeId("none"), "x")
    folder = await hand.folder("folder")
    with pytest.raises(NotThatKind):
        await drive.files.write(ada, await hand.top(), "folder", pieces(b"x"))
    assert await hand.names(folder) == []


async def test_folders_stand_inside_one_another_up_to_a_limit(
    drive: DriveService, hand: Hand, ada: Person
) -> None:
    folder = await hand.top()
    for _ in range(MAX_DEPTH):
        folder = await hand.folder("f", folder)
    with pytest.raises(TooDeep):
        await hand.folder("f", folder)
    pair = await hand.folder("pair")
    await hand.folder("inner", pair)
    deep = (await drive.tree.path(ada, folder))[-3].id
    with pytest.raises(TooDeep):
        await drive.moving.move(ada, pair, deep, "pair")


async def test_a_copy_has_a_life_of_its_own(drive: DriveService, hand: Hand, ada: Person) -> None:
    folder = await hand.folder("folder")
    await hand.file("a.txt", b"old", folder)
    copy = await drive.moving.copy(ada, folder, await hand.top(), "copy")
    await hand.file("a.txt", b"new!", folder)
    copied = await drive.tree.listing(ada, copy.node.id)
    assert await hand.read(copied.entries[0].id) == b"old"
    assert (await drive.tree.top(ada)).size_bytes == 7


async def test_a_write_that_expects_another_state_changes_nothing(
    drive: DriveService, hand: Hand, ada: Person
) -> None:
    top, node = await hand.top(), await hand.file("a", b"1")
    for expected in (ABSENT, "another"):
        with pytest.raises(WrongState):
            await drive.files.write(ada, top, "a", pieces(b"2"), expected=expected)
    assert await hand.read(node) == b"1"
    etag = (await drive.tree.node(ada, node)).etag
    await drive.files.write(ada, top, "a", pieces(b"2"), expected=etag)
    assert await hand.read(node) == b"2"


async def test_a_stranger_finds_nothing(drive: DriveService, hand: Hand, house: House) -> None:
    node = await hand.file("secret")
    bob = house.person("bob")
    with pytest.raises(NoSuchNode):
        await drive.tree.node(bob, node)
    with pytest.raises(NoSuchNode):
        await drive.files.content(bob, node)
    with pytest.raises(NoSuchNode):
        await drive.trash.put(bob, [node])
    with pytest.raises(NoSuchNode):
        await drive.moving.move(bob, node, (await drive.tree.top(bob)).id, "mine")
