"""Everything that somebody owns becomes another's."""

import pytest
from sqlalchemy import Connection

from synfonium.apps.drive.errors import HandOverRuns, NobodyCalled, NoSuchNode, NotShareable
from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.service import DriveService, crossing
from synfonium.apps.drive.service.linking import LinkTerms
from synfonium.apps.drive.service.sharing import Terms
from synfonium.apps.drive.store import spaces
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.apps.drive.tests.test_sharing import top_names


@pytest.fixture
def bob(house: House, drive: DriveService, hand: Hand) -> Hand:
    """Somebody of the same school."""
    one = house.person("bob")
    house.school.people += [one.id, hand.actor.id]
    return Hand(drive, one)


async def all_of(hand: Hand, folder: NodeId) -> dict[str, bytes]:
    """Each file below a folder by its path."""
    found: dict[str, bytes] = {}
    for entry in (await hand.drive.tree.listing(hand.actor, folder)).entries:
        if entry.is_file:
            found[entry.name] = await hand.read(entry.id)
        else:
            found |= {f"{entry.name}/{name}": what for name, what in (await all_of(hand, entry.id)).items()}
    return found


async def test_all_that_a_person_owns_becomes_a_neighbours_in_one_folder(
    house: House, drive: DriveService, hand: Hand, bob: Hand
) -> None:
    eve = house.person("eve")
    trip = await hand.folder("Trip")
    await hand.file("deep", b"1", await hand.folder("days", trip))
    await hand.file("note", b"2")
    await drive.sharing.make(hand.actor, trip, "eve", Terms())
    link = await drive.linking.make(hand.actor, trip, LinkTerms())
    with pytest.raises(NobodyCalled):
        await drive.handing_over.begin(hand.actor, "eve")
    with pytest.raises(NotShareable):
        await drive.handing_over.begin(house.holder(hand.actor, "drive:root", "read", "write"), "bob")
    begun = await drive.handing_over.begin(hand.actor, "bob")
    with pytest.raises(HandOverRuns):
        await drive.handing_over.begin(hand.actor, "bob")
    await drive.handing_over.run_all()
    assert await all_of(bob, begun.into) == {"Trip/days/deep": b"1", "note": b"2"}
    assert await bob.names() == ["Ada"]
    assert await hand.names() == []
    assert await top_names(Hand(drive, eve)) == []
    with pytest.raises(NoSuchNode):
        await Hand(drive, eve).names(trip)
    assert (await drive.sharing.made(hand.actor)) == ([], [])
    ended = await drive.handing_over.of(hand.actor.id)
    assert ended is not None
    assert (ended.state, ended.moved) == ("done", 4)
    assert [notice["person"] for _, notice in house.told[-2:]] == [bob.actor.id, hand.actor.id]
    assert link


async def test_a_folder_too_large_to_cross_at_once_goes_piece_by_piece(
    drive: DriveService, hand: Hand, bob: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crossing, "MAX_COPY_NODES", 3)
    trip = await hand.folder("Trip")
    inner = await hand.folder("inner", trip)
    for number in range(5):
        await hand.file(f"f{number}", b"%d" % number, inner)
    begun = await drive.handing_over.begin(hand.actor, "bob")
    await drive.handing_over.run_all()
    wanted = {f"Trip/inner/f{number}": b"%d" % number for number in range(5)}
    assert await all_of(bob, begun.into) == wanted
    assert await hand.names() == []


async def test_one_that_found_no_room_goes_on_where_it_was(
    drive: DriveService, hand: Hand, bob: Hand
) -> None:
    for number in range(3):
        await hand.file(f"f{number}", bytes(1000))
    space = await drive.room.space_of(bob.actor.id)

    def limit(quota_bytes: int) -> None:
        def work(connection: Connection) -> None:
            spaces.set_quota(connection, space.id, quota_bytes)

        drive.room.context.database.submit_write(work).result()
        drive.room.forget(bob.actor.id)
        drive.room.allowances._kept.clear()

    limit(2500)
    begun = await drive.handing_over.begin(hand.actor, "bob")
    await drive.handing_over.run_all()
    stopped = await drive.handing_over.of(hand.actor.id)
    assert stopped is not None
    assert (stopped.state, stopped.why, stopped.moved) == ("stopped", "drive.quota_exceeded", 2)
    assert await hand.names() == ["f2"]
    limit(0)
    again = await drive.handing_over.begin(hand.actor, "bob")
    await drive.handing_over.run_all()
    assert again.into == begun.into
    assert await bob.names(begun.into) == ["f0", "f1", "f2"]


async def test_nothing_more_is_moved_of_somebody_who_is_erased(
    drive: DriveService, hand: Hand, bob: Hand
) -> None:
    await hand.file("f", b"x")
    async with drive.handing_over._turn:
        begun = await drive.handing_over.begin(hand.actor, "bob")
        await drive.handing_over.forget(hand.actor.id)
    await drive.handing_over.run_all()
    assert await bob.names(begun.into) == []
