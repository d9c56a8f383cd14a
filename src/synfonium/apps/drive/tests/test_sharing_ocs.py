"""The OCS Share API: what Nextcloud's clients do with shares and links."""

from typing import Any

import pytest

from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.personal import part
from synfonium.apps.drive.service.sharing import Terms
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.apps.drive.tests.nextcloud import client_of

API = "/ocs/v2.php/apps/files_sharing/api/v1"


@pytest.fixture(autouse=True)
def pages(house: House) -> None:
    house.person("bo")


async def ask(house: House, who: str, method: str, at: str, **given: Any) -> tuple[int, Any]:
    async with client_of(house, who) as client:
        answer = await client.http.request(
            method,
            f"{API}/{at}",
            params={"format": "json", **(given if method == "GET" else {})},
            data=None if method == "GET" else given,
            headers={"ocs-apirequest": "true"},
        )
        return answer.status_code, answer.json()["ocs"]["data"]


async def test_a_share_with_a_person_is_made_listed_changed_and_removed(
    house: House, drive: DriveService, hand: Hand
) -> None:
    trip = await hand.folder("Trip")
    code, made = await ask(
        house, "ada", "POST", "shares", path="/Trip", shareType=0, shareWith="bo", permissions=31
    )
    assert code == 200
    assert made["share_with"] == "bo"
    assert made["permissions"] == 31
    assert made["uid_owner"] == made["uid_file_owner"] == "ada"
    assert made["path"] == "/Trip"
    code, listed = await ask(house, "ada", "GET", "shares", path="/Trip")
    assert [one["id"] for one in listed] == [made["id"]]
    code, got = await ask(house, "bo", "GET", "shares", shared_with_me="true")
    assert [one["file_target"] for one in got] == ["/Trip"]
    code, _ = await ask(house, "bo", "PUT", f"shares/{made['id']}", permissions=1)
    assert code == 404
    code, changed = await ask(
        house, "ada", "PUT", f"shares/{made['id']}", permissions=1, expireDate="2099-01-31"
    )
    assert (changed["permissions"], changed["expiration"]) == (1, "2099-01-31 00:00:00")
    async with client_of(house, "bo") as client:
        assert await client.value("/remote.php/dav/files/bo/Trip/", "oc:permissions") == "SMGDNV"
    async with client_of(house, "ada") as client:
        types = await client.value("/remote.php/dav/files/ada/Trip/", "oc:share-types")
        assert types == "<oc:share-type>0</oc:share-type>"
    code, _ = await ask(house, "bo", "DELETE", f"shares/{made['id']}")
    assert code == 200
    assert (await ask(house, "ada", "GET", "shares"))[1] == []
    assert (await drive.tree.node(hand.actor, trip)).name == "Trip"


async def test_a_link_is_made_with_a_password_and_changed(
    house: House, drive: DriveService, hand: Hand
) -> None:
    await hand.folder("Box")
    code, made = await ask(
        house, "ada", "POST", "shares", path="/Box", shareType=3, permissions=4, password="linden", label="L"
    )
    assert code == 200
    assert made["permissions"] == 4
    assert made["url"].endswith(f"/s/{made['token']}")
    entry = await drive.linking.come(made["token"], "")
    assert entry.link.mode == "drop"
    assert entry.guest is None
    code, changed = await ask(house, "ada", "PUT", f"shares/{made['id']}", permissions=1, password="")
    assert changed["permissions"] == 1
    assert (await drive.linking.come(made["token"], "")).guest is not None
    code, _ = await ask(house, "bo", "DELETE", f"shares/{made['id']}")
    assert code == 404
    code, _ = await ask(house, "ada", "DELETE", f"shares/{made['id']}")
    assert code == 200


async def test_what_cannot_be_is_refused(house: House, hand: Hand) -> None:
    await hand.folder("Trip")
    for given, status in (
        ({"path": "/Nowhere", "shareType": 0, "shareWith": "bo"}, 404),
        ({"path": "/", "shareType": 0, "shareWith": "bo"}, 404),
        ({"path": "/Trip", "shareType": 0, "shareWith": "nobody"}, 404),
        ({"path": "/Trip", "shareType": 1, "shareWith": "choir"}, 404),
        ({"path": "/Trip", "shareType": 6, "shareWith": "bo"}, 400),
        ({"path": "/Trip", "shareType": 0, "shareWith": "bo", "permissions": 3}, 400),
        ({"path": "/Trip", "shareType": 0, "shareWith": "bo", "permissions": 0}, 400),
        ({"path": "/Trip", "shareType": 0, "shareWith": "bo", "permissions": "x"}, 400),
        ({"path": "/Trip", "shareType": 3, "expireDate": "soon"}, 400),
    ):
        assert (await ask(house, "ada", "POST", "shares", **given))[0] == status, given
    assert (await ask(house, "ada", "GET", "shares/99"))[0] == 404
    assert (await ask(house, "ada", "GET", "shares/x"))[0] == 404


async def test_sharees_are_who_is_known(house: House, drive: DriveService, hand: Hand) -> None:
    house.person("bonnie")
    house.school.groups["choir"] = [hand.actor.id]
    _code, found = await ask(house, "ada", "GET", "sharees", search="bo", itemType="folder")
    assert [one["value"]["shareWith"] for one in found["exact"]["users"]] == ["bo"]
    assert found["users"] == []
    _code, found = await ask(house, "ada", "GET", "sharees", search="choi", itemType="folder")
    assert [one["value"] for one in found["groups"]] == [{"shareType": 1, "shareWith": "choir"}]
    await hand.folder("Songs")
    code, made = await ask(house, "ada", "POST", "shares", path="/Songs", shareType=1, shareWith="choir")
    assert (code, made["share_type"]) == (200, 1)


async def test_what_is_erased_with_a_person(house: House, drive: DriveService, hand: Hand) -> None:
    bo = house.people["bo"]
    trip = await hand.folder("Trip")
    await drive.sharing.make(hand.actor, trip, "bo", Terms(may_share=True))
    await part(house.context).erase(bo.id)
    given, _made, _may = await drive.sharing.of_node(hand.actor, trip)
    assert given == []
