"""A person picks one of 10,001 files: what the app then has opens that one, at every door."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from synfonium.testing.client import Installation, installation

from .events_house import Someone, installed
from .listening import SOON_S, listening
from .outside_app import OutsideApp, choices_in, code_in, sealed_in

WORD = "camomile"
SOME, TIMES = 10, 3
"""So many files in a folder, and so often ten of what there is: ten thousand."""
CROWD = 32
EVERY = 50
"""At the slower doors one file of so many is asked for."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home", {"SYNFONIUM_FABRIC_LOCAL_APPS": "true"}) as running:
        yield running


@pytest.fixture
async def ana(house: Installation) -> AsyncIterator[Someone]:
    """She has picked.bin, and ten files in a folder beside it."""
    someone = await Someone.come(house, "ana")
    await someone.put("picked.bin", f"{WORD} of the picked one".encode())
    await someone.folder("many")
    for number in range(SOME):
        await someone.put(f"many/{WORD} {number}.bin", f"{number}".encode())
    yield someone
    await someone.browser.aclose()


async def _fill(ana: Someone) -> int:
    """Ten times ten times ten times what lies in the folder; how many files ana has then."""
    house = ana.house
    # What is done in the background with each fact takes longer than all this, and is not asked here.
    house.context("drive").outbox.on_added = lambda: None
    async with house.client(token=ana.token) as client:
        for step in range(TIMES):
            for method, path, to in _tenfold(step):
                headers = {"destination": f"/dav/files/ana/{to}"} if to else {}
                answer = await client.request(method, f"/dav/files/ana/{path}", headers=headers)
                assert answer.status_code == 201, answer.text
    return SOME * 10**TIMES + 1


def _tenfold(step: int) -> list[tuple[str, str, str]]:
    """Nine copies of the folder, and all ten in a new one of its name."""
    around = f"around{step}"
    copies = [("COPY", "many", f"{around}/{number}") for number in range(1, 10)]
    return [("MKCOL", around, ""), *copies, ("MOVE", "many", f"{around}/0"), ("MOVE", around, "many")]


async def _addresses(ana: Someone) -> list[str]:
    """Every file of ana's, as her Drive tells of it."""
    call, folders, files = ana.house.context("fabric").call, ["drive:root"], []
    while folders:
        found = await call("drive.object_children", {"person": ana.id, "address": folders.pop()})
        folders += [one.address for one in found.items if "folder/1" in one.interfaces]
        files += [one.address for one in found.items if "file/1" in one.interfaces]
    return files


async def _picked(hello: OutsideApp, ana: Someone) -> dict[str, Any]:
    """The token's answer, when ana chose the one file at the top."""
    page = await hello.open(ana.browser, {"actions": ["read"]})
    (choice,) = choices_in(page)
    form = {"request": sealed_in(page), "chosen": [choice], "decision": "give"}
    code = code_in(await ana.browser.post("/fabric/pick", data=form))["code"]
    return dict((await hello.token(code)).json())


async def _read(house: Installation, token: str, paths: Sequence[str]) -> list[int]:
    """Which of them give the app anything, when a crowd asks for them."""
    found: list[int] = []
    waiting = iter(enumerate(paths))

    async def ask() -> None:
        for at, path in waiting:
            if await _is_read(house, token, path):
                found.append(at)

    await asyncio.gather(*(ask() for _ in range(CROWD)))
    return found


async def _is_read(house: Installation, token: str, path: str) -> bool:
    """Asks the dispatcher itself, which a client would double the cost of."""
    status, body = 0, b""

    async def send(message: Mapping[str, Any]) -> None:
        nonlocal status, body
        status, body = message.get("status", status), body + message.get("body", b"")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    assert path.startswith("/")
    bare, _mark, query = path.partition("?")
    headers = {"host": "localhost:8600", "authorization": f"Bearer {token}"}
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "http_version": "1.1",
        "path": bare,
        "raw_path": bare.encode(),
        "query_string": query.encode(),
        "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
        "client": ("127.0.0.1", 1234),
        "server": ("localhost", 8600),
    }
    await house.runtime.application(scope, receive, send)
    assert status in (200, 403, 404), (status, body)
    return status == 200 and body != b"[]"


async def test_the_token_reads_exactly_one_of_ten_thousand_and_one_files(
    house: Installation, ana: Someone
) -> None:
    hello = await installed(house, door="")
    count = await _fill(ana)
    token = await _picked(hello, ana)
    (detail,) = token["authorization_details"]
    addresses = await _addresses(ana)
    assert len({*addresses}) == len(addresses) == count == 10_001
    mine, grant = addresses.index(detail["identifier"]), f"/dav/grants/{detail['grant']}"
    ids = [address.partition("/")[2] for address in addresses]
    assert await _read(house, token["access_token"], [f"{grant}~{id_}" for id_ in ids]) == [mine]
    some = sorted({mine, *range(0, count, EVERY)})
    for door in ("/fabric/objects?address={}", "/fabric/actions?on={}"):
        paths = [door.format(addresses[at]) for at in some]
        assert [some[at] for at in await _read(house, token["access_token"], paths)] == [mine], door
    async with house.client(token=token["access_token"]) as app:
        assert (await app.get(detail["locations"][0])).text == f"{WORD} of the picked one"
        held = (await app.get("/fabric/grants/held")).json()["grants"]
        assert [one["object"] for one in held] == [detail["identifier"]]


async def test_of_its_neighbours_the_app_neither_finds_nor_hears_nor_does_anything(
    house: Installation, ana: Someone
) -> None:
    hello = await installed(house, door="")
    token = await _picked(hello, ana)
    (detail,) = token["authorization_details"]
    mine, addresses = detail["identifier"], await _addresses(ana)
    async with house.client(token=ana.token) as person, house.client(token=token["access_token"]) as app:
        await _indexed(person, len(addresses))
        assert await _found(app) == {mine}
        for address in addresses:
            body = {"object": address, "input": {}}
            answer = await app.post("/fabric/actions/drive.read_text", json=body)
            assert answer.is_success == (address == mine), answer.text
            assert not (await app.post("/fabric/actions/drive.move_to_trash", json=body)).is_success
    async with listening(house, token["access_token"], types="drive.file.written") as listener:
        for number in range(SOME):
            await ana.put(f"many/{WORD} {number}.bin", b"again")
        await ana.put("picked.bin", f"{WORD} again".encode())
        assert (await listener.event())["subject"] == mine
        assert await listener.nothing()


async def _found(client: httpx.AsyncClient) -> set[str]:
    answer = await client.get("/fabric/search", params={"q": "bin", "limit": 50})
    return {hit["address"] for hit in answer.json()["hits"]}


async def _indexed(person: httpx.AsyncClient, count: int) -> None:
    async with asyncio.timeout(SOON_S):
        while len(await _found(person)) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
