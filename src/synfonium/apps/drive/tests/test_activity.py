"""What happened, as those see it who may: told by whom and when, and nothing that is another's."""

import pytest

from synfonium.apps.drive.errors import NoSuchNode
from synfonium.apps.drive.model import Node
from synfonium.apps.drive.model.activity import PAUSE_S, SORTS
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.activity import Happening
from synfonium.apps.drive.service.linking import LinkTerms
from synfonium.apps.drive.service.sharing import Terms
from synfonium.apps.drive.service.vaults import Seal
from synfonium.apps.drive.store.tables import changes
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.kernel.personal import ERASED

EDIT = Terms(mode="edit")


@pytest.fixture
def other(drive: DriveService, house: House) -> Hand:
    return Hand(drive, house.person("bo"))


def names(one: Happening) -> list[str]:
    return [thing.node.name for thing in one.things]


async def told(hand: Hand, node: Node | None = None, **asked: object) -> list[tuple[str, str, list[str]]]:
    found = await hand.drive.activity.of(hand.actor, node.id if node else None, **asked)  # type: ignore[arg-type]
    return [(one.kind, one.by, names(one)) for one in found.happenings]


async def test_each_deed_is_told_the_latest_first(drive: DriveService, hand: Hand, house: House) -> None:
    paper, box = await hand.file("paper.txt"), await hand.folder("Box")
    house.clock.time_s += 1
    await hand.file("paper.txt", b"more")
    await drive.moving.move(hand.actor, paper, await hand.top(), "letter.txt")
    await drive.moving.move(hand.actor, paper, box, "letter.txt")
    await drive.trash.put(hand.actor, [paper])
    await drive.trash.restore(hand.actor, [paper])
    await drive.trash.put(hand.actor, [paper])
    await drive.trash.remove(hand.actor, [paper])
    kinds = [kind for kind, by, _ in await told(hand) if by == "me"]
    assert kinds == ["removed", "trashed", "restored", "moved", "renamed", "changed", "added"]


async def test_what_is_sent_at_one_go_is_one_line(hand: Hand, house: House) -> None:
    photos = await hand.folder("Photos")
    for number in range(30):
        await hand.file(f"{number}.jpg", b"x", photos)
        house.clock.time_s += 20
    found = (await hand.drive.activity.of(hand.actor)).happenings
    assert [(one.kind, one.count, one.what) for one in found] == [
        ("added", 30, "file"),
        ("added", 1, "folder"),
    ]
    assert names(found[0]) == ["29.jpg", "28.jpg", "27.jpg"]
    assert found[0].folder is not None
    assert found[0].folder.node.name == "Photos"
    house.clock.time_s += PAUSE_S + 1
    await hand.file("later.jpg", b"x", photos)
    assert [one.count for one in (await hand.drive.activity.of(hand.actor)).happenings] == [1, 30, 1]


async def test_of_what_is_anothers_only_what_was_shared_is_told(
    drive: DriveService, hand: Hand, other: Hand, house: House
) -> None:
    trip, own = await hand.folder("Trip"), await hand.folder("Own")
    await hand.file("before.txt", b"x", trip)
    await hand.file("secret.txt", b"x", own)
    house.clock.time_s += 10
    await drive.sharing.make(hand.actor, trip, "bo", EDIT)
    house.clock.time_s += 10
    kept = await hand.file("kept.txt", b"x", trip)
    await other.file("mine.txt", b"x", trip)
    assert await told(other) == [
        ("added", "me", ["mine.txt"]),
        ("added", "person", ["kept.txt"]),
        ("shared", "person", ["Trip"]),
    ]
    assert ("added", "person", ["mine.txt"]) in await told(hand)
    # What has left the folder has a name that is its owner's alone.
    await drive.moving.move(hand.actor, kept, own, "diary.txt")
    assert ("added", "person", []) in await told(other)
    assert not [one for one in await told(other) if "diary.txt" in one[2]]
    await drive.sharing.end(hand.actor, (await drive.sharing.made(hand.actor))[0][0].share.id)
    assert await told(other) == []
    with pytest.raises(NoSuchNode):
        await drive.activity.of(other.actor, trip)


