"""Links: what whoever has one may do, and that it ends."""

import asyncio
import io
import shutil
import subprocess
import zipfile
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from synfonium.apps.drive.errors import (
    LinkGone,
    NoSuchNode,
    NotShareable,
    NotThatKind,
    NotWritable,
    ParentMissing,
    TooManyTries,
    WrongPassword,
)
from synfonium.apps.drive.http.content import asgi_app as content_app
from synfonium.apps.drive.model.share import Link
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.linking import KEEP, LinkTerms
from synfonium.apps.drive.service.links import LinkExpired
from synfonium.apps.drive.service.room import Guest
from synfonium.apps.drive.service.sharing import Terms
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.apps.drive.tests.test_sharing_pages import made_folder, person
from synfonium.testing.client import Installation, installation


async def guest_of(drive: DriveService, link: Link, ticket: str = "") -> Hand:
    entry = await drive.linking.come(drive.linking.token(link.id), ticket)
    assert entry.guest is not None
    return Hand(drive, entry.guest)


async def test_a_link_shows_what_it_leads_to_and_nothing_else(drive: DriveService, hand: Hand) -> None:
    trip = await hand.folder("Trip")
    photo = await hand.file("photo", b"sea", trip)
    diary = await hand.file("diary", b"mine")
    link = await drive.linking.make(hand.actor, trip, LinkTerms())
    guest = await guest_of(drive, link)
    assert await guest.names(trip) == ["photo"]
    assert await guest.read(photo) == b"sea"
    for node in (diary, await hand.top()):
        with pytest.raises(NoSuchNode):
            await drive.tree.path(guest.actor, node)
    with pytest.raises(NotWritable):
        await guest.file("x", b"x", trip)
    with pytest.raises(NotWritable):
        await drive.trash.put(guest.actor, [photo])
    with pytest.raises(NotShareable):
        await drive.sharing.make(guest.actor, trip, "ada", Terms())
    row = await drive.room.read(lambda c: c.exec_driver_sql("select * from drive_link").one())
    assert drive.linking.token(link.id) not in str(row)


async def test_a_link_that_is_over_looks_like_one_that_never_was(
    house: House, drive: DriveService, hand: Hand
) -> None:
    trip = await hand.folder("Trip")
    photo = await hand.file("photo", b"sea", trip)
    until = await drive.linking.make(hand.actor, trip, LinkTerms(until_s=house.clock.time_s + 60))
    ended = await drive.linking.make(hand.actor, trip, LinkTerms())
    token = drive.linking.token(ended.id)
    guest = await guest_of(drive, ended)
    content = drive.links.made(await drive.files.content(guest.actor, photo))
    await drive.links.open(content)
    await drive.linking.end(hand.actor, ended.id)
    house.clock.time_s += 61
    for gone in (token, drive.linking.token(until.id), "x" * 32, "", "\0" * 32):
        with pytest.raises(LinkGone):
            await drive.linking.come(gone, "")
    with pytest.raises(NoSuchNode):
        await guest.read(photo)
    with pytest.raises(LinkExpired):
        await drive.links.open(content)
    trashed = await drive.linking.make(hand.actor, trip, LinkTerms())
    await drive.trash.put(hand.actor, [trip])
    with pytest.raises(LinkGone):
        await drive.linking.come(drive.linking.token(trashed.id), "")


async def test_a_password_is_shown_once_and_a_changed_one_again(
    house: House, drive: DriveService, hand: Hand
) -> None:
    trip = await hand.folder("Trip")
    link = await drive.linking.make(hand.actor, trip, LinkTerms(password="linden"))
    assert "linden" not in str(link)
    token = drive.linking.token(link.id)
    entry = await drive.linking.come(token, "")
    assert entry.guest is None
    with pytest.raises(WrongPassword):
        await drive.linking.show_password(entry, "oak")
    ticket = await drive.linking.show_password(entry, "linden")
    assert (await drive.linking.come(token, ticket)).guest is not None
    other = await drive.linking.make(hand.actor, trip, LinkTerms(password="linden"))
    assert (await drive.linking.come(drive.linking.token(other.id), ticket)).guest is None
    for forged in (ticket[:-2] + "AA", ticket + "A", "é", "A" * 5000):
        assert (await drive.linking.come(token, forged)).guest is None
    await drive.linking.change(hand.actor, link.id, LinkTerms(password=KEEP, label="x"))
    assert (await drive.linking.come(token, ticket)).guest is not None
    await drive.linking.change(hand.actor, link.id, LinkTerms(password="beech"))
    assert (await drive.linking.come(token, ticket)).guest is None
    house.clock.time_s += 13 * 3600
    assert (await drive.linking.come(token, ticket)).guest is None


async def test_passwords_cannot_be_guessed_for_long(drive: DriveService, hand: Hand) -> None:
    link = await drive.linking.make(hand.actor, await hand.folder("Trip"), LinkTerms(password="p"))
    entry = await drive.linking.come(drive.linking.token(link.id), "")
    drive.linking._is_right = lambda hashed, password: asyncio.sleep(0, False)  # type: ignore[method-assign]
    for _ in range(10):
        with pytest.raises(WrongPassword):
            await drive.linking.show_password(entry, "no")
    with pytest.raises(TooManyTries):
        await drive.linking.show_password(entry, "p")


