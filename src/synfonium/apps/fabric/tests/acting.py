"""What tests of actions begin with: a house, people, their things, and apps with a credential."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx

from synfonium.apps.fabric.contract import Action
from synfonium.apps.fabric.service.registry import webhook_purpose
from synfonium.apps.fabric.store import apps as store
from synfonium.common.ids import AppName, GrantId, PersonId
from synfonium.kernel.actor import Authenticator, Person
from synfonium.testing.client import Installation

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


class Credentials:
    """Access tokens of apps, without the way by which they come: that has tests of its own."""

    def __init__(self, house: Installation) -> None:
        self._tokens: dict[str, Person] = {}
        house.runtime._offers.add(f"{Authenticator.__module__}:{Authenticator.__qualname__}", lambda: self)

    def token(self, person: PersonId, app: str, *grants: GrantId) -> str:
        token = f"app-{app}-{len(self._tokens)}"
        self._tokens[token] = Person(
            id=person,
            name="",
            display="",
            scopes=frozenset({"fabric.app"}),
            app=AppName(app),
            grants=grants,
        )
        return token

    async def by_session(self, cookie: str) -> Person | None:
        return None

    async def by_token(self, token: str) -> Person | None:
        return self._tokens.get(token)

    async def by_password(self, name: str, secret: str) -> Person | None:
        return None


async def person_id(house: Installation, name: str) -> PersonId:
    found = await house.call("identity.user_find", {"name": name})
    return PersonId(str(found["id"]))


async def give(house: Installation, person: PersonId, app: str, object_: str, *actions: Action) -> GrantId:
    granting = house.context("fabric").service.granting
    return GrantId((await granting.give(person, app, object_, frozenset(actions))).id)


async def act(
    house: Installation,
    token: str,
    name: str,
    object_: str = "",
    headers: Mapping[str, str] | None = None,
    /,
    **input_: Any,
) -> httpx.Response:
    async with house.client(token=token, headers=headers) as client:
        body = {"object": object_, "input": input_}
        return await client.post(f"/fabric/actions/{name}", json=body)


async def names_in(house: Installation, name: str, token: str, folder: str = "") -> set[str]:
    """What stands in a folder of the person, by WebDAV."""
    async with house.client(token=token) as client:
        answer = await client.request(
            "PROPFIND", f"/dav/files/{name}/{folder}", headers={"depth": "1", "content-type": "text/xml"}
        )
    assert answer.status_code == 207, answer.text
    return {part.split("<")[0] for part in answer.text.split("displayname>")[1::2]}


class Strange:
    """An outside app on loopback: `answers` says what it answers; it keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.message_ids: list[str] = []
        self.answer: Any = {"done": True}
        self.waits_s = 0.0
        self.origin = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        sent = {k.lower(): v for k, _, v in (line.partition(": ") for line in head.split("\r\n")[1:])}
        self.asked.append(json.loads(await reader.readexactly(int(sent["content-length"]))))
        self.message_ids.append(sent["webhook-id"])
        await asyncio.sleep(self.waits_s)
        body = json.dumps(self.answer).encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
            b"content-length: %d\r\n\r\n" % len(body)
        )
        writer.write(body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def strange_app(
    house: Installation, name: str, actions: Sequence[Mapping[str, Any]], owner: str = ""
) -> AsyncIterator[Strange]:
    """A registered outside app with these actions. The house must allow local apps."""
    strange = Strange()
    server = await asyncio.start_server(strange.serve, "127.0.0.1", 0)
    strange.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with house.client() as client:
        registered = await client.post(
            "/oauth/register", json={"client_name": name, "redirect_uris": ["https://app.example/back"]}
        )
    assert registered.status_code == 201, registered.text
    context = house.context("fabric")
    row = store.Row(
        name=AppName(name),
        origin=strange.origin,
        client_id=registered.json()["client_id"],
        owner=owner,
        created_s=1.0,
        changed_s=1.0,
    )
    manifest = {"id": name, "name": name.title(), "synfonium": {"actions": list(actions)}}
    sealed = context.secrets.seal(SECRET.encode(), purpose=webhook_purpose(name))
    await context.database.write(lambda c: store.add(c, row, json.dumps(manifest).encode(), sealed))
    context.service.registry.forget()
    try:
        yield strange
    finally:
        server.close()