async def test_whoever_came_by_a_link_is_nobody_by_name(drive: DriveService, hand: Hand) -> None:
    trip = await hand.folder("Trip")
    link = await drive.linking.make(hand.actor, trip, LinkTerms(mode="edit", label="Family"))
    entry = await drive.linking.come(drive.linking.token(link.id), "")
    assert entry.guest is not None
    await Hand(drive, entry.guest).file("from afar.txt", b"x", trip)
    found = (await drive.activity.of(hand.actor)).happenings[0]
    assert (found.kind, found.by, found.name, names(found)) == ("added", "link", "Family", ["from afar.txt"])
    with pytest.raises(NoSuchNode):
        await drive.activity.of(entry.guest, trip)


async def test_an_app_with_a_grant_is_told_nothing(drive: DriveService, hand: Hand, house: House) -> None:
    folder = await hand.folder("Folder")
    with pytest.raises(NoSuchNode):
        await drive.activity.of(house.holder(hand.actor, f"drive:node/{folder}", "read"), folder)


async def test_one_file_and_one_folder_tell_what_happened_to_them_alone(
    drive: DriveService, hand: Hand
) -> None:
    box = await hand.folder("Box")
    inner = await hand.folder("Inner", box)
    file = await hand.file("a.txt", b"x", inner)
    await hand.file("b.txt", b"x")
    node = await drive.tree.node(hand.actor, file)
    assert await told(hand, node) == [("added", "me", ["a.txt"])]
    assert await told(hand, await drive.tree.node(hand.actor, box)) == [
        ("added", "me", ["a.txt"]),
        ("added", "me", ["Inner"]),
        ("added", "me", ["Box"]),
    ]


async def test_names_in_a_vault_are_not_told(drive: DriveService, hand: Hand) -> None:
    vault = await drive.vaults.make(
        hand.actor, await hand.top(), "Vault", Seal(check="ab" * 32, has_second=True)
    )
    await hand.file("0sealed", b"x", await hand.folder("1sealed", vault.id))
    for one in (await drive.activity.of(hand.actor)).happenings[:2]:
        assert names(one) == []
        assert one.vault is not None
        assert one.vault.id == vault.id


async def test_a_page_ends_and_the_next_goes_on(drive: DriveService, hand: Hand, house: House) -> None:
    for number in range(7):
        await hand.file(f"{number}.txt")
        house.clock.time_s += PAUSE_S + 1
    seen, before = list[str](), 0
    for _page in range(3):
        found = await drive.activity.of(hand.actor, before=before, most=3)
        seen += [name for one in found.happenings for name in names(one)]
        before = found.before
    assert seen == [f"{number}.txt" for number in reversed(range(7))]
    assert before == 0


async def test_one_looks_for_one_kind_and_for_one_person(
    drive: DriveService, hand: Hand, other: Hand
) -> None:
    trip = await hand.folder("Trip")
    await drive.sharing.make(hand.actor, trip, "bo", EDIT)
    file = await other.file("b.txt", b"x", trip)
    await drive.trash.put(hand.actor, [file])
    assert await told(hand, sort="trashed") == [("trashed", "me", ["b.txt"])]
    assert await told(hand, by="others") == [("added", "person", ["b.txt"])]
    assert await told(hand, by=other.actor.id) == [("added", "person", ["b.txt"])]
    assert {kind for kind, _, _ in await told(hand, by="me")} == {"added", "shared", "trashed"}
    every = [one for sort in SORTS for one in await told(hand, sort=sort)]
    assert sorted(map(repr, every)) == sorted(map(repr, await told(hand)))


async def test_who_is_gone_and_who_was_not_written_down_have_no_name(hand: Hand, house: House) -> None:
    await hand.file("a.txt")
    for person, by in ((ERASED, "gone"), ("", "unknown")):
        await house.context.database.write(lambda c, p=person: c.execute(changes.update().values(person=p)))  # type: ignore[misc]
        assert [one[1] for one in await told(hand)] == [by]


async def test_what_is_over_is_told_no_more(drive: DriveService, hand: Hand, house: House) -> None:
    await hand.file("a.txt")
    house.clock.time_s += drive.room.config.changes_days * 86_400 + 1
    await drive.sweep.once()
    assert await told(hand) == []
