"""What one outside app makes is saved into another that says it holds such things, and nowhere else."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from synfonium.testing.client import Installation, installation

from .outside_app import SAME_ORIGIN, OutsideApp, code_in, manifest, sealed_in
from .test_outside_objects import Door

ALL, NEW = "notes:all", "notes:note/new"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home", {"SYNFONIUM_FABRIC_LOCAL_APPS": "true"}) as running:
        yield running


@pytest.fixture
async def ana(house: Installation) -> AsyncIterator[httpx.AsyncClient]:
    await house.person("ana")
    async with house.client(headers=SAME_ORIGIN) as browser:
        await browser.post("/signin", data={"name": "ana", "password": "ana-password-1"})
        yield browser


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with Door() as found:
        yield found


def answering(may: list[str], door: Door) -> Any:
    """Notes that lie in no folder: the app's own kind of collection."""

    def thing(address: str, asked: dict[str, Any]) -> dict[str, Any]:
        kind = "notes/1" if address == ALL else "file/1"
        path = [ALL] if address == ALL else [address, ALL]
        shown = {"address": address, "interfaces": [kind], "owner": asked["person"], "path": path, "may": may}
        return {**shown, "title": asked.get("title") or "All", "location": "/notes/new"}

    def answer(asked: dict[str, Any]) -> Any:
        call = door.asked[-1][0].rpartition("/")[2]
        if call == "children":
            crumbs = [{"address": ALL, "title": "All"}]
            return {"parent": thing(ALL, asked), "crumbs": crumbs, "items": []}
        return thing(NEW if call == "create" else asked["address"], asked)

    return answer


async def saved(
    house: Installation, ana: httpx.AsyncClient, door: Door, *, holds: list[str], may: list[str]
) -> httpx.Response:
    """The answer to a form that saves into the app, as its picker's page would send it."""
    door.answer = answering(may, door)
    kinds = {
        "all": {"title": "All", "interfaces": ["notes/1"]},
        "note": {"title": "Note", "interfaces": ["file/1"]},
    }
    objects = {"kinds": kinds, "door": "/objects", "holds": holds}
    origin = f"http://127.0.0.1:{door.port}"
    await OutsideApp.install(house, manifest("notes", objects=objects), origin)
    other = await OutsideApp.install(house, manifest("other"))
    ask = {"verb": "save", "actions": ["read", "write"], "title": "new.txt", "media_type": "text/plain"}
    page = await other.open(ana, ask)
    form = {"request": sealed_in(page), "folder": ALL, "title": "new.txt", "decision": "give"}
    answer = await ana.post("/fabric/pick", data=form)
    if answer.status_code == 200:
        token = (await other.token(code_in(answer)["code"])).json()
        assert [one["identifier"] for one in token["authorization_details"]] == [NEW]
    return answer


async def test_an_app_takes_what_another_saves_when_it_says_that_it_holds_such_things(
    house: Installation, ana: httpx.AsyncClient, door: Door
) -> None:
    answer = await saved(house, ana, door, holds=["file/1"], may=["read", "write"])
    assert answer.status_code == 200, answer.text
    created = [body for path, _headers, body in door.asked if path == "/objects/create"]
    assert len(created) == 1


@pytest.mark.parametrize(("holds", "may"), [([], ["read", "write"]), (["file/1"], ["read"])])
async def test_nothing_is_saved_where_the_app_or_the_person_may_not(
    house: Installation, ana: httpx.AsyncClient, door: Door, holds: list[str], may: list[str]
) -> None:
    answer = await saved(house, ana, door, holds=holds, may=may)
    assert answer.status_code == 422
    assert not [path for path, _headers, _body in door.asked if path == "/objects/create"]
