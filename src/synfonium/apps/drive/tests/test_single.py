"""A grant of one file over WebDAV: the file, and a folder that holds nothing else."""

import httpx
import pytest

from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.apps.drive.tests.test_webdav import LOCK, Client, dav
from synfonium.kernel.actor import Person

__all__ = ["dav"]
NAME = "tea%20%26%20milk.txt"


class Given:
    """What an app may ask of the one file that it was given."""

    def __init__(self, dav: Client, grant: str) -> None:
        self.top, self._dav, self._grant = f"/dav/grants/{grant}", dav, grant

    async def __call__(
        self, method: str, rest: str = "", content: object = None, **sent: str
    ) -> httpx.Response:
        return await self._dav(method, self.top + rest, content, x_test_person=self._grant, **sent)


@pytest.fixture
async def tea(hand: Hand) -> NodeId:
    await hand.file("beside.txt", b"beside")
    return await hand.file("tea & milk.txt", b"hot")


@pytest.fixture
async def given(dav: Client, house: House, ada: Person, tea: NodeId) -> Given:
    return Given(dav, house.holder(ada, f"drive:node/{tea}", "read", "write").grants[0])


async def test_the_folder_of_a_granted_file_lists_that_file_alone(given: Given) -> None:
    folder = await given("PROPFIND", "/", depth="0")
    assert folder.status_code == 207
    assert folder.text.count("<D:response>") == 1
    assert f"<D:href>{given.top}/</D:href>" in folder.text
    assert "<D:collection/>" in folder.text
    listed = (await given("PROPFIND", "/", depth="1")).text
    assert listed.count("<D:response>") == 2
    assert f"<D:href>{given.top}/{NAME}</D:href>" in listed
    assert "beside" not in listed
    assert (await given("PROPFIND", "/", depth="infinity")).status_code == 403


async def test_the_file_answers_by_its_name_in_the_folder(given: Given, hand: Hand, tea: NodeId) -> None:
    assert (await given("GET", f"/{NAME}")).content == b"hot"
    assert (await given("HEAD", f"/{NAME}")).headers["content-length"] == "3"
    seen = (await given("PROPFIND", f"/{NAME}", depth="1")).text
    assert seen.count("<D:response>") == 1
    assert f"<D:href>{given.top}/{NAME}</D:href>" in seen
    assert (await given("PUT", f"/{NAME}", b"cold")).status_code == 204
    assert await hand.read(tea) == b"cold"


async def test_without_a_slash_it_is_the_file_itself(given: Given) -> None:
    assert (await given("GET")).content == b"hot"
    assert "<D:collection/>" not in (await given("PROPFIND", depth="0")).text
    assert (await given("PUT", "", b"cold")).status_code == 204


async def test_nothing_can_lie_beside_the_file(given: Given, hand: Hand) -> None:
    for method in ("GET", "HEAD", "PROPFIND"):
        assert (await given(method, "/beside.txt", depth="0")).status_code == 404
    for method in ("PUT", "MKCOL", "LOCK", "DELETE", "PROPPATCH"):
        assert (await given(method, "/new", LOCK if method == "LOCK" else None)).status_code == 403
    deep = await given("PUT", f"/{NAME}/deep", b"x")
    assert deep.status_code == 403
    for method in ("MOVE", "COPY"):
        to = f"http://localhost{given.top}/other"
        assert (await given(method, f"/{NAME}", destination=to)).status_code in (403, 404)
    assert await hand.names() == ["beside.txt", "tea & milk.txt"]


async def test_the_folder_itself_is_neither_read_nor_written(given: Given) -> None:
    for method in ("GET", "PUT", "MKCOL"):
        assert (await given(method, "/", None)).status_code == 405
    for method in ("DELETE", "PROPPATCH", "LOCK"):
        assert (await given(method, "/", None)).status_code == 403
    assert (await given("GET", f"/{NAME}")).content == b"hot"


async def test_the_file_is_locked_and_written_with_the_token_by_its_name(given: Given) -> None:
    locked = await given("LOCK", f"/{NAME}", LOCK)
    assert locked.status_code == 200
    assert f"<D:href>{given.top}/{NAME}</D:href>" in locked.text
    token = locked.headers["lock-token"]
    assert (await given("PUT", f"/{NAME}", b"no")).status_code == 423
    tagged = f"<http://localhost{given.top}/{NAME}> ({token})"
    assert (await given("PUT", f"/{NAME}", b"yes", **{"if": tagged})).status_code == 204
    assert (await given("UNLOCK", f"/{NAME}", lock_token=token)).status_code == 204


async def test_a_file_given_to_read_is_not_written_by_its_name(
    dav: Client, house: House, ada: Person, tea: NodeId
) -> None:
    reads = Given(dav, house.holder(ada, f"drive:node/{tea}", "read").grants[0])
    assert (await reads("GET", f"/{NAME}")).content == b"hot"
    assert (await reads("PUT", f"/{NAME}", b"x")).status_code == 403


async def test_a_renamed_file_answers_by_its_new_name_at_once(given: Given, dav: Client) -> None:
    await dav("MOVE", f"/dav/files/ada/{NAME}", destination="http://localhost/dav/files/ada/cup.txt")
    assert (await given("GET", f"/{NAME}")).status_code == 404
    assert (await given("GET", "/cup.txt")).content == b"hot"


async def test_a_folder_grant_stays_a_folder(dav: Client, house: House, ada: Person, hand: Hand) -> None:
    folder = await hand.folder("shared")
    await hand.file("in.txt", b"in", folder)
    shared = Given(dav, house.holder(ada, f"drive:node/{folder}", "read", "write").grants[0])
    for _ in range(2):
        assert (await shared("GET", "/in.txt")).content == b"in"
        assert "in.txt" in (await shared("PROPFIND", "/", depth="1")).text
