"""An app that nobody here has heard of joins all six verbs by its manifest alone.

Its name, its words and its server are made up by the test; nothing else is changed for it.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from synfonium.testing.client import Installation, installation

from .outside_app import SAME_ORIGIN, OutsideApp, choices_in, code_in, manifest, sealed_in
from .test_outside_objects import Door


class Further:
    """A made-up app: what it says of itself, and a server that answers for it."""

    def __init__(self, door: Door) -> None:
        self.door, self.name = door, f"x{secrets.token_hex(4)}"
        self.thing = f"{self.name}:leaf/{secrets.token_hex(6)}"
        self.kind = f"{self.name}.leaf.turned"
        self.action = f"{self.name}.fold"
        door.answer = self.answer

    @property
    def manifest(self) -> dict[str, Any]:
        described = manifest(
            self.name,
            objects={
                "kinds": {"leaf": {"title": "Leaf", "interfaces": ["file/1"]}},
                "door": "/things",
            },
            emits=[{"type": self.kind, "title": "A leaf was turned"}],
            listens={"types": ["drive.file.written"], "door": "/told"},
            indexes=True,
            actions=[
                {
                    "name": self.action,
                    "title": "Fold",
                    "door": "/fold",
                    "input": {"type": "object", "properties": {"times": {"type": "integer"}}},
                }
            ],
        )
        described["file_handlers"] = [{"action": "/open", "accept": {"text/plain": [".txt"]}}]
        described["share_target"] = {"action": "/take", "params": {"url": "url"}}
        return described

    def answer(self, asked: dict[str, Any]) -> Any:
        path = self.door.asked[-1][0]
        if path == "/fold":
            return {"page": "/folded"}
        if path == "/told":
            return {}
        leaf = {
            "address": self.thing,
            "interfaces": ["file/1"],
            "owner": asked["person"],
            "title": "A red leaf",
            "media_type": "text/plain",
            "path": [self.thing],
            "may": ["read", "write", "use"],
            "location": "/leaf/{grant}",
        }
        if path.endswith("/describe"):
            return leaf if asked["address"] == self.thing else None
        top = {
            **leaf,
            "address": f"{self.name}:all",
            "path": [f"{self.name}:all"],
            "may": [],
            "interfaces": [],
        }
        crumb = {"address": f"{self.name}:all", "title": self.name}
        return {"parent": top, "crumbs": [crumb], "items": [leaf]}

    def told(self, path: str) -> list[dict[str, Any]]:
        return [json.loads(body) for asked, _headers, body in self.door.asked if asked == path]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home", {"SYNFONIUM_FABRIC_LOCAL_APPS": "true"}) as running:
        yield running


@pytest.fixture
async def further(house: Installation) -> AsyncIterator[Further]:
    async with Door() as door:
        yield Further(door)


@pytest.fixture
async def app(house: Installation, further: Further) -> OutsideApp:
    return await OutsideApp.install(house, further.manifest, f"http://127.0.0.1:{further.door.port}")


@pytest.fixture
async def ana(house: Installation) -> AsyncIterator[httpx.AsyncClient]:
    token = await house.person("ana")
    async with house.client(token=token) as files:
        await files.put("/dav/files/ana/tea.txt", content=b"green tea")
    async with house.client(headers=SAME_ORIGIN) as browser:
        await browser.post("/signin", data={"name": "ana", "password": "ana-password-1"})
        yield browser


async def granted(app: OutsideApp, browser: httpx.AsyncClient, ask: dict[str, Any], **form: Any) -> Any:
    """The token's answer after the person filled in the picker."""
    page = await app.open(browser, ask)
    given = form or {"chosen": choices_in(page)[0]}
    sent = {"request": sealed_in(page), "decision": "give", **given}
    answer = await app.token(code_in(await browser.post("/fabric/pick", data=sent))["code"])
    return answer.json()


async def test_it_picks_saves_opens_and_is_shared_to(
    house: Installation, app: OutsideApp, ana: httpx.AsyncClient, further: Further
) -> None:
    token = await granted(app, ana, {})
    (tea,) = token["authorization_details"]
    async with house.client(token=token["access_token"]) as client:
        assert (await client.get(tea["locations"][0])).text == "green tea"
    save = {"verb": "save", "actions": ["read", "write"], "title": "new.txt", "media_type": "text/plain"}
    saved = await granted(app, ana, save, folder="drive:root", title="new.txt")
    async with house.client(token=saved["access_token"]) as client:
        put = await client.put(saved["authorization_details"][0]["locations"][0], content=b"new")
        assert put.status_code == 204
    for door in ("open", "share"):
        asked = {"object": tea["identifier"], "app": further.name}
        launched = code_in(await ana.post(f"/fabric/{door}", data=asked))
        page = await app.open(ana, {"verb": "open", "grant": launched["grant"]})
        answer = (await app.token(code_in(page)["code"])).json()
        assert answer["authorization_details"][0]["title"] == "tea.txt"


async def test_its_own_things_are_picked_by_another_app_as_ours_are(
    house: Installation, app: OutsideApp, ana: httpx.AsyncClient, further: Further
) -> None:
    other = await OutsideApp.install(house, manifest("other"), "http://127.0.0.1:9200")
    asking = {"client_id": other.client_id, "request_uri": await other.push({})}
    page = await ana.get("/fabric/pick", params=asking)
    while page.status_code == 303:
        page = await ana.get(page.headers["location"])
    there = await ana.get("/fabric/pick", params={"request": sealed_in(page), "app": further.name})
    assert "A red leaf" in there.text
    sent = {"request": sealed_in(page), "decision": "give", "chosen": further.thing}
    token = (await other.token(code_in(await ana.post("/fabric/pick", data=sent))["code"])).json()
    async with house.client(token=token["access_token"]) as client:
        asked = {"path": [further.thing], "action": "read"}
        assert (await client.post("/fabric/check", json=asked)).json()["app"] == "other"


async def test_it_hears_and_tells_is_found_and_acts(
    house: Installation, app: OutsideApp, ana: httpx.AsyncClient, further: Further
) -> None:
    token = await granted(app, ana, {})
    async with house.client(token=token["access_token"]) as client:
        event = {
            "specversion": "1.0",
            "id": "1",
            "type": further.kind,
            "source": further.name,
            "subject": further.thing,
        }
        headers = {"content-type": "application/cloudevents+json"}
        told = await client.post("/fabric/events", content=json.dumps(event), headers=headers)
        assert told.status_code == 202, told.text
        document = {"address": further.thing, "title": "A red leaf", "text": "autumn"}
        pushed = await client.post("/fabric/index", json={"documents": [document]})
        assert pushed.status_code == 202, pushed.text
    mine = await house.call("identity.user_token", {"name": "ana", "label": "x", "scopes": []})
    async with house.client(token=mine["token"]) as person:
        await person.put("/dav/files/ana/tea.txt", content=b"black tea")
        await until(lambda: bool(further.told("/told")))
        assert further.told("/told")[0]["type"] == "drive.file.written"
        await until_found(person, "autumn", "A red leaf")
        done = await person.post(f"/fabric/actions/{further.action}", json={"input": {"times": 2}})
        assert done.status_code == 200, done.text
    assert further.told("/fold")[0]["input"] == {"times": 2}


async def until(is_so: Any) -> None:
    for _try in range(100):
        if is_so():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("nothing came")


async def until_found(person: httpx.AsyncClient, query: str, title: str) -> None:
    for _try in range(100):
        found = (await person.get("/fabric/search", params={"q": query})).json()
        if any(title in hit["title"] for hit in found["hits"]):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{query} was not found")
