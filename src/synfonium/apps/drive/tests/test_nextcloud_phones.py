"""What the phone apps ask, one request after the other, as their published libraries put it.

Written from Nextcloud's developer manual and from what the public libraries of the apps for Android and
iOS (nextcloud/android-library, nextcloud/NextcloudKit) send; no telephone was recorded.
"""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.store import photos
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.apps.drive.tests.nextcloud import FILES, NAMESPACES, TRASH, Client, client_of, hrefs
from synfonium.kernel.actor import Person

ANDROID = "Mozilla/5.0 (Android) Nextcloud-android/3.30.0"
IOS = "Mozilla/5.0 (iOS) Nextcloud-iOS/5.5.0"
ANDROID_ASKS = (
    "d:displayname d:getcontenttype d:resourcetype d:getcontentlength d:getlastmodified d:creationdate "
    "d:getetag d:quota-used-bytes d:quota-available-bytes oc:permissions oc:id oc:fileid oc:size "
    "oc:favorite nc:is-encrypted nc:mount-type oc:owner-id oc:owner-display-name oc:comments-unread "
    "nc:has-preview nc:note nc:sharees nc:rich-workspace nc:creation_time nc:upload_time nc:lock nc:lock- "
    "owner-type nc:lock-owner nc:lock-owner-displayname nc:lock-owner-editor nc:lock-time nc:lock-timeout "
    "nc:lock-token nc:system-tags nc:file-metadata-size nc:file-metadata-gps nc:metadata-photos-size "
    "nc:metadata-photos-gps nc:metadata-files-live-photo nc:hidden"
)
IOS_ASKS = (
    "d:displayname nc:share-download-limits d:getlastmodified d:getetag d:getcontenttype d:resourcetype "
    "d:quota-available-bytes d:quota-used-bytes d:getcontentlength oc:permissions oc:id oc:fileid oc:size "
    "oc:favorite oc:share-types oc:owner-id oc:owner-display-name oc:comments-unread oc:checksums "
    "oc:downloadURL oc:data-fingerprint nc:creation_time nc:upload_time nc:is-encrypted nc:has-preview "
    "nc:mount-type nc:rich-workspace nc:note nc:lock nc:lock-owner nc:system-tags nc:file-metadata-size "
    "nc:metadata-photos-original_date_time nc:metadata-photos-size nc:metadata-files-live-photo nc:hidden "
    "x1:share-permissions x2:share-permissions"
)
NEEDED = ("oc:id", "oc:fileid", "oc:permissions", "oc:size", "d:getetag", "oc:favorite", "nc:has-preview")
ALL = NAMESPACES + (
    ' xmlns:x1="http://open-collaboration-services.org/ns" xmlns:x2="http://open-cloud-mesh.org/ns"'
)


@pytest.fixture
async def client(house: House, ada: Person) -> AsyncIterator[Client]:
    async with client_of(house) as client:
        yield client


async def ocs(client: Client, method: str, path: str, content: Any = None, **more: str) -> tuple[int, Any]:
    sign = "&" if "?" in path else "?"
    headers = {"OCS-APIRequest": "true", "Accept": "application/json", **more}
    answer = await client(method, f"/ocs/v2.php/{path}{sign}format=json", content, headers=headers)
    told = answer.json()["ocs"]
    assert told["meta"]["statuscode"] == answer.status_code
    return answer.status_code, told["data"]


def listing(names: str) -> str:
    return (
        f"<d:propfind {ALL}><d:prop>{''.join(f'<{name}/>' for name in names.split())}</d:prop></d:propfind>"
    )


@pytest.mark.parametrize("agent", [ANDROID, IOS])
async def test_an_app_comes_to_its_credential(client: Client, house: House, ada: Person, agent: str) -> None:
    status = await client("GET", "/status.php", user_agent=agent, x_test_person="")
    assert {"installed", "maintenance", "version", "versionstring", "productname"} <= status.json().keys()
    begun = await client("POST", "/index.php/login/v2", user_agent=agent, x_test_person="")
    poll = begun.json()["poll"]
    assert poll["endpoint"] == "http://localhost:8600/index.php/login/v2/poll"
    assert begun.json()["login"].startswith("http://localhost:8600/")
    form = "application/x-www-form-urlencoded"
    waiting = await client(
        "POST",
        "/index.php/login/v2/poll",
        f"token={poll['token']}".encode(),
        content_type=form,
        user_agent=agent,
    )
    assert waiting.status_code == 404
    code, user = await ocs(client, "GET", "cloud/user", user_agent=agent)
    assert code == 200
    assert {"id", "display-name", "email", "quota"} <= user.keys()
    assert (await ocs(client, "GET", f"cloud/users/{user['id']}"))[1]["id"] == "ada"
    code, told = await ocs(client, "GET", "cloud/capabilities", user_agent=agent)
    assert told["version"]["major"] >= 20
    assert told["capabilities"]["files"]["undelete"] is True
    assert "notifications" not in told["capabilities"]


