"""Uploads by form, content links, and following a folder."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from synfonium.apps.drive.errors import NoSuchNode
from synfonium.apps.drive.http.content import asgi_app as content_app
from synfonium.apps.drive.http.upload import asgi_app as upload_app
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.links import LIFETIME_S, LinkExpired
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.kernel.actor import Person

CRLF = "\r\n"


def _client(app: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(
        transport=transport, base_url="http://localhost", headers={"x-test-person": "ada"}
    )


@pytest.fixture
async def upload(house: House, ada: Person) -> AsyncIterator[httpx.AsyncClient]:
    async with _client(upload_app(house.context)) as client:
        yield client


@pytest.fixture
async def content(house: House, ada: Person) -> AsyncIterator[httpx.AsyncClient]:
    async with _client(content_app(house.context)) as client:
        yield client


async def test_a_form_brings_several_files_of_any_size(
    upload: httpx.AsyncClient, hand: Hand, random_bytes
) -> None:
    big = random_bytes(3_000_000)
    files = [("file", ('é "x".bin', big)), ("file", ("empty.txt", b""))]
    answer = await upload.post(f"/drive/upload/{await hand.top()}", files=files)
    assert [one["size_bytes"] for one in answer.json()] == [3_000_000, 0]
    assert await hand.read(answer.json()[0]["node"]) == big
    assert answer.json()[0]["name"] == 'é "x".bin'


async def test_a_browser_without_script_is_led_back(upload: httpx.AsyncClient, hand: Hand) -> None:
    top = await hand.top()
    answer = await upload.post(
        f"/drive/upload/{top}", files={"file": ("a", b"x")}, headers={"accept": "text/html"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"/drive/node/{top}?done=sent&count=1")


async def test_a_taken_name_gets_a_number(upload: httpx.AsyncClient, hand: Hand) -> None:
    top = await hand.top()
    for _ in range(2):
        await upload.post(f"/drive/upload/{top}", files={"file": ("a.txt", b"x")})
    assert await hand.names() == ["a.txt", "a (2).txt"]


async def test_a_folder_comes_with_its_path_and_time(
    upload: httpx.AsyncClient, drive: DriveService, hand: Hand, ada: Person
) -> None:
    top = await hand.top()
    for name in ("x.txt", "y.txt"):
        await upload.post(
            f"/drive/upload/{top}",
            data={"path": "photos/2025", "modified": "784111777000"},
            files={"file": (name, b"x")},
        )
    path = await drive.tree.resolve(ada, ["photos", "2025", "x.txt"])
    assert [node.name for node in path[1:]] == ["photos", "2025", "x.txt"]
    assert path[-1].modified_s == 784111777


@pytest.mark.parametrize(("name", "kept"), [("C:\\fakepath\\a.txt", "a.txt"), ("../../b.txt", "b.txt")])
async def test_a_path_in_a_file_name_is_dropped(
    upload: httpx.AsyncClient, hand: Hand, name: str, kept: str
) -> None:
    await upload.post(f"/drive/upload/{await hand.top()}", files={"file": (name, b"x")})
    assert await hand.names() == [kept]


@pytest.mark.parametrize("path", ["../x", "a/../b", "a\\b", "a/\0/b"])
async def test_a_hostile_folder_path_is_refused(upload: httpx.AsyncClient, hand: Hand, path: str) -> None:
    answer = await upload.post(
        f"/drive/upload/{await hand.top()}", data={"path": path}, files={"file": ("a", b"x")}
    )
    assert answer.status_code == 422
    assert not [name for name in await hand.names() if name != "a"]


async def test_a_cut_or_broken_form_writes_nothing(upload: httpx.AsyncClient, hand: Hand) -> None:
    head = f'--b{CRLF}content-disposition: form-data; name="file"; filename="a"{CRLF}{CRLF}'
    kind = {"content-type": "multipart/form-data; boundary=b"}
    for body in (head + "half", head.replace("--b", "--c") + f"x{CRLF}--b--", "", "--b"):
        answer = await upload.post(f"/drive/upload/{await hand.top()}", content=body, headers=kind)
        assert answer.status_code in (400, 422), body
    answer = await upload.post(f"/drive/upload/{await hand.top()}", content=b"x")
    assert answer.status_code == 422
    assert await hand.names() == []


async def test_uploads_need_a_person_a_folder_and_post(
    upload: httpx.AsyncClient, hand: Hand, house: House
) -> None:
    top, form = await hand.top(), {"file": ("a", b"x")}
    anonymous = await upload.post(f"/drive/upload/{top}", files=form, headers={"x-test-person": ""})
    assert anonymous.status_code == 401
    house.person("bob")
    foreign = await upload.post(f"/drive/upload/{top}", files=form, headers={"x-test-person": "bob"})
    assert foreign.status_code == 409
    for path in ("/drive/upload/", "/drive/upload/a/b", "/drive/upload/%2e%2e"):
        assert (await upload.post(path, files=form)).status_code == 404
    assert (await upload.get(f"/drive/upload/{top}")).status_code == 405
    assert await hand.names() == []


async def test_a_link_gives_the_content_with_ranges_and_without_a_session(
    content: httpx.AsyncClient, drive: DriveService, hand: Hand, ada: Person
) -> None:
    token = await drive.links.make(ada, await hand.file("é.txt", b"hello"))
    whole = await content.get(f"/content/drive/{token}", headers={"x-test-person": ""})
    assert whole.content == b"hello"
    assert whole.headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%A9.txt"
    part = await content.get(f"/content/drive/{token}", headers={"range": "bytes=1-2"})
    assert (part.status_code, part.content) == (206, b"el")


@pytest.mark.parametrize(
    ("name", "way"), [("x.html", "attachment"), ("x.svg", "attachment"), ("x.png", "inline")]
)
async def test_what_could_run_is_never_shown(
    content: httpx.AsyncClient, drive: DriveService, hand: Hand, ada: Person, name: str, way: str
) -> None:
    token = await drive.links.make(ada, await hand.file(name), is_shown=True)
    answer = await content.get(f"/content/drive/{token}")
    assert answer.headers["content-disposition"].startswith(way)
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")


async def test_a_link_ends_with_its_time_its_version_and_one_wrong_letter(
    content: httpx.AsyncClient, drive: DriveService, hand: Hand, ada: Person, house: House
) -> None:
    token = await drive.links.make(ada, await hand.file("a", b"1"))
    for at in (0, len(token) // 2, len(token) - 2):
        wrong = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        assert (await content.get(f"/content/drive/{wrong}")).status_code == 404
    for wrong in ("", "x", "é", "A" * 2000, token + "/x"):
        assert (await content.get(f"/content/drive/{wrong}")).status_code == 404
    await hand.file("a", b"2")
    assert (await content.get(f"/content/drive/{token}")).status_code == 404
    token = await drive.links.make(ada, await hand.file("a", b"3"))
    house.clock.time_s += LIFETIME_S + 1
    with pytest.raises(LinkExpired):
        await drive.links.open(token)


async def test_a_follower_hears_of_a_change_far_below(drive: DriveService, hand: Hand, ada: Person) -> None:
    outer = await hand.folder("outer")
    inner = await hand.folder("inner", outer)
    before = (await drive.tree.node(ada, outer)).etag
    waiting = asyncio.create_task(drive.changes.wait(ada, outer, before, 10))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await hand.file("new", b"x", inner)
    assert await asyncio.wait_for(waiting, 2) == (await drive.tree.node(ada, outer)).etag != before


async def test_a_follower_of_a_quiet_folder_gets_its_etag_when_the_time_is_over(
    drive: DriveService, hand: Hand, ada: Person
) -> None:
    aside = await hand.folder("aside")
    etag = (await drive.tree.node(ada, aside)).etag
    waiting = asyncio.create_task(drive.changes.wait(ada, aside, etag, 0.6))
    await hand.file("elsewhere")
    assert await waiting == etag


async def test_a_follower_is_told_when_the_folder_goes_and_strangers_hear_nothing(
    drive: DriveService, hand: Hand, ada: Person, house: House
) -> None:
    folder = await hand.folder("folder")
    etag = (await drive.tree.node(ada, folder)).etag
    with pytest.raises(NoSuchNode):
        await drive.changes.wait(house.person("bob"), folder, etag, 0)
    waiting = asyncio.create_task(drive.changes.wait(ada, folder, etag, 10))
    await asyncio.sleep(0.05)
    await drive.trash.put(ada, [folder])
    with pytest.raises(NoSuchNode):
        await asyncio.wait_for(waiting, 2)
