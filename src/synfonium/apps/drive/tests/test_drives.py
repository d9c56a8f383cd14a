"""Whole drives, as administrators lock them and hand them over; and what is shared, in the ledger."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from synfonium.apps.drive.tests.test_links import made_link
from synfonium.apps.drive.tests.test_sharing_pages import made_folder, person
from synfonium.testing.client import Installation, installation

SAME_ORIGIN = {"sec-fetch-site": "same-origin", "accept": "text/html", "user-agent": "Firefox on Linux"}


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Installation]:
    settings = {"SYNFONIUM_IDENTITY_ADMINISTRATORS_NEED_PASSKEY": "false"}
    async with installation(tmp_path / "home", settings) as running:
        yield running


async def administrator(town: Installation) -> httpx.AsyncClient:
    """In a browser, just signed in."""
    await town.person("boss", administrator=True)
    browser = town.client(headers=SAME_ORIGIN)
    answer = await browser.post("/signin", data={"name": "boss", "password": "boss-password-1"})
    assert answer.status_code == 303
    return browser


async def test_an_administrator_locks_a_drive_and_opens_it_again(town: Installation) -> None:
    ada, boss = await person(town, "ada"), await administrator(town)
    assert (await ada.put("/dav/files/ada/a.txt", content=b"mine")).status_code == 201
    async with town.client(token=await town.person("other", administrator=True)) as program:
        refused = await program.post("/admin/drives/lock", data={"name": "ada", "act": "lock"})
        assert (refused.status_code, refused.json()["code"]) == (403, "proof_needed")
    locked = await boss.post("/admin/drives/lock", data={"name": "ada", "act": "lock"})
    assert locked.headers["location"] == "/admin/drives?done=locked"
    assert "1 locked" in (await boss.get("/admin/drives")).text
    assert (await ada.get("/dav/files/ada/a.txt")).status_code == 503
    assert (await ada.get("/admin/drives")).status_code == 403
    await boss.post("/admin/drives/lock", data={"name": "ada", "act": "unlock"})
    assert (await ada.get("/dav/files/ada/a.txt")).content == b"mine"
    nobody = await boss.post("/admin/drives/lock", data={"name": "nobody", "act": "lock"})
    assert nobody.status_code == 404
    for client in (ada, boss):
        await client.aclose()


async def test_an_administrator_hands_a_drive_over_with_a_pass_and_both_are_told(town: Installation) -> None:
    ada, bo, boss = await person(town, "ada"), await person(town, "bo"), await administrator(town)
    assert (await ada.put("/dav/files/ada/a.txt", content=b"mine")).status_code == 201
    form = {"person": "ada", "name": "bo"}
    refused = await boss.post("/admin/drives/hand-over", data=form)
    id_ = (await town.call("identity.user_find", {"name": "ada"}))["id"]
    assert f"/pass/{id_}" in (refused.headers.get("location") or refused.text)
    assert (await ada.get("/dav/files/ada/a.txt")).status_code == 200
    await boss.post(f"/pass/{id_}", data={"reason": "She has left the school", "hours": "1"})
    assert (await boss.post("/admin/drives/hand-over", data=form)).headers["location"].endswith("done=handed")
    await asyncio.wait_for(town.context("drive").service.handing_over.run_all(), 20)
    assert (await bo.get("/dav/files/bo/Ada/a.txt")).content == b"mine"
    assert (await ada.get("/dav/files/ada/a.txt")).status_code == 404
    assert "Ada → Bo" in (await boss.get("/admin/drives")).text
    assert "handed your drive over" in (await ada.get("/settings/privacy")).text
    for client in (ada, bo, boss):
        await client.aclose()


async def test_what_one_shares_stands_in_the_ledger_and_is_ended_there(town: Installation) -> None:
    ada, bo = await person(town, "ada"), await person(town, "bo")
    assert "Everything here is yours alone." in (await ada.get("/fabric/grants")).text
    trip = await made_folder(ada, "ada", "Trip")
    await made_link(ada, trip, mode="view", label="for gran")
    await ada.post(f"/drive/node/{trip}/share", data={"name": "bo", "mode": "edit"})
    page = (await ada.get("/fabric/grants")).text
    assert "Everything here is yours alone." not in page
    assert page.index("Shared with people, and by links") < page.index("for gran")
    one = (await ada.get("/fabric/objects/grants", params={"address": f"drive:node/{trip}"})).text
    assert "You alone." not in one
    assert "for gran" in one
    rows = (await ada.get("/fabric/grants/list.json")).json()["grants"]
    assert [(one["label"], one["actions"], one["title"], one["origin"]) for one in rows] == [
        ("Bo", "read write", "Trip", "shared"),
        ("for gran", "read", "Trip", "shared"),
    ]
    for kind in ("shares", "links"):
        path = page.partition(f'action="/drive/{kind}/')[2].partition('"')[0]
        ended = await ada.post(f"/drive/{kind}/{path}")
        assert ended.headers["location"].startswith("/fabric/grants?done=ended")
    assert "Everything here is yours alone." in (await ada.get("/fabric/grants")).text
    assert (await bo.get(f"/drive/node/{trip}")).status_code == 404
    for client in (ada, bo):
        await client.aclose()


async def test_a_link_is_drawn_as_a_code_in_the_page_itself(town: Installation) -> None:
    ada = await person(town, "ada")
    trip = await made_folder(ada, "ada", "Trip")
    await made_link(ada, trip, mode="view")
    page = (await ada.get(f"/drive/node/{trip}/share")).text
    drawn = page.partition('aria-label="QR code of the link"')[2].partition("</figure>")[0]
    assert '<svg width="' in drawn
    assert "http" not in drawn
    await ada.aclose()
