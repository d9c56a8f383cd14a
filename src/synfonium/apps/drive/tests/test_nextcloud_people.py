"""Portraits of people, and who sees whose."""

import io
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.portraits import Sketch, letters_of
from synfonium.apps.drive.service.sharing import Terms
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.apps.drive.tests.nextcloud import Client, client_of
from synfonium.kernel.actor import Person


@pytest.fixture
async def client(house: House, ada: Person) -> AsyncIterator[Client]:
    async with client_of(house) as client:
        yield client


async def sees(client: Client, name: str) -> bool:
    seen = {
        (await client("GET", path)).status_code
        for path in (
            f"/index.php/avatar/{name}/64",
            f"/index.php/avatar/{name}/128/dark",
            f"/remote.php/dav/avatars/{name}/128.png",
        )
    }
    assert seen in ({200}, {404})
    return seen == {200}


async def test_only_who_has_to_do_with_somebody_sees_their_portrait(
    client: Client, house: House, ada: Person, hand: Hand, drive: DriveService
) -> None:
    bea, cid, dan = house.person("bea"), house.person("cid"), house.person("dan")
    house.person("suspended")
    assert await sees(client, "ada")
    assert [await sees(client, name) for name in ("bea", "cid", "dan", "nobody", "suspended")] == [False] * 5
    await drive.sharing.make(ada, await hand.folder("Trip"), "bea", Terms())
    house.school.people += [ada.id, cid.id]
    top = (await drive.tree.top(dan)).id
    given = await drive.tree.make_folder(dan, top, "Plans")
    await drive.sharing.make(dan, given.id, "ada", Terms())
    house.clock.time_s += 10
    assert [await sees(client, name) for name in ("bea", "cid", "dan")] == [True] * 3
    for other in (bea, dan):
        async with client_of(house, other.name) as theirs:
            assert await sees(theirs, "ada")
            assert not await sees(theirs, "cid")


async def test_a_portrait_is_a_picture_of_one_of_two_sizes_and_asked_for_once(client: Client) -> None:
    for asked, pixels in ((1, 64), (64, 64), (65, 512), (99_999, 512)):
        answer = await client("GET", f"/index.php/avatar/ada/{asked}")
        assert answer.headers["content-type"] == "image/png"
        assert Image.open(io.BytesIO(answer.content)).size == (pixels, pixels)
    again = await client("GET", "/index.php/avatar/ada/512", if_none_match=answer.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    dark = await client("GET", "/index.php/avatar/ada/512/dark", if_none_match=answer.headers["etag"])
    assert dark.status_code == 200
    assert dark.content != answer.content
    stranger = await client("GET", "/index.php/avatar/ada/64", x_test_person="")
    assert stranger.status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/index.php/avatar/ada",
        "/index.php/avatar/ada/",
        "/index.php/avatar/ada/x",
        "/index.php/avatar/ada/-1",
        "/index.php/avatar/ada/999999",
        "/index.php/avatar/ada/64/light",
        "/index.php/avatar/ada/64/dark/x",
        "/index.php/avatar/../ada/64",
        "/index.php/avatar/%00/64",
        "/remote.php/dav/avatars/ada",
        "/remote.php/dav/avatars/ada/64",
        "/remote.php/dav/avatars/ada/64.svg",
        "/remote.php/dav/avatars/ada/64.png/x",
    ],
)
async def test_what_names_no_portrait_is_refused(client: Client, path: str) -> None:
    assert (await client("GET", path)).status_code in (400, 404)
    assert (await client("POST", path)).status_code in (400, 404, 405)


@pytest.mark.parametrize(
    ("display", "letters"),
    [
        ("Ada Lovelace", "AL"),
        ("élodie", "E"),
        ("  Jean-Paul de la Tour", "JD"),
        ("日本 太郎", ""),
        ("Ω b", "B"),
        ("", ""),
        ("👩‍👩‍👧 x", "X"),
    ],
)
async def test_anybody_can_be_drawn(display: str, letters: str) -> None:
    assert letters_of(display) == letters
    picture = Image.open(io.BytesIO(await Sketch(letters, 1, 64, True).png()))
    assert len(picture.convert("RGB").getcolors() or ()) > 1