async def test_a_limit_of_downloads_is_kept_exactly_when_many_come_at_once(
    drive: DriveService, hand: Hand
) -> None:
    photo = await hand.file("photo", b"sea")
    link = await drive.linking.make(hand.actor, photo, LinkTerms(most_downloads=3))
    takes = [drive.linking.take_download(link) for _ in range(20)]
    results = await asyncio.gather(*takes, return_exceptions=True)
    assert sum(result is None for result in results) == 3
    with pytest.raises(LinkGone):
        await drive.linking.come(drive.linking.token(link.id), "")


async def test_what_may_be_taken_once_is_begun_once_and_can_go_on(
    house: House, drive: DriveService, hand: Hand
) -> None:
    photo = await hand.file("photo", b"0123456789")
    link = await drive.linking.make(hand.actor, photo, LinkTerms(most_downloads=1))
    guest = await guest_of(drive, link)
    token = drive.links.made(await drive.files.content(guest.actor, photo), once=True)
    transport = httpx.ASGITransport(app=content_app(house.context))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        path = f"/content/drive/{token}"
        assert (await client.get(path)).content == b"0123456789"
        assert (await client.get(path)).status_code == 404
        assert (await client.get(path, headers={"range": "bytes=0-3"})).status_code == 404
        assert (await client.get(path, headers={"range": "bytes=4-"})).content == b"456789"


async def test_whoever_drops_sees_nothing_and_replaces_nothing(drive: DriveService, hand: Hand) -> None:
    box = await hand.folder("Box")
    old = await hand.file("a.txt", b"old", box)
    link = await drive.linking.make(hand.actor, box, LinkTerms(mode="drop"))
    guest = await guest_of(drive, link)
    sent = await drive.files.write(guest.actor, box, "a.txt", one(b"new"), when_taken="number")
    assert await hand.names(box) == ["a.txt", "a (2).txt"]
    assert await hand.read(old) == b"old"
    for reading in (guest.names(box), guest.read(old), guest.read(sent.node.id)):
        with pytest.raises(NoSuchNode):
            await reading
    with pytest.raises(NotWritable):
        await guest.file("a.txt", b"new", box)
    with pytest.raises((ParentMissing, NotWritable)):
        await drive.files.write(guest.actor, await hand.top(), "a", one(b"x"), when_taken="number")
    with pytest.raises(NotThatKind):
        await drive.linking.make(hand.actor, old, LinkTerms(mode="drop"))


async def test_a_browser_sees_what_it_has_sent_and_no_other_does(drive: DriveService, hand: Hand) -> None:
    box = await hand.folder("Box")
    link = await drive.linking.make(hand.actor, box, LinkTerms(mode="drop_own"))
    token = drive.linking.token(link.id)
    hands: list[Hand] = []
    for word in (b"one", b"two"):
        ticket = drive.linking.ticket_for(await drive.linking.come(token, ""))
        guest = await guest_of(drive, link, ticket)
        assert isinstance(guest.actor, Guest)
        sent = await drive.files.write(guest.actor, box, "mine", one(word), when_taken="number")
        await drive.linking.note_sent(guest.actor, [sent.node.id])
        hands.append(guest)
    for own, other, word in ((0, 1, b"one"), (1, 0, b"two")):
        guest = hands[own].actor
        assert isinstance(guest, Guest)
        (mine,) = await drive.linking.sent(guest)
        assert await hands[own].read(mine.id) == word
        with pytest.raises(NoSuchNode):
            await hands[other].read(mine.id)
        with pytest.raises(NoSuchNode):
            await hands[own].names(box)


async def one(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def test_a_link_of_somebody_who_received_it_ends_with_their_share(
    house: House, drive: DriveService, hand: Hand
) -> None:
    bo = house.person("bo")
    trip = await hand.folder("Trip")
    share = await drive.sharing.make(hand.actor, trip, "bo", Terms(may_share=True))
    link = await drive.linking.make(bo, trip, LinkTerms())
    with pytest.raises(NotWritable):
        await drive.linking.make(bo, trip, LinkTerms(mode="edit"))
    await guest_of(drive, link)
    await drive.sharing.end(hand.actor, share.id)
    with pytest.raises(LinkGone):
        await guest_of(drive, link)


# Archives


async def zipped(house: House, drive: DriveService, hand: Hand, folder: str) -> bytes:
    token = await drive.links.make_folder(hand.actor, folder)  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app=content_app(house.context))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return (await client.get(f"/content/drive/{token}")).content