@pytest.mark.parametrize("asks", [ANDROID_ASKS, IOS_ASKS], ids=["android", "ios"])
async def test_a_folder_is_listed_with_what_an_app_asks(client: Client, hand: Hand, asks: str) -> None:
    folder = await hand.folder("été")
    await hand.file("a & b.jpg", b"x", folder)
    answer = await client("PROPFIND", f"{FILES}/%C3%A9t%C3%A9/", listing(asks), depth="1")
    assert answer.status_code == 207
    assert hrefs(answer.text) == [f"{FILES}/%C3%A9t%C3%A9/", f"{FILES}/%C3%A9t%C3%A9/a%20%26%20b.jpg"]
    for response in answer.text.split("<d:response>")[1:]:
        first = response.partition("</d:propstat>")[0]  # the app for iOS reads no other
        assert "HTTP/1.1 200 OK" in first
        assert all(f"<{name}>" in first for name in NEEDED)


def media(day: str, *, until: str, since: str, rows: int) -> str:
    def compare(operator: str, prop: str, value: str) -> str:
        return f"<d:{operator}><d:prop><{prop}/></d:prop><d:literal>{value}</d:literal></d:{operator}>"

    kinds = compare("like", "d:getcontenttype", "image/%") + compare("like", "d:getcontenttype", "video/%")
    times = f"<d:and>{compare('lt', day, until)}{compare('gt', day, since)}</d:and>"
    order = "".join(
        f"<d:order><d:prop><{name}/></d:prop><d:descending/></d:order>" for name in (day, "d:displayname")
    )
    return (
        f"<d:searchrequest {ALL}><d:basicsearch><d:select><d:prop><oc:id/><{day}/></d:prop></d:select>"
        "<d:from><d:scope><d:href>/files/ada</d:href><d:depth>infinity</d:depth></d:scope></d:from>"
        f"<d:orderby>{order}</d:orderby><d:where><d:and><d:or>{kinds}</d:or><d:or>{times}</d:or></d:and></d:where>"
        f"<d:limit><d:nresults>{rows}</d:nresults></d:limit></d:basicsearch></d:searchrequest>"
    )


async def test_photos_come_by_the_day_they_were_taken_a_page_at_a_time(
    client: Client, hand: Hand, drive: DriveService, house: House
) -> None:
    now_s = int(time.time())
    folder, taken = (
        await hand.folder("DCIM"),
        {"b.jpg": now_s - 500, "film.mp4": now_s - 900, "a.jpg": now_s - 100},
    )
    for name, time_s in taken.items():
        node = await hand.file(name, b"x", folder)
        await drive.photos.want([node])
        await drive.room.context.database.write(lambda c, n=node, t=time_s: photos.settle(c, n, float(t)))
    await hand.file("note.txt", b"x", folder)
    day = "nc:metadata-photos-original_date_time"

    async def page(until: str, since: str, rows: int = 10) -> list[str]:
        answer = await client("SEARCH", "/remote.php/dav", media(day, until=until, since=since, rows=rows))
        assert answer.status_code == 207, answer.text
        return [href.rpartition("/")[2] for href in hrefs(answer.text)]

    assert await page(str(now_s), "0") == ["a.jpg", "b.jpg", "film.mp4"]
    assert await page(str(now_s), "0", rows=2) == ["a.jpg", "b.jpg"]
    assert await page(str(taken["b.jpg"]), "0") == ["film.mp4"]
    assert await page(f"{now_s}.5", str(taken["film.mp4"])) == ["a.jpg", "b.jpg"]
    assert await client.value(f"{FILES}/DCIM/a.jpg", day) == str(taken["a.jpg"])
    # As older ones ask: by when it was written.
    day = "d:getlastmodified"
    assert set(await page("2999-01-01T00:00:00Z", "1970-01-01T00:00:00Z")) == set(taken)


async def test_favourites_are_found_by_search_as_android_asks(client: Client, hand: Hand) -> None:
    await hand.file("a.txt")
    set_ = "<d:set><d:prop><oc:favorite>1</oc:favorite></d:prop></d:set>"
    await client("PROPPATCH", f"{FILES}/a.txt", f"<d:propertyupdate {NAMESPACES}>{set_}</d:propertyupdate>")
    where = "<d:eq><d:prop><oc:favorite/></d:prop><d:literal>yes</d:literal></d:eq>"
    body = (
        f"<d:searchrequest {NAMESPACES}><d:basicsearch><d:select><d:prop><oc:id/></d:prop></d:select><d:from>"
        "<d:scope><d:href>/files/ada</d:href><d:depth>infinity</d:depth></d:scope></d:from>"
        f"<d:where>{where}</d:where><d:orderby/></d:basicsearch></d:searchrequest>"
    )
    assert hrefs((await client("SEARCH", "/remote.php/dav/", body)).text) == [f"{FILES}/a.txt"]


