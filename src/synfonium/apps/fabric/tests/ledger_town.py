"""A house with people and an app of others, for whoever looks at who may see what."""

import json
from typing import Any

import msgspec

from synfonium.apps.fabric.contract import Grant, Limits
from synfonium.apps.fabric.model.uses import Use
from synfonium.apps.fabric.store import apps as apps_store
from synfonium.apps.fabric.store import uses as store
from synfonium.common.ids import AppName, PersonId
from synfonium.kernel.actor import Person
from synfonium.testing.client import Installation

ORIGIN = "https://hello.example:4433"


class Clock:
    def __init__(self, clock: Any) -> None:
        self._clock, self.skipped_s = clock, 0.0

    def now_s(self) -> float:
        return float(self._clock.now_s()) + self.skipped_s


class Town:
    """A house with people in it, their files, and an outside app `hello`."""

    def __init__(self, house: Installation) -> None:
        self.house = house
        self.tokens: dict[str, str] = {}
        self.ids: dict[str, PersonId] = {}
        self.clock = Clock(house.context("fabric").clock)
        house.context("fabric").clock = self.clock

    @property
    def service(self) -> Any:
        return self.house.context("fabric").service

    async def come(self, name: str) -> None:
        self.tokens[name] = await self.house.person(name)
        person = msgspec.to_builtins(await self.house.call("identity.user_find", {"name": name}))
        self.ids[name] = PersonId(person["id"])

    async def register(self, name: str, **more: Any) -> None:
        row = apps_store.Row(
            name=AppName(name),
            origin=ORIGIN,
            client_id=f"client-{name}",
            owner="",
            created_s=1.0,
            changed_s=1.0,
        )
        manifest = json.dumps({"id": name, "name": name.title(), **more}).encode()
        await self.house.context("fabric").database.write(lambda c: apps_store.add(c, row, manifest, b""))
        self.service.registry.forget()

    async def put(self, name: str, path: str) -> str:
        """Makes a file, or a folder when it ends so; its address."""
        method, body = ("MKCOL", None) if path.endswith("/") else ("PUT", b"content")
        async with self.house.client(token=self.tokens[name]) as client:
            answer = await client.request(method, f"/dav/files/{name}/{path}", content=body)
            assert answer.status_code == 201, answer.text
        parent = "drive:root"
        for step in path.strip("/").split("/"):
            found = await self.house.context("fabric").call(
                "drive.object_children", {"person": self.ids[name], "address": parent}
            )
            items = msgspec.to_builtins(found)["items"]
            parent = next(item["address"] for item in items if item["title"] == step)
        return parent

    async def give(self, name: str, object_: str, actions: str = "read", **more: Any) -> Grant:
        given = await self.service.granting.give(
            self.ids[name], more.pop("app", "hello"), object_, frozenset(actions.split()), **more
        )
        assert isinstance(given, Grant)
        return given

    async def delegate(self, grant: Grant, app: str, object_: str = "") -> Grant:
        holder = Person(id=grant.person, name="", display="", app=grant.app, grants=(grant.id,))
        cut = await self.service.granting.delegate(holder, grant.id, app, object_, frozenset(), Limits())
        assert isinstance(cut, Grant)
        return cut

    async def use(self, grant: Grant, method: str = "GET") -> int:
        """Comes to the door of Drive with the right's own secret."""
        found = await self.service.granting.secret(grant.id, grant.app)
        async with self.house.client(token=found.secret) as client:
            body = b"changed" if method == "PUT" else None
            answer = await client.request(method, f"/dav/grants/{grant.id}", content=body)
        return answer.status_code

    async def get(self, name: str, path: str) -> str:
        async with self.house.client(token=self.tokens[name]) as client:
            answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def post(self, name: str, path: str, **fields: str) -> tuple[int, str]:
        async with self.house.client(token=self.tokens[name]) as client:
            answer = await client.post(path, data=fields)
        return answer.status_code, answer.headers.get("location", "")

    async def uses(self, grant: Grant) -> list[Use]:
        await self.service.authority.uses.write()
        database = self.house.context("fabric").database
        return list(await database.read(lambda c: store.since(c, [grant.id], 0)))
