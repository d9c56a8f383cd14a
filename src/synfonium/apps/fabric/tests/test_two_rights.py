"""What takes two rights: an app that may write in two folders moves and copies from one to the other."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from synfonium.apps.fabric.store.grants import grants
from synfonium.testing.client import Installation, installation

from .acting import names_in
from .events_house import Someone
from .outside_app import OutsideApp, code_in, sealed_in

WRITE = ["read", "write"]
JSON = {"content-type": "application/json"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home", {"SYNFONIUM_FABRIC_LOCAL_APPS": "true"}) as running:
        yield running


@pytest.fixture
async def ana(house: Installation) -> Someone:
    """She has a folder `from` with a.txt and b.txt, and folders `to` and `other`."""
    someone = await Someone.come(house, "ana")
    for folder in ("from", "to", "other"):
        await someone.folder(folder)
    for name in ("a.txt", "b.txt"):
        await someone.put(f"from/{name}", name.encode())
    return someone


@pytest.fixture
async def hello(house: Installation) -> OutsideApp:
    return await OutsideApp.install(house)


async def picked(hello: OutsideApp, ana: Someone, *names: str, actions: list[str] = WRITE) -> dict[str, Any]:
    """The token's answer, when ana chose these of her things at once."""
    ask = {"multiple": True, "interfaces": ["file/1", "folder/1"], "actions": actions}
    page = await hello.open(ana.browser, ask)
    chosen = [await ana.address_of(name) for name in names]
    form = {"request": sealed_in(page), "chosen": chosen, "decision": "give"}
    code = code_in(await ana.browser.post("/fabric/pick", data=form))["code"]
    return dict((await hello.token(code)).json())


def places(token: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Title to address and location of each thing that the token is for."""
    details = token["authorization_details"]
    return {one["title"]: (one["identifier"], one["locations"][0]) for one in details}


async def _dav(app: httpx.AsyncClient, method: str, source: str, to: str) -> int:
    return (await app.request(method, source, headers={"destination": to})).status_code


async def _act(app: httpx.AsyncClient, action: str, source: str, into: str) -> int:
    body = {"object": source, "input": {"into": into}}
    answer = await app.post(f"/fabric/actions/drive.{action}", content=json.dumps(body), headers=JSON)
    return answer.status_code


async def test_a_file_is_moved_and_copied_from_one_granted_folder_to_another_by_webdav(
    house: Installation, ana: Someone, hello: OutsideApp
) -> None:
    token = await picked(hello, ana, "from", "to")
    (_from, source), (_to, target) = places(token)["from"], places(token)["to"]
    async with house.client(token=token["access_token"]) as app:
        assert await _dav(app, "MOVE", f"{source}a.txt", f"{target}a.txt") == 201
        assert await _dav(app, "COPY", f"{source}b.txt", f"{target}b.txt") == 201
        assert (await app.get(f"{target}a.txt")).text == "a.txt"
        assert await _dav(app, "COPY", source, f"{target}whole") == 201
        assert await _dav(app, "MOVE", source, f"{target}from") == 403
        assert await _dav(app, "MOVE", f"{target}whole", f"{target}whole/in") == 403
    assert await names_in(house, "ana", ana.token, "from") == {"from", "b.txt"}
    assert await names_in(house, "ana", ana.token, "to") == {"to", "a.txt", "b.txt", "whole"}


async def test_a_file_is_moved_and_copied_from_one_granted_folder_to_another_by_actions(
    house: Installation, ana: Someone, hello: OutsideApp
) -> None:
    token = await picked(hello, ana, "from", "to")
    (folder, _source), (into, _target) = places(token)["from"], places(token)["to"]
    a, b = [await ana.address_of(name, folder) for name in ("a.txt", "b.txt")]
    async with house.client(token=token["access_token"]) as app:
        assert await _act(app, "move_to", a, into) == 200
        assert await _act(app, "copy_to", b, into) == 200
        assert await _act(app, "move_to", folder, into) == 403
    assert await names_in(house, "ana", ana.token, "from") == {"from", "b.txt"}
    assert await names_in(house, "ana", ana.token, "to") == {"to", "a.txt", "b.txt"}


async def test_what_another_token_of_the_app_is_for_takes_nothing_in(
    house: Installation, ana: Someone, hello: OutsideApp
) -> None:
    token, another = await picked(hello, ana, "from"), await picked(hello, ana, "to")
    (folder, source), (into, target) = places(token)["from"], places(another)["to"]
    a = await ana.address_of("a.txt", folder)
    async with house.client(token=token["access_token"]) as app:
        for method in ("MOVE", "COPY"):
            assert await _dav(app, method, f"{source}a.txt", f"{target}a.txt") == 404
        for action in ("move_to", "copy_to"):
            assert await _act(app, action, a, into) == 403
    assert await names_in(house, "ana", ana.token, "to") == {"to"}
    assert await names_in(house, "ana", ana.token, "from") == {"from", "a.txt", "b.txt"}


async def test_two_rights_of_which_one_only_looks_move_nothing(
    house: Installation, ana: Someone, hello: OutsideApp
) -> None:
    token = await picked(hello, ana, "from", "to")
    service = house.context("fabric").service
    (grant,) = [one["grant"] for one in token["authorization_details"] if one["title"] == "to"]
    await _narrow(service, grant)
    (folder, source), (into, target) = places(token)["from"], places(token)["to"]
    a = await ana.address_of("a.txt", folder)
    async with house.client(token=token["access_token"]) as app:
        assert await _dav(app, "MOVE", f"{source}a.txt", f"{target}a.txt") == 403
        assert await _dav(app, "COPY", f"{source}a.txt", f"{target}a.txt") == 403
        assert await _act(app, "move_to", a, into) == 403
    assert await names_in(house, "ana", ana.token, "to") == {"to"}


async def _narrow(service: Any, grant: str) -> None:
    """The row says no more than that the thing may be seen."""
    await service._context.database.write(
        lambda c: c.execute(update(grants).where(grants.c.id == grant).values(actions="read"))
    )
    service.authority.forget()