async def test_a_folder_comes_as_an_archive_that_every_tool_reads(
    house: House, drive: DriveService, hand: Hand, tmp_path: Path
) -> None:
    trip = await hand.folder("Été 2026")
    deep = await hand.folder("empty", await hand.folder("Ordner", trip))
    await hand.file("日本 🎶.txt", b"sea" * 1000, trip)
    await hand.file("nul", b"", trip)
    await hand.file("inside", b"x" * 2_000_000, deep)
    link = await drive.linking.make(hand.actor, trip, LinkTerms())
    whole = await zipped(house, drive, await guest_of(drive, link), trip)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == sorted(
            ["Ordner/", "Ordner/empty/", "Ordner/empty/inside", "_nul", "日本 🎶.txt"]
        )
        assert archive.read("日本 🎶.txt") == b"sea" * 1000
        assert archive.getinfo("日本 🎶.txt").date_time[:3] == (2026, 9, 21)
    path = tmp_path / "a.zip"
    path.write_bytes(whole)
    for tool in (["unzip", "-tq"], ["7z", "t"]):
        if shutil.which(tool[0]):
            run = partial(subprocess.run, [*tool, str(path)], capture_output=True, check=False)
            assert (await asyncio.to_thread(run)).returncode == 0
    assert await zipped(house, drive, hand, deep)


# In a whole installation


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


async def made_link(client: httpx.AsyncClient, folder: str, **terms: str) -> str:
    sent = await client.post(f"/drive/node/{folder}/links", data=terms)
    assert sent.status_code == 303, sent.text
    panel = (await client.get(f"/drive/node/{folder}/share")).text
    return "/s/" + panel.rpartition("/s/")[2].partition('"')[0]


async def test_a_stranger_opens_a_link_with_its_password_and_takes_what_is_there(town: Installation) -> None:
    ada = await person(town, "ada")
    trip = await made_folder(ada, "ada", "Trip")
    await ada.put("/dav/files/ada/Trip/a.txt", content=b"hello")
    path = await made_link(ada, trip, mode="view", password="linden", downloads="2", note="See you")
    async with town.client() as stranger:
        stranger.headers["accept"] = "text/html"
        asked = await stranger.get(path)
        assert "a.txt" not in asked.text
        assert asked.headers["x-robots-tag"] == "noindex, nofollow"
        assert "set-cookie" not in asked.headers
        assert (await stranger.post(f"{path}/open", data={"password": "no"})).status_code == 403
        opened = await stranger.post(f"{path}/open", data={"password": "linden"})
        cookie = opened.headers["set-cookie"]
        assert f"Path={path}" in cookie
        assert "HttpOnly" in cookie
        page = await stranger.get(path)
        assert "a.txt" in page.text
        assert "See you" in page.text
        node = page.text.partition(f"{path}/get/")[2].partition('"')[0]
        led = await stranger.get(f"{path}/get/{node}")
        assert led.status_code == 303
        assert "/content/drive/" in led.headers["location"]
        assert (await stranger.get(f"{path}/zip/{trip}")).status_code == 303
        used_up = await stranger.get(path)
        unknown = await stranger.get("/s/" + "A" * 32)
        assert used_up.status_code == unknown.status_code == 404
        assert "This link leads nowhere." in used_up.text
        assert used_up.text.replace(path, "") == unknown.text.replace("/s/" + "A" * 32, "")
    await ada.aclose()


async def test_a_stranger_drops_a_file_and_sees_it_again_alone(town: Installation) -> None:
    ada = await person(town, "ada")
    box = await made_folder(ada, "ada", "Box")
    await ada.put("/dav/files/ada/Box/secret.txt", content=b"hello")
    path = await made_link(ada, box, mode="drop_own")
    for name in ("first.txt", "second.txt"):
        async with town.client() as stranger:
            stranger.headers["accept"] = "text/html"
            sent = await stranger.post(f"{path}/send/top", files={"file": (name, b"from " + name.encode())})
            assert sent.status_code == 303, sent.text
            page = await stranger.get(path)
            assert f"<bdi>{name}</bdi>" in page.text
            assert page.text.count("<bdi>") == 1
            assert "secret" not in page.text
    got = await ada.get("/dav/files/ada/Box/second.txt")
    assert got.content == b"from second.txt"
    await ada.aclose()


async def test_a_link_to_change_things_does_so_within_its_folder(town: Installation) -> None:
    ada = await person(town, "ada")
    box = await made_folder(ada, "ada", "Box")
    await ada.put("/dav/files/ada/other.txt", content=b"hello")
    path = await made_link(ada, box, mode="edit")
    async with town.client() as stranger:
        stranger.headers["accept"] = "text/html"
        assert (await stranger.post(f"{path}/folder/{box}", data={"name": "sub"})).status_code == 303
        assert (await stranger.post(f"{path}/send/{box}", files={"file": ("n", b"x")})).status_code == 303
        page = (await stranger.get(path)).text
        node = page.partition('name="node" value="')[2].partition('"')[0]
        assert (await stranger.post(f"{path}/trash", data={"node": node})).status_code == 303
        assert (await stranger.post(f"{path}/trash", data={"node": box})).status_code in (403, 404)
        top = (await ada.get("/drive")).text.partition('data-folder="')[2].partition('"')[0]
        assert (await stranger.get(f"{path}/f/{top}")).status_code == 404
        assert (await stranger.post(f"{path}/send/{top}", files={"file": ("n", b"x")})).status_code == 409
    await ada.aclose()
