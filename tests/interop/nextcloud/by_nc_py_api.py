"""What a person does with nc_py_api, one scene after the other, each with an empty drive.

`by_nc_py_api.py URL PERSON SECRET OTHER`, run by an interpreter of its own: only what that package and
Python bring is here. Says as JSON of each scene why it failed; nothing of one that did not.
"""

import asyncio
import io
import json
import os
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from nc_py_api import AsyncNextcloud, NextcloudException
from nc_py_api.files import FilePermissions, ShareType

URL, PERSON, SECRET, OTHER = sys.argv[1:5]
nc = AsyncNextcloud(nextcloud_url=URL, nc_auth_user=PERSON, nc_auth_pass=SECRET)


async def refused(asked: Awaitable[object], *statuses: int) -> None:
    """By the protocol: with a status and its words."""
    status = 200
    try:
        await asked
    except NextcloudException as problem:
        status = problem.status_code
    assert status in statuses, (status, asked)


async def files() -> None:
    made = await nc.files.makedirs("été/deep & deeper", exist_ok=True)
    assert made.is_dir
    put = await nc.files.upload("été/100% a+b.txt", "words")
    assert put.file_id == (await nc.files.by_path("été/100% a+b.txt")).file_id
    assert await nc.files.download(put) == b"words"
    assert {node.name for node in await nc.files.listdir("été")} == {"deep & deeper", "100% a+b.txt"}
    copied = await nc.files.copy(put, "été/deep & deeper/copy.txt")
    assert copied.file_id != put.file_id
    assert await nc.files.download(copied) == b"words"
    moved = await nc.files.move(put, "moved.txt")
    assert moved.file_id == put.file_id
    await nc.files.upload("other.txt", "other")
    await refused(nc.files.move("moved.txt", "other.txt"), 412)
    await nc.files.move("moved.txt", "other.txt", overwrite=True)
    assert await nc.files.download("other.txt") == b"words"
    await refused(nc.files.download("gone.txt"), 404)
    await refused(nc.files.mkdir("no/such/parent"), 409)
    await nc.files.delete("gone.txt", not_fail=True)
    sink = io.BytesIO()
    await nc.files.download2stream("other.txt", sink)
    assert sink.getvalue() == b"words"


async def chunks() -> None:
    content = os.urandom(6_000_000)
    whole = await nc.files.upload_stream("big.bin", io.BytesIO(content))
    assert await nc.files.download(whole) == content
    await nc.files.upload_stream("big.bin", io.BytesIO(content[:5]))
    assert await nc.files.download("big.bin") == content[:5]
    old = AsyncNextcloud(nextcloud_url=URL, nc_auth_user=PERSON, nc_auth_pass=SECRET, chunked_upload_v2=False)
    await old.files.upload_stream("old.bin", io.BytesIO(content), chunk_size=1_000_000)
    assert await nc.files.download("old.bin") == content


async def finding() -> None:
    await nc.files.makedirs("a/b")
    await nc.files.upload("a/b/holiday.jpg", b"x" * 20)
    await nc.files.upload("holiday.txt", b"x")
    found = await nc.files.find(["like", "name", "%holiday%"])
    assert {node.user_path for node in found} == {"a/b/holiday.jpg", "holiday.txt"}
    assert [n.name for n in await nc.files.find(["like", "mime", "image/%"], path="a")] == ["holiday.jpg"]
    found = await nc.files.find(["and", "gt", "size", 10, "like", "name", "%.jpg"])
    assert [node.name for node in found] == ["holiday.jpg"]
    assert (await nc.files.by_id(found[0].file_id)).user_path == "a/b/holiday.jpg"
    assert (await nc.files.by_id(found[0].info.fileid)).user_path == "a/b/holiday.jpg"
    assert await nc.files.find(["gt", "last_modified", "2999-01-01T00:00:00Z"]) == []
    await nc.files.setfav("holiday.txt", True)
    favourites = await nc.files.list_by_criteria(["favorite"])
    assert [node.name for node in favourites] == ["holiday.txt"]
    assert favourites[0].info.favorite
    await nc.files.setfav("holiday.txt", False)
    assert await nc.files.list_by_criteria(["favorite"]) == []


async def trash() -> None:
    await nc.files.makedirs("folder")
    await nc.files.upload("folder/a.txt", b"hello")
    await nc.files.delete("folder/a.txt")
    (item,) = await nc.files.trashbin_list()
    assert item.info.trashbin_filename == "a.txt"
    assert item.info.trashbin_original_location == "folder/a.txt"
    assert abs(int(item.info.trashbin_deletion_time) - time.time()) < 60
    await nc.files.trashbin_restore(item)
    assert await nc.files.download("folder/a.txt") == b"hello"
    await nc.files.delete("folder")
    await nc.files.trashbin_delete((await nc.files.trashbin_list())[0])
    assert await nc.files.trashbin_list() == []
    await nc.files.upload("b.txt", b"x")
    await nc.files.delete("b.txt")
    await nc.files.trashbin_cleanup()
    assert await nc.files.trashbin_list() == []