async def test_one_search_field_finds_files_by_parts_of_their_names(client: Client, hand: Hand) -> None:
    code, providers = await ocs(client, "GET", "search/providers")
    assert [one["id"] for one in providers] == ["files"]
    folder = await hand.folder("été")
    for number in range(5):
        await hand.file(f"100% holiday {number}.jpg", b"x", folder)
    await hand.file("other.txt")
    path = "search/providers/files/search?term=100%25%20HOLIDAY&limit=3"
    code, first = await ocs(client, "GET", path)
    assert code == 200
    assert (first["isPaginated"], first["cursor"], len(first["entries"])) == (True, 3, 3)
    _, rest = await ocs(client, "GET", f"{path}&cursor={first['cursor']}")
    assert (rest["isPaginated"], rest["cursor"], len(rest["entries"])) == (False, None, 2)
    found = [*first["entries"], *rest["entries"]]
    assert {entry["title"] for entry in found} == {f"100% holiday {number}.jpg" for number in range(5)}
    entry = next(entry for entry in found if entry["title"] == "100% holiday 3.jpg")
    assert entry["attributes"]["path"] == "/été/100% holiday 3.jpg"
    number = await client.value(f"{FILES}/%C3%A9t%C3%A9/100%25%20holiday%203.jpg", "oc:fileid")
    assert entry["attributes"]["fileId"] == number
    assert f"fileId={number}" in entry["thumbnailUrl"]
    shown = await client("GET", entry["resourceUrl"].removeprefix("http://localhost:8600"))
    assert (shown.status_code, shown.headers["location"]) == (
        303,
        f"http://localhost:8600/drive/number/{number}",
    )
    assert (await ocs(client, "GET", "search/providers/files/search?term="))[1]["entries"] == []
    for bad in ("files/search?term=x&cursor=-1", "files/search?term=x&limit=y", "mail/search?term=x"):
        assert (await ocs(client, "GET", f"search/providers/{bad}"))[0] in (400, 404)


@pytest.mark.parametrize("path", ["", "x", "1/2", "-1", "9" * 19, "%31"])
async def test_an_address_that_shows_nothing_is_refused(client: Client, path: str) -> None:
    assert (await client("GET", f"/index.php/f/{path}")).status_code == 404


async def test_whom_to_share_with_is_asked_page_by_page(client: Client, house: House) -> None:
    house.person("bea")
    for path in ("search=bea&itemType=file&page=1&perPage=50&lookup=false", "search=bea&itemType=folder"):
        code, told = await ocs(client, "GET", f"apps/files_sharing/api/v1/sharees?{path}")
        assert code == 200
        assert [one["value"]["shareWith"] for one in told["exact"]["users"]] == ["bea"]
        assert {"users", "groups", "remotes", "emails", "exact"} <= told.keys()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "apps/notifications/api/v2/notifications"),
        ("POST", "apps/notifications/api/v2/push"),
        ("DELETE", "apps/notifications/api/v2/push"),
        ("GET", "apps/user_status/api/v1/user_status"),
        ("GET", "apps/activity/api/v2/activity/all?limit=50"),
        ("GET", "apps/files/api/v1/directEditing"),
        ("GET", "apps/external/api/v1"),
        ("GET", "apps/end_to_end_encryption/api/v1/public-key"),
        ("GET", "apps/recommendations/api/v1/recommendations"),
        ("GET", "apps/dashboard/api/v1/widgets"),
        ("GET", "apps/terms_of_service/terms"),
        ("GET", "hovercard/v1/ada"),
        ("GET", "translation/languages"),
        ("PUT", "apps/files_lock/lock/1"),
    ],
)
async def test_what_is_not_here_is_refused_and_the_app_goes_on(
    client: Client, method: str, path: str
) -> None:
    form = "application/x-www-form-urlencoded"
    said = (
        b"pushTokenHash=x&devicePublicKey=y&proxyServer=https%3A%2F%2Fpush.example"
        if method == "POST"
        else None
    )
    code, data = await ocs(client, method, path, said, **{"content-type": form})
    assert (code, data) == (404, [])


async def test_the_trash_is_listed_as_ios_asks(client: Client, hand: Hand) -> None:
    await hand.file("a.jpg")
    await client("DELETE", f"{FILES}/a.jpg")
    asks = (
        "d:displayname d:getcontenttype d:resourcetype oc:id oc:fileid oc:size nc:has-preview "
        "nc:trashbin-filename nc:trashbin-original-location nc:trashbin-deletion-time"
    )
    answer = await client("PROPFIND", TRASH, listing(asks), depth="1")
    last = answer.text.rpartition("<d:response>")[2]
    assert all(f"<{name}>" in last for name in asks.split() if name != "d:resourcetype")
