"""A house with people, and apps of strangers that listen and tell."""

import asyncio
import json
from typing import Any

import httpx
from sqlalchemy import select

from synfonium.apps.fabric.contract import Grant
from synfonium.apps.fabric.store.facts import facts
from synfonium.common.ids import PersonId
from synfonium.testing.client import Installation

from .outside_app import APP_ORIGIN, SAME_ORIGIN, OutsideApp, manifest

LISTENS = [
    "drive.file.written",
    "drive.file.moved",
    "fabric.grant.given",
    "fabric.grant.revoked",
    "hello.page.written",
]
EVENTS_JSON = "application/cloudevents+json"


def described(name: str = "hello", door: str = "/hooks", **fabric: Any) -> dict[str, Any]:
    """An app that has pages, tells of them, and listens."""
    own = {
        "objects": {"kinds": {"page": {"title": "Page", "interfaces": ["file/1"]}}, "door": "/objects"},
        "emits": [{"type": f"{name}.page.written", "title": "A page was written"}],
        "listens": {
            "types": [kind.replace("hello", name) for kind in LISTENS],
            **({"door": door} if door else {}),
        },
    }
    return manifest(name, **{key: value for key, value in {**own, **fabric}.items() if value is not None})


class Someone:
    """A person with a browser and a token of their own."""

    def __init__(
        self, house: Installation, name: str, id_: PersonId, token: str, browser: httpx.AsyncClient
    ) -> None:
        self.house, self.name, self.id, self.token, self.browser = house, name, id_, token, browser

    @classmethod
    async def come(cls, house: Installation, name: str) -> "Someone":
        token = await house.person(name)
        browser = house.client(headers=SAME_ORIGIN)
        answer = await browser.post("/signin", data={"name": name, "password": f"{name}-password-1"})
        assert answer.status_code == 303
        found = await house.call("identity.user_find", {"name": name})
        return cls(
            house, name, PersonId(found["id"] if isinstance(found, dict) else found.id), token, browser
        )

    async def put(self, path: str, content: bytes = b"words") -> None:
        async with self.house.client(token=self.token) as client:
            answer = await client.put(f"/dav/files/{self.name}/{path}", content=content)
            assert answer.status_code in (201, 204), answer.text

    async def folder(self, path: str) -> None:
        async with self.house.client(token=self.token) as client:
            answer = await client.request("MKCOL", f"/dav/files/{self.name}/{path}/")
            assert answer.status_code == 201, answer.text

    async def address_of(self, name: str, parent: str = "drive:root") -> str:
        found = await self.house.context("fabric").call(
            "drive.object_children", {"person": self.id, "address": parent}
        )
        return str(next(item.address for item in found.items if item.title == name))

    async def give(self, app: str, object_: str) -> Grant:
        """A grant, when it was told of already: whoever listens from now on does not hear of it."""
        service = self.house.context("fabric").service
        grant: Grant = await service.granting.give(self.id, app, object_, frozenset({"read"}))
        async with asyncio.timeout(20):
            while await self._place_of(grant) > service.hub.place:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return grant

    async def _place_of(self, grant: Grant) -> float:
        query = select(facts.c.seq).where(facts.c.subject == f"fabric:grant/{grant.id}")
        database = self.house.context("fabric").database
        place = await database.read(lambda connection: connection.execute(query).scalar())
        return float("inf") if place is None else place

    async def revoke(self, grant: Grant) -> None:
        answer = await self.browser.post(f"/fabric/grants/{grant.id}/revoke", data={})
        assert answer.status_code == 303, answer.text


async def installed(
    house: Installation, name: str = "hello", origin: str = APP_ORIGIN, **fabric: Any
) -> OutsideApp:
    return await OutsideApp.install(house, described(name, **fabric), origin)


def cloud_event(**changes: Any) -> dict[str, Any]:
    event = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "hello",
        "type": "hello.page.written",
        "subject": "hello:page/1",
        "path": "hello:page/1",
        "data": {"words": 3},
        **changes,
    }
    return {key: value for key, value in event.items() if value is not None}


async def tell(house: Installation, token: str, event: Any, media_type: str = EVENTS_JSON) -> httpx.Response:
    async with house.client(token=token) as client:
        content = event if isinstance(event, bytes) else json.dumps(event).encode()
        return await client.post("/fabric/events", content=content, headers={"content-type": media_type})