async def versions() -> None:
    await nc.files.upload("a.txt", b"first")
    await asyncio.sleep(2.1)  # what is written over sooner was one act of saving
    await nc.files.upload("a.txt", b"second, longer")
    history = await nc.files.get_versions(await nc.files.by_path("a.txt"))
    first = next(version for version in history if version.info.content_length == 5)
    await nc.files.restore_version(first)
    assert await nc.files.download("a.txt") == b"first"


async def sharing() -> None:
    await nc.files.makedirs("Trip")
    await nc.files.upload("Trip/a.txt", b"a")
    assert nc.files.sharing is not None
    link = await nc.files.sharing.create(
        "Trip", ShareType.TYPE_LINK, label="for all", password="apple tree lane"
    )
    assert link.url.startswith(URL)
    assert link.share_type == ShareType.TYPE_LINK
    link = await nc.files.sharing.update(link, note="soon")
    assert link.note == "soon"
    await refused(nc.files.sharing.create("Trip", ShareType.TYPE_USER, share_with="nobody-of-that-name"), 404)
    given = await nc.files.sharing.create(
        "Trip", ShareType.TYPE_USER, FilePermissions.PERMISSION_READ, share_with=OTHER
    )
    assert {share.share_id for share in await nc.files.sharing.get_list()} == {link.share_id, given.share_id}
    assert {s.share_id for s in await nc.files.sharing.get_list(path="Trip")} == {
        link.share_id,
        given.share_id,
    }
    assert (await nc.files.sharing.get_by_id(given.share_id)).share_with == OTHER
    assert await nc.files.sharing.get_list(shared_with_me=True) == []
    assert await nc.files.sharing.get_pending() == []
    assert await nc.files.sharing.get_deleted() == []
    inherited = await nc.files.sharing.get_inherited("Trip/a.txt")
    assert {share.share_id for share in inherited} == {link.share_id, given.share_id}
    assert await nc.files.sharing.get_inherited("Trip") == []
    assert (await nc.users.get_avatar(OTHER, 512)).startswith(b"\x89PNG")
    await nc.files.sharing.delete(given)
    await nc.files.sharing.delete(link)
    assert await nc.files.sharing.get_list() == []
    await refused(nc.files.sharing.get_by_id(given.share_id), 404)


async def folders_as_zip() -> None:
    await nc.files.makedirs("folder/été")
    await nc.files.upload("folder/été/a.txt", b"hello")
    with tempfile.TemporaryDirectory() as place:
        path = await nc.files.download_directory_as_zip("folder", Path(place) / "folder.zip")
        with zipfile.ZipFile(path) as archive:
            assert {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")} == {
                "été/a.txt": b"hello"
            }


async def about_oneself() -> None:
    assert await nc.user == PERSON
    me = await nc.users.get_user()
    assert me.user_id == PERSON
    assert me.quota["used"] == 0
    assert (await nc.srv_version)["major"] >= 29
    picture = await nc.users.get_avatar(PERSON, 64)
    assert picture.startswith(b"\x89PNG")
    assert await nc.users.get_avatar(PERSON, 64, dark=True) != picture
    await refused(nc.users.get_avatar("nobody-of-that-name", 64), 404)
    await refused(nc.users.get_avatar(OTHER, 64), 404)


async def what_is_not_here() -> None:
    """Apps of Nextcloud's that this house has not are refused, each as that protocol refuses."""
    for asked in (
        nc.users.get_list(),
        nc.users_groups.get_list(),
        nc.users.create("somebody", password="a long enough password"),
        nc.users.delete(OTHER),
        nc.user_status.get_current(),
        nc.user_status.set_status_type("away"),
        nc.weather_status.get_location(),
        nc.notifications.get_all(),
        nc.activity.get_activities(),
        nc.notes.get_list(),
        nc.talk.get_user_conversations(),
        nc.teams.get_list(),
        nc.apps.get_list(),
        nc.webhooks.get_list(),
        nc.files.list_tags(),
        nc.files.get_tags(1),
        nc.files.create_tag("urgent"),
        nc.files.list_by_criteria(tags=[1]),
        nc.files.lock("a.txt"),
        nc.preferences.set_value("app", "key", "value"),
    ):
        await refused(asked, 400, 403, 404, 405, 412, 501)


async def main() -> None:
    said = {}
    for scene in SCENES:
        said[scene.__name__] = await play(scene)
    print(json.dumps(said))


async def play(scene: Callable[[], Awaitable[None]]) -> str:
    try:
        for node in await nc.files.listdir():
            await nc.files.delete(node)
        await nc.files.trashbin_cleanup()
        await scene()
    except Exception:
        return traceback.format_exc()
    return ""


SCENES = (
    about_oneself,
    files,
    chunks,
    finding,
    trash,
    versions,
    sharing,
    folders_as_zip,
    what_is_not_here,
)
asyncio.run(main())
