"""What Nextcloud's clients ask besides sending files."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import event

from synfonium.apps.drive.nextcloud import propfind
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.apps.drive.tests.nextcloud import (
    FILES,
    NAMESPACES,
    TRASH,
    VERSIONS,
    Client,
    client_of,
    hrefs,
)
from synfonium.kernel.actor import Person

THIRTEEN = (
    "d:resourcetype",
    "d:getlastmodified",
    "d:getcontentlength",
    "d:getetag",
    "oc:size",
    "oc:id",
    "oc:fileid",
    "oc:downloadURL",
    "oc:dDC",
    "oc:permissions",
    "oc:checksums",
    "oc:data-fingerprint",
    "oc:share-types",
)


@pytest.fixture
async def client(house: House, ada: Person) -> AsyncIterator[Client]:
    async with client_of(house) as client:
        yield client


async def test_a_client_learns_where_it_is_before_it_shows_who_it_is(client: Client) -> None:
    status = await client("GET", "/status.php", x_test_person="")
    assert status.json()["installed"] is True
    told = await client("GET", "/ocs/v1.php/cloud/capabilities?format=json", x_test_person="")
    assert told.json()["ocs"]["meta"] == {"status": "ok", "statuscode": 100, "message": "OK"}
    capabilities = told.json()["ocs"]["data"]["capabilities"]
    assert capabilities["dav"] == {"chunking": "1.0", "bulkupload": "1.0"}
    again = await client(
        "GET", "/ocs/v1.php/cloud/capabilities?format=json", if_none_match=told.headers["etag"]
    )
    assert again.status_code == 304


@pytest.mark.parametrize(("version", "has_bulk"), [("3.7.3", False), ("3.9.0", False), ("3.9.1", True)])
async def test_a_client_that_stumbles_over_empty_files_is_told_of_no_bulk(
    client: Client, version: str, has_bulk: bool
) -> None:
    agent = f"Mozilla/5.0 (Linux) mirall/{version} (Nextcloud, debian-6.1 ClientArchitecture: x86_64)"
    told = await client("GET", "/ocs/v1.php/cloud/capabilities?format=json", user_agent=agent)
    assert ("bulkupload" in told.json()["ocs"]["data"]["capabilities"]["dav"]) is has_bulk


async def test_ocs_answers_in_two_versions_and_two_forms(client: Client) -> None:
    user = (await client("GET", "/ocs/v2.php/cloud/user?format=json")).json()["ocs"]
    assert user["meta"]["statuscode"] == 200
    assert user["data"]["id"] == "ada"
    assert user["data"]["quota"]["quota"] == -3
    xml = (await client("GET", "/ocs/v1.php/cloud/user")).text
    assert "<statuscode>100</statuscode>" in xml
    assert "<id>ada</id>" in xml
    for version, status in ((1, 200), (2, 404)):
        missing = await client("GET", f"/ocs/v{version}.php/apps/user_status/api/v1/user_status?format=json")
        assert missing.status_code == status
        assert missing.json()["ocs"]["meta"]["statuscode"] == 404
        stranger = await client("GET", f"/ocs/v{version}.php/cloud/user?format=json", x_test_person="")
        assert stranger.status_code == 401
        assert stranger.json()["ocs"]["meta"]["statuscode"] == 997
        assert stranger.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/ocs"),
        ("GET", "/ocs/v3.php/cloud/user"),
        ("GET", "/ocs/v2.php/cloud/users/bob"),
        ("GET", "/ocs/v2.php/cloud/users/%00"),
        ("POST", "/ocs/v2.php/apps/dav/api/v1/direct"),
        ("POST", "/ocs/v2.php/apps/dav/api/v1/direct?fileId=-1"),
        ("POST", "/ocs/v2.php/apps/dav/api/v1/direct?fileId=99999"),
        ("POST", "/ocs/v2.php/cloud/user"),
    ],
)
async def test_what_ocs_does_not_know_is_refused(client: Client, method: str, path: str) -> None:
    assert 400 <= (await client(method, path)).status_code < 500


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"a": {}}', b"[" * 10_000, b"a=%ff&" * 200, b"\xff"])
async def test_a_broken_body_is_refused(client: Client, body: bytes) -> None:
    for kind in ("application/json", "application/x-www-form-urlencoded"):
        path = "/ocs/v2.php/apps/dav/api/v1/direct"
        assert (await client("POST", path, body, content_type=kind)).status_code in (400, 404)


async def test_a_folder_and_a_file_say_what_clients_need(client: Client, hand: Hand) -> None:
    made = await client("MKCOL", f"{FILES}/folder")
    assert made.status_code == 201
    assert made.headers["oc-fileid"] == await client.value(f"{FILES}/folder", "oc:id")
    put = await client(
        "PUT", f"{FILES}/folder/a.txt", b"hello", oc_checksum="ADLER32:062c0215", x_oc_mtime="1700000000"
    )
    assert put.status_code == 201
    assert put.headers["oc-etag"] == put.headers["etag"]
    assert await client.value(f"{FILES}/folder/a.txt", "oc:permissions") == "RGDNVW"
    assert await client.value(f"{FILES}/folder", "oc:permissions") == "RGDNVCK"
    assert await client.value(f"{FILES}/folder", "oc:size") == "5"
    assert await client.value("/remote.php/webdav/folder/a.txt", "oc:size") == "5"
    assert "SHA1:aaf4c61d" in await client.value(f"{FILES}/folder/a.txt", "oc:checksums")
    wrong = await client("PUT", f"{FILES}/folder/a.txt", b"other", oc_checksum="ADLER32:062c0215")
    assert wrong.status_code == 400
    assert (await client("GET", f"{FILES}/folder/a.txt")).content == b"hello"


async def test_the_thirteen_properties_cost_no_query_a_row(
    client: Client, hand: Hand, drive: DriveService
) -> None:
    queries: list[str] = []

    def seen(connection: object, cursor: object, statement: str, *_: object) -> None:
        queries.append(statement)

    async def count(folder: str, files: int) -> int:
        parent = await hand.folder(folder)
        for number in range(files):
            await hand.file(str(number), b"x", parent)
        queries.clear()
        text = await client.props(f"{FILES}/{folder}", *THIRTEEN, depth="1")
        assert text.count("<d:response>") == files + 1
        return len(queries)

    engine = await drive.room.read(lambda c: c.engine)
    event.listen(engine, "before_cursor_execute", seen)
    try:
        assert await count("small", 2) == await count("large", 60)
    finally:
        event.remove(engine, "before_cursor_execute", seen)


@pytest.mark.parametrize("at_once", [7, 30, 1024])
async def test_a_large_folder_is_listed_whole_and_once(
    client: Client, hand: Hand, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(propfind, "PIECE_NODES", at_once)
    parent = await hand.folder("large")
    await asyncio.gather(*(hand.file(f"é {number}", b"x", parent) for number in range(30)))
    text = await client.props(f"{FILES}/large", *THIRTEEN, depth="1")
    assert text.count("<d:response>") == 31
    assert len(set(re.findall("<oc:fileid>([0-9]+)<", text))) == 31


@pytest.mark.parametrize("files", [3, 40])
async def test_what_one_of_many_has_is_said_of_that_one(client: Client, hand: Hand, files: int) -> None:
    parent = await hand.folder("many")
    await asyncio.gather(*(hand.file(f"{number:02}", b"x", parent) for number in range(files)))
    sha1 = hashlib.sha1(b"sum", usedforsecurity=False).hexdigest()
    await client("PUT", f"{FILES}/many/01", b"sum", oc_checksum=f"SHA1:{sha1}")
    word = setting("z:kept", "word").replace("<z:kept", '<z:kept xmlns:z="urn:z"')
    assert (await client("PROPPATCH", f"{FILES}/many/02", word)).status_code == 207
    asked = "<oc:checksums/><z:kept xmlns:z='urn:z'/>"
    body = f"<d:propfind {NAMESPACES}><d:prop>{asked}</d:prop></d:propfind>"
    text = (await client("PROPFIND", f"{FILES}/many", body, depth="1")).text
    said = dict(re.findall("<d:href>[^<]*/many/([^<]*)</d:href>(.*?)</d:response>", text))
    assert [name for name, what in said.items() if f"SHA1:{sha1}" in what] == ["01"]
    assert [name for name, what in said.items() if ">word<" in what] == ["02"]


async def test_an_etag_changes_up_to_the_root(client: Client, hand: Hand) -> None:
    await client("MKCOL", f"{FILES}/a")
    await client("MKCOL", f"{FILES}/a/b")
    await client("MKCOL", f"{FILES}/other")
    paths = [FILES, f"{FILES}/a", f"{FILES}/a/b", f"{FILES}/other"]
    before = [await client.value(path, "d:getetag") for path in paths]
    await client("PUT", f"{FILES}/a/b/new.txt", b"x")
    after = [await client.value(path, "d:getetag") for path in paths]
    assert [one != two for one, two in zip(before, after, strict=True)] == [True, True, True, False]


async def test_what_was_removed_is_listed_and_put_back(client: Client, hand: Hand) -> None:
    await client("MKCOL", f"{FILES}/été")
    await client("PUT", f"{FILES}/été/a & b.txt", b"hello")
    await client("DELETE", f"{FILES}/été/a%20%26%20b.txt")
    names = ("nc:trashbin-filename", "nc:trashbin-original-location", "nc:trashbin-deletion-time", "oc:size")
    text = await client.props(TRASH, *names, depth="1")
    assert "<nc:trashbin-filename>a &amp; b.txt</nc:trashbin-filename>" in text
    assert "<nc:trashbin-original-location>été/a &amp; b.txt</nc:trashbin-original-location>" in text
    item = hrefs(text)[1]
    back = await client("MOVE", item, destination="/remote.php/dav/trashbin/ada/restore/a.txt")
    assert back.status_code == 201
    assert (await client("GET", f"{FILES}/été/a%20%26%20b.txt")).content == b"hello"
    assert len(hrefs(await client.props(TRASH, "oc:size", depth="1"))) == 1


async def test_the_trash_is_emptied_one_by_one_or_whole(client: Client, hand: Hand) -> None:
    for name in "abc":
        await client("PUT", f"{FILES}/{name}", b"x")
        await client("DELETE", f"{FILES}/{name}")
    items = hrefs(await client.props(TRASH, "oc:size", depth="1"))[1:]
    assert (await client("DELETE", items[0])).status_code == 204
    assert (await client("DELETE", items[0])).status_code == 404
    assert len(hrefs(await client.props(TRASH, "oc:size", depth="1"))) == 3
    assert (await client("DELETE", TRASH)).status_code == 204
    assert len(hrefs(await client.props(TRASH, "oc:size", depth="1"))) == 1


@pytest.mark.parametrize(
    ("method", "path", "to", "status"),
    [
        ("PROPFIND", "/remote.php/dav/trashbin/bob/trash", "", 404),
        ("PROPFIND", "/remote.php/dav/trashbin/ada", "", 404),
        ("PROPFIND", f"{TRASH}/unknown", "", 404),
        ("MOVE", f"{TRASH}/unknown", "/remote.php/dav/trashbin/ada/restore/x", 404),
        ("MOVE", f"{TRASH}/unknown", "/remote.php/dav/files/ada/x", 404),
        ("MOVE", f"{TRASH}/unknown", "/remote.php/dav/trashbin/ada/trash/x", 403),
        ("PUT", f"{TRASH}/new", "", 405),
        ("MKCOL", f"{TRASH}/new", "", 405),
        ("DELETE", "/remote.php/dav/trashbin/ada/restore", "", 404),
    ],
)
async def test_the_trash_does_nothing_else(
    client: Client, method: str, path: str, to: str, status: int
) -> None:
    headers = {"Destination": to, "Depth": "1"} if to else {"Depth": "1"}
    assert (await client(method, path, headers=headers)).status_code == status


def setting(name: str, value: str) -> str:
    prop = f"<d:prop><{name}>{value}</{name}></d:prop>"
    return f"<d:propertyupdate {NAMESPACES}><d:set>{prop}</d:set></d:propertyupdate>"


async def test_an_old_version_is_listed_read_named_and_taken_back(
    client: Client, hand: Hand, house: House
) -> None:
    await client("PUT", f"{FILES}/a.txt", b"first")
    house.clock.time_s += 100
    await client("PUT", f"{FILES}/a.txt", b"second")
    number = await client.value(f"{FILES}/a.txt", "oc:fileid")
    folder = f"{VERSIONS}/versions/{number}"
    items = hrefs(await client.props(folder, "d:getcontentlength", "d:getlastmodified", depth="1"))[1:]
    assert [(await client("GET", item)).content for item in items] == [b"second", b"first"]
    assert (await client("PROPPATCH", items[1], setting("nc:version-label", "v1"))).status_code == 207
    assert "<nc:version-label>v1<" in await client.props(folder, "nc:version-label", depth="1")
    house.clock.time_s += 100
    back = await client("MOVE", items[1], destination=f"{VERSIONS}/restore/target")
    assert back.status_code == 204
    assert (await client("GET", f"{FILES}/a.txt")).content == b"first"
    assert (await client("DELETE", items[1])).status_code == 204
    for path in (
        f"{VERSIONS}/versions/99999",
        f"{VERSIONS}/versions/x",
        "/remote.php/dav/versions/bob/versions/1",
    ):
        assert (await client("PROPFIND", path, depth="1")).status_code == 404


async def test_favourites_are_marked_and_found_and_change_no_etag(client: Client, hand: Hand) -> None:
    await client("MKCOL", f"{FILES}/folder")
    await client("PUT", f"{FILES}/folder/a.txt", b"x")
    etag = await client.value(f"{FILES}/folder/a.txt", "d:getetag")

    async def mark(value: str) -> None:
        body = setting("oc:favorite", value)
        assert (await client("PROPPATCH", f"{FILES}/folder/a.txt", body)).status_code == 207

    async def favourites(folder: str = FILES) -> list[str]:
        rules = "<oc:filter-rules><oc:favorite>1</oc:favorite></oc:filter-rules>"
        prop = "<d:prop><oc:favorite/><oc:size/></d:prop>"
        body = f"<oc:filter-files {NAMESPACES}>{prop}{rules}</oc:filter-files>"
        answer = await client("REPORT", folder, body)
        assert answer.status_code == 207
        return hrefs(answer.text)

    await mark("1")
    assert await client.value(f"{FILES}/folder/a.txt", "oc:favorite") == "1"
    assert await client.value(f"{FILES}/folder", "oc:favorite") == "0"
    assert await favourites() == [f"{FILES}/folder/a.txt"]
    assert await favourites(f"{FILES}/folder") == [f"{FILES}/folder/a.txt"]
    assert await client.value(f"{FILES}/folder/a.txt", "d:getetag") == etag
    await mark("0")
    assert await favourites() == []
    bad = await client("REPORT", FILES, f"<oc:filter-files {NAMESPACES}/>")
    assert bad.status_code == 400


def search(where: str, *, href: str = "/files/ada", limit: int = 10) -> str:
    return (
        f"<d:searchrequest {NAMESPACES}><d:basicsearch>"
        "<d:select><d:prop><d:displayname/><oc:fileid/></d:prop></d:select>"
        f"<d:from><d:scope><d:href>{href}</d:href><d:depth>infinity</d:depth></d:scope></d:from>"
        f"<d:where>{where}</d:where>"
        "<d:orderby><d:order><d:prop><d:getlastmodified/></d:prop><d:descending/></d:order></d:orderby>"
        f"<d:limit><d:nresults>{limit}</d:nresults></d:limit></d:basicsearch></d:searchrequest>"
    )


def like(name: str, text: str, operator: str = "like") -> str:
    return f"<d:{operator}><d:prop><{name}/></d:prop><d:literal>{text}</d:literal></d:{operator}>"


IMAGES = like("d:getcontenttype", "image/%")
OTHERS_OR_IMAGES = f"<d:or>{like('d:displayname', 'other%')}{IMAGES}</d:or>"
HOLIDAYS_NO_IMAGES = f"<d:and>{like('d:displayname', '%hol%')}<d:not>{IMAGES}</d:not></d:and>"


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (like("d:displayname", "%HOL%"), {"folder/holiday.jpg", "holiday.txt"}),
        (like("d:getcontenttype", "image/%"), {"folder/holiday.jpg"}),
        (OTHERS_OR_IMAGES, {"folder/holiday.jpg", "other.txt"}),
        (HOLIDAYS_NO_IMAGES, {"holiday.txt"}),
        (like("oc:size", "3", "gt"), {"folder/holiday.jpg", "folder/"}),
        ("<d:is-collection/>", {"folder/"}),
        (like("d:getlastmodified", "2999-01-01T00:00:00Z", "gt"), set()),
        (like("oc:owner-id", "ada", "eq"), {"folder/holiday.jpg", "holiday.txt", "folder/", "other.txt"}),
    ],
)
async def test_files_are_found_by_what_they_are(
    client: Client, hand: Hand, where: str, found: set[str]
) -> None:
    await client("MKCOL", f"{FILES}/folder")
    for path in ("folder/holiday.jpg", "holiday.txt", "other.txt", "gone-holiday.jpg"):
        await client("PUT", f"{FILES}/{path}", b"long content" if path.startswith("folder") else b"x")
    await client("DELETE", f"{FILES}/gone-holiday.jpg")
    answer = await client("SEARCH", "/remote.php/dav/", search(where))
    assert answer.status_code == 207, answer.text
    assert {href.removeprefix(f"{FILES}/") for href in hrefs(answer.text)} == found
    inside = await client("SEARCH", "/remote.php/dav/", search(where, href="/files/ada/folder"))
    below = {href.removeprefix(f"{FILES}/") for href in hrefs(inside.text)}
    assert below == {path for path in found if path.startswith("folder/")}


async def test_a_file_is_found_by_either_of_its_numbers(client: Client, hand: Hand) -> None:
    await hand.file("other.txt")
    await hand.file("a.txt")
    for name in ("oc:fileid", "oc:id"):
        number = await client.value(f"{FILES}/a.txt", name)
        answer = await client("SEARCH", "/remote.php/dav/", search(like("oc:fileid", number, "eq")))
        assert hrefs(answer.text) == [f"{FILES}/a.txt"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<a/>",
        search("<d:like/>"),
        search(like("d:unknown", "x")),
        search(like("oc:size", "x", "gt")),
        search(like("oc:size", "9" * 30, "gt")),
        search(like("d:getlastmodified", "soon", "gt")),
        search(like("d:displayname", "x" * 501)),
        search("<d:or>" + like("d:displayname", "x") * 101 + "</d:or>"),
        search(like("d:displayname", "x"), href="/files/../x"),
        search(like("d:displayname", "x"), href="/calendars/ada"),
        search("<oc:strange/>"),
    ],
)
async def test_a_search_that_cannot_be_understood_is_refused(client: Client, body: str) -> None:
    assert (await client("SEARCH", "/remote.php/dav/", body)).status_code == 400


async def test_nobody_searches_in_anothers_files(client: Client, house: House) -> None:
    house.person("bob")
    body = search(like("d:displayname", "%"), href="/files/bob")
    assert (await client("SEARCH", "/remote.php/dav/", body)).status_code == 404


async def test_a_direct_link_opens_one_file_for_some_hours(
    client: Client, hand: Hand, drive: DriveService, house: House
) -> None:
    node = await hand.file("film.mp4", b"film")
    number = await client.value(f"{FILES}/film.mp4", "oc:fileid")
    made = await client(
        "POST",
        "/ocs/v2.php/apps/dav/api/v1/direct?format=json",
        f"fileId={number}".encode(),
        content_type="application/x-www-form-urlencoded",
    )
    url = made.json()["ocs"]["data"]["url"]
    assert url.startswith("http://localhost:8601/content/drive/")
    house.clock.time_s += 7 * 3600
    content, _ = await drive.links.open(url.rpartition("/")[2])
    assert content.node.id == node
    house.clock.time_s += 2 * 3600
    with pytest.raises(Exception, match="link_expired"):
        await drive.links.open(url.rpartition("/")[2])


async def test_a_stranger_and_another_persons_files_are_refused(client: Client, house: House) -> None:
    house.person("bob")
    assert (await client("PROPFIND", FILES, x_test_person="")).status_code == 401
    for path in (
        "/remote.php/dav/files/bob/",
        "/remote.php/dav/files/",
        "/remote.php",
        "/remote.php/other",
        "/remote.php/dav/calendars/ada/",
    ):
        assert (await client("PROPFIND", path, depth="0")).status_code == 404
    refused = await client("PUT", f"{FILES}/missing/x", b"x")
    assert refused.status_code == 409
    assert "<s:message>" in refused.text
