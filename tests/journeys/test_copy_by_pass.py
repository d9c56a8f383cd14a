"""An administrator takes a copy of a person's data: by a pass, and the person sees it."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from synfonium.testing.client import Installation, installation

from .moving_out import furnish

REASON = "A court asks for it, file 26/118"
PAGE = {"sec-fetch-site": "same-origin", "accept": "text/html"}
JSON = {"accept": "application/json"}


class MovedClock:
    """The machine's clock, `ahead_s` later."""

    ahead_s = 0.0

    def __init__(self, house: Installation) -> None:
        self._now_s = house.context("identity").clock.now_s
        for app in ("identity", "yourdata"):
            house.context(app).clock = self

    def now_s(self) -> float:
        return self._now_s() + self.ahead_s


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    settings = {"SYNFONIUM_IDENTITY_ADMINISTRATORS_NEED_PASSKEY": "false"}
    async with installation(tmp_path / "home", settings) as running:
        await running.person("ada", administrator=True)
        await running.person("eve", administrator=True)
        await furnish(running, "bob", "canary")
        yield running


async def browser(house: Installation, name: str) -> httpx.AsyncClient:
    client = house.client(headers=PAGE)
    answer = await client.post("/signin", data={"name": name, "password": f"{name}-password-1"})
    assert answer.status_code == 303
    return client


async def id_of(house: Installation, name: str) -> str:
    return str((await house.call("identity.user_find", {"name": name}))["id"])


async def give_pass(house: Installation, by: str, hours: int = 1) -> None:
    passes = house.context("identity").service.passes
    await passes.ask(await id_of(house, by), await id_of(house, "bob"), REASON, hours)


async def made(house: Installation, ada: httpx.AsyncClient) -> str:
    """Asks for a copy by the page; the address of the download when it is ready."""
    page = f"/admin/people/{await id_of(house, 'bob')}/archives"
    assert (await ada.post(page)).headers["location"] == page
    for _ in range(300):
        archives = await house.context("yourdata").service.archives.of(
            await id_of(house, "bob"), await id_of(house, "ada")
        )
        if archives[0].state == "ready":
            address = f"{page}/{archives[0].id}"
            assert address in (await ada.get(page)).text
            return address
        await asyncio.sleep(0.1)
    raise AssertionError(archives)


async def test_with_a_pass_an_administrator_takes_a_copy_and_the_person_reads_of_each_step(
    house: Installation,
) -> None:
    ada, bob = await browser(house, "ada"), await browser(house, "bob")
    await give_pass(house, "ada")
    address = await made(house, ada)
    whole = await ada.get(address)
    assert whole.headers["content-disposition"] == 'attachment; filename="bob-synfonium.zip"'
    assert "no-store" in whole.headers["cache-control"]
    with zipfile.ZipFile(io.BytesIO(whole.content)) as archive:
        assert b"canary" in archive.read("apps/drive/files/canaryletter.txt")
    part = await ada.get(address, headers={"range": "bytes=4-9"})
    assert (part.status_code, part.content) == (206, whole.content[4:10])
    seen = (await bob.get("/settings/privacy")).text
    for words in ("asked to look at", "had a copy made of all your data", "took a copy of all your data"):
        assert f"<b>Ada</b> {words}" in seen
    assert REASON in seen
    french = (await bob.get("/settings/privacy?ui=fr")).text
    assert "<b>Ada</b> a pris une copie de toutes vos données" in french
    assert address.rpartition("/")[2] not in (await bob.get("/settings/data")).text


async def test_the_page_is_there_in_both_languages(house: Installation) -> None:
    ada = await browser(house, "ada")
    await give_pass(house, "ada")
    page = f"/admin/people/{await id_of(house, 'bob')}/archives"
    assert page in (await ada.get(page.replace("archives", "data"))).text
    for words, language in (("Make the copy", "en"), ("Faire la copie", "fr")):
        assert words in (await ada.get(page, params={"ui": language})).text


async def test_without_a_pass_there_is_no_copy(house: Installation) -> None:
    ada, bob = await browser(house, "ada"), await browser(house, "bob")
    page = f"/admin/people/{await id_of(house, 'bob')}/archives"
    for answer in (await ada.get(page), await ada.post(page)):
        assert answer.headers["location"].startswith(f"/pass/{await id_of(house, 'bob')}")
    refused = await ada.post(page, headers=JSON)
    assert (refused.status_code, refused.json()["code"]) == (403, "pass_needed")
    assert "/pass/" in refused.json()["detail"]
    for method in ("GET", "POST"):
        assert (await bob.request(method, page, headers=JSON)).status_code == 403
        assert (await house.client(headers=JSON).request(method, page)).status_code == 401
    archives = house.context("yourdata").service.archives
    assert await archives.of(await id_of(house, "bob"), await id_of(house, "ada")) == []


async def test_a_copy_is_not_given_when_the_pass_is_over_or_given_back(house: Installation) -> None:
    clock, ada = MovedClock(house), await browser(house, "ada")
    await give_pass(house, "ada", hours=1)
    address = await made(house, ada)
    assert (await ada.get(address)).status_code == 200
    clock.ahead_s = 3601
    ada = await browser(house, "ada")
    refused = await ada.get(address, headers=JSON)
    assert (refused.status_code, refused.json()["code"]) == (403, "pass_needed")
    await give_pass(house, "ada", hours=24)
    assert (await ada.get(address)).status_code == 200
    assert (await ada.post(f"/pass/{await id_of(house, 'bob')}/end")).status_code == 303
    assert (await ada.get(address, headers=JSON)).json()["code"] == "pass_needed"


async def test_a_copy_is_for_who_asked_alone_and_takes_a_fresh_proof(house: Installation) -> None:
    clock, ada, eve = MovedClock(house), await browser(house, "ada"), await browser(house, "eve")
    await give_pass(house, "ada", hours=8)
    await give_pass(house, "eve", hours=8)
    address = await made(house, ada)
    other = await eve.get(address, headers=JSON)
    assert (other.status_code, other.json()["code"]) == (404, "yourdata.no_such_archive")
    assert (await eve.post(f"{address}/drop", headers=JSON)).status_code == 404
    bob = await browser(house, "bob")
    own = address.rpartition("/")[2]
    assert (await bob.get(f"/settings/data/archive/{own}", headers=JSON)).status_code == 404
    clock.ahead_s = 1200
    again = await ada.get(address)
    assert again.headers["location"].startswith("/signin/again")


async def test_a_copy_goes_after_a_day_or_when_it_is_removed_or_with_the_person(house: Installation) -> None:
    clock, ada = MovedClock(house), await browser(house, "ada")
    archives = house.context("yourdata").service.archives
    await give_pass(house, "ada", hours=24)
    for way in ("drop", "sweep", "erase"):
        address = await made(house, ada)
        path = archives.path(address.rpartition("/")[2])
        assert path.exists()
        if way == "drop":
            assert (await ada.post(f"{address}/drop")).status_code == 303
        elif way == "sweep":
            clock.ahead_s = 86_460
            assert await archives.sweep() == 1
            clock.ahead_s = 0
        else:
            await house.call("yourdata.erase", {"name": "bob"})
        assert not path.exists(), way
