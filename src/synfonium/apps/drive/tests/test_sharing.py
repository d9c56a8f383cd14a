"""What others may reach of somebody's files, and that they reach nothing more."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from synfonium.apps.drive.errors import (
    NobodyCalled,
    NoSuchNode,
    NoSuchShare,
    NotShareable,
    NotWritable,
    ParentMissing,
    QuotaExceeded,
    TopStays,
)
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.quota import Allowance
from synfonium.apps.drive.service.room import path_within
from synfonium.apps.drive.service.sharing import Terms
from synfonium.apps.drive.tests.conftest import Hand, House, pieces
from synfonium.apps.drive.webdav import asgi_app
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Person

VIEW, EDIT = Terms(), Terms(mode="edit")
Dav = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def bo(house: House) -> Person:
    return house.person("bo")


@pytest.fixture
def cy(house: House) -> Person:
    return house.person("cy")


@pytest.fixture
def other(drive: DriveService, bo: Person) -> Hand:
    return Hand(drive, bo)


async def top_names(hand: Hand) -> list[str]:
    listing = await hand.drive.tree.listing(hand.actor)
    return [node.name for node in (*listing.received, *listing.entries)]


async def test_what_is_shared_stands_in_the_recipients_topmost_folder(
    drive: DriveService, hand: Hand, other: Hand
) -> None:
    trip = await hand.folder("Trip")
    photo = await hand.file("photo.jpg", b"sea", trip)
    await drive.sharing.make(hand.actor, trip, "bo", VIEW)
    assert await top_names(other) == ["Trip"]
    assert await other.names(trip) == ["photo.jpg"]
    assert await other.read(photo) == b"sea"
    path = await drive.tree.resolve(other.actor, ["Trip", "photo.jpg"])
    assert [node.id for node in path[1:]] == [trip, photo]
    seen = await drive.tree.path(other.actor, photo)
    assert [node.name for node in seen] == ["", "Trip", "photo.jpg"]


async def test_who_may_look_changes_nothing(drive: DriveService, hand: Hand, other: Hand) -> None:
    trip = await hand.folder("Trip")
    photo = await hand.file("photo.jpg", b"sea", trip)
    await drive.sharing.make(hand.actor, trip, "bo", VIEW)
    mine = await other.top()
    with pytest.raises(NotWritable):
        await other.file("new", b"x", trip)
    with pytest.raises(NotWritable):
        await drive.files.write(other.actor, trip, "photo.jpg", pieces(b"y"))
    with pytest.raises(NotWritable):
        await drive.trash.put(other.actor, [photo])
    with pytest.raises(NotWritable):
        await drive.moving.move(other.actor, photo, mine, "stolen")
    with pytest.raises(NotWritable):
        await drive.tree.make_folder(other.actor, trip, "f")
    with pytest.raises(NotWritable):
        await drive.properties.change(other.actor, photo, {"{x}y": "<y/>"})
    with pytest.raises(NotWritable):
        await drive.locks.take(
            other.actor, photo, is_exclusive=True, is_infinite=False, owner_xml="", timeout_s=60
        )
    assert await hand.read(photo) == b"sea"


async def test_who_may_edit_writes_into_the_owners_space(
    drive: DriveService, hand: Hand, other: Hand
) -> None:
    trip = await hand.folder("Trip")
    photo = await hand.file("photo.jpg", b"sea", trip)
    await drive.sharing.make(hand.actor, trip, "bo", EDIT)
    note = await other.file("note", b"from bo", trip)
    assert await hand.read(note) == b"from bo"
    await drive.moving.move(other.actor, photo, trip, "beach.jpg")
    assert await hand.names(trip) == ["beach.jpg", "note"]
    await drive.trash.put(other.actor, [note])
    trash = await drive.trash.listing(hand.actor)
    assert [entry.node.name for entry in trash.entries] == ["note"]
    with pytest.raises(TopStays):
        await drive.trash.put(other.actor, [trip])


async def test_nothing_beside_or_above_what_is_shared_is_reached(
    drive: DriveService, hand: Hand, other: Hand
) -> None:
    trip = await hand.folder("Trip")
    inner = await hand.folder("inner", trip)
    secret = await hand.file("diary", b"mine", trip)
    top = await hand.top()
    await drive.sharing.make(hand.actor, inner, "bo", EDIT)
    for node in (trip, top, secret):
        with pytest.raises(NoSuchNode):
            await drive.tree.node(other.actor, node)
        with pytest.raises(NoSuchNode):
            await drive.trash.put(other.actor, [node])
        with pytest.raises((NoSuchNode, ParentMissing)):
            await drive.moving.move(other.actor, node, inner, "got")
    page = await other.file("page", b"p", inner)
    for parent in (trip, top):
        with pytest.raises(ParentMissing):
            await drive.moving.move(other.actor, page, parent, "out")
        with pytest.raises(ParentMissing):
            await other.file("x", b"x", parent)


async def test_a_share_that_is_taken_back_ends_at_once(drive: DriveService, hand: Hand, other: Hand) -> None:
    trip = await hand.folder("Trip")
    photo = await hand.file("photo.jpg", b"sea", trip)
    share = await drive.sharing.make(hand.actor, trip, "bo", EDIT)
    reach = await drive.room.reach(other.actor, write=True, at=trip)  # a write that has begun
    assert reach.shares == (share.id,)
    await drive.sharing.end(hand.actor, share.id)
    with pytest.raises(NoSuchNode):
        await other.read(photo)
    with pytest.raises(ParentMissing):
        await other.file("late", b"x", trip)
    assert await drive.room.read(lambda c: path_within(c, reach, photo)) == []
    assert await top_names(other) == []


async def test_a_share_ends_at_its_time(house: House, drive: DriveService, hand: Hand, other: Hand) -> None:
    trip = await hand.folder("Trip")
    until = Terms(until_s=house.clock.time_s + 60)
    await drive.sharing.make(hand.actor, trip, "bo", until)
    assert await top_names(other) == ["Trip"]
    house.clock.time_s += 61
    assert await top_names(other) == []
    with pytest.raises(NoSuchNode):
        await drive.tree.node(other.actor, trip)
    with pytest.raises(BadInput):
        await drive.sharing.make(hand.actor, trip, "bo", until)


async def test_a_change_inside_a_share_changes_the_recipients_root(
    drive: DriveService, hand: Hand, other: Hand
) -> None:
    trip = await hand.folder("Trip")
    deep = await hand.folder("deep", trip)
    await drive.sharing.make(hand.actor, trip, "bo", VIEW)

    async def etags() -> tuple[str, str]:
        root = (await drive.tree.resolve(other.actor, ()))[-1]
        members = await drive.tree.members(other.actor, root, after=b"", limit=10)
        return root.etag, next(node.etag for node in members if node.id == trip)

    before = await etags()
    assert before == await etags()
    await hand.file("new", b"x", deep)
    after = await etags()
    assert before[0] != after[0]
    assert before[1] != after[1]
    assert (await drive.tree.resolve(hand.actor, ()))[-1].etag != after[0]


async def test_the_name_gets_a_number_when_it_is_taken(
    drive: DriveService, hand: Hand, other: Hand, cy: Person
) -> None:
    third = Hand(drive, cy)
    await other.folder("Trip")
    for giver in (hand, third):
        await drive.sharing.make(giver.actor, await giver.folder("Trip"), "bo", VIEW)
    assert sorted(await top_names(other)) == ["Trip", "Trip (2)", "Trip (3)"]
    root = (await drive.tree.resolve(other.actor, ()))[0]
    members = await drive.tree.members(other.actor, root, after=b"", limit=10)
    assert [node.name for node in members] == ["Trip", "Trip (2)", "Trip (3)"]


async def test_a_recipient_renames_moves_and_leaves_the_mount_alone(
    drive: DriveService, hand: Hand, other: Hand
) -> None:
    trip = await hand.folder("Trip")
    await drive.sharing.make(hand.actor, trip, "bo", VIEW)
    mine, top = await other.folder("mine"), await other.top()
    await drive.moving.move(other.actor, trip, mine, "Ada’s trip")
    assert await top_names(other) == ["mine"]
    assert [node.name for node in (await drive.tree.listing(other.actor, mine)).received] == ["Ada’s trip"]
    assert await hand.names() == ["Trip"]
    seen = await drive.tree.path(other.actor, trip)
    assert [node.name for node in seen] == ["", "mine", "Ada’s trip"]
    await drive.trash.put(other.actor, [mine])  # the mount is not thrown away with the folder
    assert await top_names(other) == ["Ada’s trip"]
    await drive.moving.move(other.actor, trip, top, "T")
    await drive.sharing.leave(other.actor, trip)
    assert await top_names(other) == []
    assert await hand.names() == ["Trip"]


async def test_a_group_receives_and_each_member_may_leave(
    house: House, drive: DriveService, hand: Hand, other: Hand, cy: Person
) -> None:
    house.school.groups["choir"] = [hand.actor.id, other.actor.id]
    songs = await hand.folder("Songs")
    await drive.sharing.make(hand.actor, songs, "choir", EDIT)
    third = Hand(drive, cy)
    assert await top_names(other) == ["Songs"]
    assert await top_names(third) == []
    house.school.groups["choir"].append(cy.id)
    house.clock.time_s += 3
    assert await top_names(third) == ["Songs"]
    await drive.sharing.leave(cy, songs)
    assert await top_names(third) == []
    assert await top_names(other) == ["Songs"]
    await drive.sharing.come_back(cy, songs)
    assert await top_names(third) == ["Songs"]
    house.school.groups["choir"].remove(cy.id)
    house.clock.time_s += 3
    with pytest.raises(NoSuchNode):
        await drive.tree.node(cy, songs)


async def test_nobody_is_found_by_a_stranger_but_by_the_exact_name(
    house: House, drive: DriveService, ada: Person, bo: Person
) -> None:
    house.person("bob")
    assert [one.name for one in await drive.sharing.sharees.search(ada.id, "bo")] == ["bo"]
    assert await drive.sharing.sharees.search(ada.id, "") == []
    with pytest.raises(NobodyCalled):
        await drive.sharing.sharees.named(ada.id, "b")
    house.school.people += [ada.id, bo.id]
    house.clock.time_s += 3
    found = await drive.sharing.sharees.search(ada.id, "")
    assert {one.name for one in found} == {"bo", "School"}


async def test_only_who_may_pass_it_on_does_so_and_never_more_than_they_have(
    drive: DriveService, hand: Hand, other: Hand, cy: Person
) -> None:
    trip = await hand.folder("Trip")
    photo = await hand.file("photo", b"sea", trip)
    share = await drive.sharing.make(hand.actor, trip, "bo", VIEW)
    with pytest.raises(NotShareable):
        await drive.sharing.make(other.actor, photo, "cy", VIEW)
    await drive.sharing.change(hand.actor, share.id, Terms(may_share=True))
    with pytest.raises(NotWritable):
        await drive.sharing.make(other.actor, photo, "cy", EDIT)
    passed = await drive.sharing.make(other.actor, photo, "cy", VIEW)
    third = Hand(drive, cy)
    assert await third.read(photo) == b"sea"
    with pytest.raises(NotShareable):
        await drive.sharing.make(cy, photo, "bo", VIEW)
    with pytest.raises(NoSuchShare):
        await drive.sharing.end(cy, passed.id)
    await drive.sharing.end(hand.actor, share.id)  # and so what was passed on by it
    with pytest.raises(NoSuchNode):
        await third.read(photo)


async def test_a_whole_drive_and_apps_are_never_shared(
    house: House, drive: DriveService, hand: Hand, bo: Person
) -> None:
    with pytest.raises(TopStays):
        await drive.sharing.make(hand.actor, await hand.top(), "bo", VIEW)
    trip = await hand.folder("Trip")
    app = house.holder(hand.actor, f"drive:node/{trip}", "read", "write")
    with pytest.raises(NotShareable):
        await drive.sharing.make(app, trip, "bo", VIEW)


async def test_an_app_reaches_what_its_person_received_until_it_ends(
    house: House, drive: DriveService, hand: Hand, other: Hand
) -> None:
    trip = await hand.folder("Trip")
    photo = await hand.file("photo", b"sea", trip)
    share = await drive.sharing.make(hand.actor, trip, "bo", VIEW)
    app = Hand(drive, house.holder(other.actor, f"drive:node/{trip}", "read", "write"))
    assert await app.read(photo) == b"sea"
    with pytest.raises(NotWritable):
        await app.file("x", b"x", trip)
    await drive.sharing.end(hand.actor, share.id)
    with pytest.raises(NoSuchNode):
        await app.read(photo)


async def test_a_move_between_spaces_is_a_copy_under_the_other_key_and_then_the_trash(
    drive: DriveService, hand: Hand, other: Hand
) -> None:
    trip = await hand.folder("Trip")
    await drive.sharing.make(hand.actor, trip, "bo", EDIT)
    mine = await other.folder("mine")
    sub = await other.folder("sub", mine)
    await other.file("a", b"aaa", sub)
    await other.file("b", b"bb", mine)
    placed = await drive.moving.move(other.actor, mine, trip, "given")
    assert placed.node.size_bytes == 5
    assert await hand.names(trip) == ["given"]
    path = await drive.tree.resolve(hand.actor, ["Trip", "given", "sub", "a"])
    assert await hand.read(path[-1].id) == b"aaa"
    assert await other.names() == []
    trash = await drive.trash.listing(other.actor)
    assert [entry.node.name for entry in trash.entries] == ["mine"]
    back = await drive.moving.move(other.actor, path[2].id, await other.top(), "again")
    assert await other.names(back.node.id) == ["sub", "b"]
    assert await hand.names(trip) == []


async def test_a_move_that_does_not_fit_changes_nothing(
    drive: DriveService, hand: Hand, other: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip = await hand.folder("Trip")
    await drive.sharing.make(hand.actor, trip, "bo", EDIT)
    file = await other.file("big", b"x" * 1000)

    async def little(space: object) -> Allowance:
        return Allowance(limit_bytes=100)

    monkeypatch.setattr(drive.room.allowances, "of", little)
    with pytest.raises(QuotaExceeded):
        await drive.moving.move(other.actor, file, trip, "big")
    assert await other.names() == ["big"]
    assert await hand.names(trip) == []


async def test_an_owner_gives_a_folder_away_to_somebody_they_are_together_with(
    house: House, drive: DriveService, hand: Hand, other: Hand
) -> None:
    trip = await hand.folder("Trip")
    await hand.file("photo", b"sea", trip)
    await drive.sharing.make(hand.actor, trip, "bo", VIEW)
    with pytest.raises(NobodyCalled):
        await drive.sharing.give_away(hand.actor, trip, "bo")
    house.school.groups["choir"] = [hand.actor.id, other.actor.id]
    house.clock.time_s += 3
    with pytest.raises((NotShareable, NotWritable)):
        await drive.sharing.give_away(other.actor, trip, "ada")
    given = await drive.sharing.give_away(hand.actor, trip, "bo")
    assert await top_names(other) == ["Trip"]
    assert await other.names(given.id) == ["photo"]
    assert await hand.names() == []
    with pytest.raises(NoSuchNode):
        await drive.tree.node(hand.actor, given.id)
    with pytest.raises(NoSuchNode):
        await drive.tree.node(other.actor, trip)


async def test_people_are_told_and_whoever_listens_hears_of_it(
    house: House, drive: DriveService, hand: Hand, bo: Person
) -> None:
    trip = await hand.folder("Trip")
    share = await drive.sharing.make(hand.actor, trip, "bo", VIEW)
    command, notice = house.told[-1]
    assert (command, notice["person"]) == ("notifications.notify", bo.id)
    assert notice["title"]["values"] == {"who": "Ada", "name": "Trip"}
    count = len(house.told)
    await drive.sharing.make(hand.actor, trip, "bo", EDIT)
    assert len(house.told) == count
    await drive.sharing.end(hand.actor, share.id)


async def test_whoever_follows_their_topmost_folder_hears_of_what_is_shared(
    drive: DriveService, hand: Hand, other: Hand
) -> None:
    trip, top = await hand.folder("Trip"), await other.top()
    before = await drive.changes.wait(other.actor, top, "", 0)
    waiting = asyncio.create_task(drive.changes.wait(other.actor, top, before, 10))
    await asyncio.sleep(0.05)
    share = await drive.sharing.make(hand.actor, trip, "bo", VIEW)
    after = await asyncio.wait_for(waiting, 5)
    assert after != before
    waiting = asyncio.create_task(drive.changes.wait(other.actor, top, after, 10))
    await asyncio.sleep(0.05)
    await hand.file("new", b"x", trip)
    assert await asyncio.wait_for(waiting, 5) != after
    inside = await drive.changes.wait(other.actor, trip, "", 0)
    waiting = asyncio.create_task(drive.changes.wait(other.actor, trip, inside, 10))
    await asyncio.sleep(0.05)
    await drive.sharing.end(hand.actor, share.id)
    with pytest.raises(NoSuchNode):
        await asyncio.wait_for(waiting, 5)


# WebDAV


@pytest.fixture
def dav(house: House) -> Dav:
    app = asgi_app(house.context)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)  # type: ignore[arg-type]

    async def ask(who: str, method: str, path: str, content: bytes = b"", **headers: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8600") as client:
            sent = {"x-test-person": who, **{key.replace("_", "-"): value for key, value in headers.items()}}
            return await client.request(method, path, content=content, headers=sent)

    return ask


async def test_webdav_shows_a_share_and_writes_through_it(
    house: House, drive: DriveService, hand: Hand, other: Hand, dav: Dav
) -> None:
    trip = await hand.folder("Trip")
    alone = await hand.file("alone.txt", b"one")
    share = await drive.sharing.make(hand.actor, trip, "bo", EDIT)
    await drive.sharing.make(hand.actor, alone, "bo", EDIT)
    listed = await dav("bo", "PROPFIND", "/dav/files/bo/", depth="1")
    assert "/dav/files/bo/Trip/" in listed.text
    assert "/dav/files/bo/alone.txt" in listed.text
    assert (await dav("bo", "PUT", "/dav/files/bo/Trip/a", b"hello")).status_code == 201
    assert (await dav("bo", "PUT", "/dav/files/bo/alone.txt", b"two")).status_code == 204
    assert await hand.read(alone) == b"two"
    assert (await dav("ada", "GET", "/dav/files/ada/Trip/a")).content == b"hello"
    assert (await dav("bo", "MKCOL", "/dav/files/bo/Trip")).status_code == 405
    to = "http://localhost:8600/dav/files/bo/Voyage"
    moved = await dav("bo", "MOVE", "/dav/files/bo/Trip/", destination=to)
    assert moved.status_code == 201
    assert (await dav("bo", "GET", "/dav/files/bo/Voyage/a")).content == b"hello"
    assert await hand.names() == ["Trip", "alone.txt"]
    out = "http://localhost:8600/dav/files/bo/mine"
    assert (await dav("bo", "MOVE", "/dav/files/bo/Voyage/a", destination=out)).status_code == 201
    assert await other.names() == ["mine"]
    assert await hand.names(trip) == []
    for path in ("Voyage/%2e%2e/x", "Voyage/..%2f", "Voyage/%2e%2e%2falone.txt"):
        assert (await dav("bo", "GET", f"/dav/files/bo/{path}")).status_code in (400, 404)
    theirs = "http://localhost:8600/dav/files/ada/Trip/b"
    assert (await dav("bo", "COPY", "/dav/files/bo/mine", destination=theirs)).status_code == 404
    await drive.sharing.end(hand.actor, share.id)
    assert (await dav("bo", "PROPFIND", "/dav/files/bo/Voyage/", depth="0")).status_code == 404
    assert (await dav("bo", "DELETE", "/dav/files/bo/alone.txt")).status_code == 204
    assert await hand.names() == ["Trip", "alone.txt"]
    assert await top_names(other) == ["mine"]


async def test_a_lock_of_the_owner_stops_whoever_received_it(
    drive: DriveService, hand: Hand, other: Hand, dav: Dav
) -> None:
    doc = await hand.file("doc", b"1")
    await drive.sharing.make(hand.actor, doc, "bo", EDIT)
    await drive.locks.take(hand.actor, doc, is_exclusive=True, is_infinite=False, owner_xml="", timeout_s=60)
    assert (await dav("bo", "PUT", "/dav/files/bo/doc", b"2")).status_code == 423
    assert await hand.read(doc) == b"1"
