"""What whoever administers sees of a person without a pass: the entry of the directory, on no page more.

Every app that is installed is walked; what is a person's own is planted first.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from litestar.handlers import HTTPRouteHandler

from synfonium.apps.identity.store.addresses import set_address
from synfonium.kernel.actor import NeedsPass
from synfonium.kernel.app import installed_apps, resolve
from synfonium.testing.client import Installation, installation

PAGE = {"accept": "text/html", "sec-fetch-site": "same-origin"}
OWN = (
    "canary-file",
    "canary-words",
    "canary-token",
    "canary@example.org",
    "canary-question",
    "Firefox, Linux",
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


@pytest.fixture
async def ada(house: Installation) -> AsyncIterator[httpx.AsyncClient]:
    """Administers the installation."""
    token = await house.person("ada", administrator=True)
    async with house.client(token=token, headers=PAGE) as client:
        yield client


@pytest.fixture
async def olga(house: Installation) -> AsyncIterator[httpx.AsyncClient]:
    """Administers a school."""
    token = await house.person("olga")
    await house.call("identity.organisation_add", {"slug": "school", "name": "School", "owner": "olga"})
    async with house.client(token=token, headers=PAGE) as client:
        yield client


@pytest.fixture
async def bob(house: Installation, olga: httpx.AsyncClient) -> str:
    """The id of somebody of the school, who has something of each kind here."""
    async with house.client(headers=PAGE) as owner:
        await owner.post("/signin", data={"name": "olga", "password": "olga-password-1"})
        page = await owner.post("/organisation/school/members", data={"name": "bob", "display": "Bob"})
    secret = re.findall(r"/welcome/(\w+)", page.text)[0]
    async with house.client(headers={**PAGE, "user-agent": "Firefox on Linux"}) as browser:
        come = await browser.post("/welcome", data={"link": secret, "password": "bob-password-1"})
        assert come.status_code == 303
        await browser.get("/search?q=canary-question")
        assert "Firefox, Linux" in (await browser.get("/settings/security")).text
    token = await house.call("identity.user_token", {"name": "bob", "label": "canary-token", "scopes": []})
    async with house.client(token=token["token"]) as client:
        put = await client.put("/dav/files/bob/canary-file.txt", content=b"canary-words")
        assert put.status_code == 201
    found = str((await house.call("identity.user_find", {"name": "bob"}))["id"])
    identity = house.context("identity").database
    await identity.write(lambda c: set_address(c, found, "canary@example.org", 0.0))
    return found


def looks(person_id: str, *, delegated: bool = False) -> list[tuple[HTTPRouteHandler, str]]:
    """Every address that an administrator may look at, filled in for that person."""
    given = {"person_id": person_id, "slug": "school"}
    found = []
    for app in installed_apps():
        for handler in resolve(app.doors) if app.doors else ():
            entry = handler.opt["entry"]
            if entry.administers and "GET" in handler.http_methods and (entry.is_delegated or not delegated):
                fill = re.compile(r"\{(\w+):\w+\}")
                found += [(handler, fill.sub(lambda m: given.get(m[1], "x"), path)) for path in handler.paths]
    return found


async def test_an_administrator_sees_nothing_of_a_person_but_the_entry_without_a_pass(
    house: Installation, ada: httpx.AsyncClient, bob: str
) -> None:
    shown = 0
    for handler, address in looks(bob):
        page = await ada.get(address)
        assert page.status_code in (200, 303, 404), (address, page.status_code)
        assert not [one for one in OWN if one in page.text], address
        entry = handler.opt["entry"]
        if isinstance(entry.shown, NeedsPass) and entry.shown.person:
            # Where it has to be proved who asks, that comes first; a token cannot.
            way = "/signin/again?" if entry.proved else f"/pass/{bob}?"
            assert page.headers["location"].startswith(way), address
        shown += page.status_code == 200
    assert shown >= 10


async def test_who_administers_an_organisation_sees_nothing_of_its_members_but_the_entry(
    house: Installation, olga: httpx.AsyncClient, bob: str
) -> None:
    seen = {}
    for _handler, address in looks(bob, delegated=True):
        page = await olga.get(address)
        assert not [one for one in OWN if one in page.text], address
        seen[address] = page.status_code
    assert {seen[f"/organisation/school{part}"] for part in ("", f"/members/{bob}", "/settings")} == {200}
    for _handler, address in looks(bob):
        assert address in seen or (await olga.get(address)).status_code == 403, address


async def test_to_follow_one_person_in_the_audit_takes_a_pass_and_the_person_sees_it(
    house: Installation, ada: httpx.AsyncClient, bob: str
) -> None:
    address = f"/admin/audit?person={bob}"
    assert (await ada.get(address)).headers["location"].startswith(f"/pass/{bob}?")
    ada_id = (await house.call("identity.user_find", {"name": "ada"}))["id"]
    await house.context("identity").service.passes.ask(ada_id, bob, "A file went missing on Monday", 1)
    assert (await ada.get(address)).status_code == 200
    async with house.client(headers=PAGE) as browser:
        await browser.post("/signin", data={"name": "bob", "password": "bob-password-1"})
        assert "read in the audit what you did" in (await browser.get("/settings/privacy")).text
