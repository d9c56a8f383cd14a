"""Objects of an outside app: asked over HTTP, signed, for one person; whatever it answers."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from synfonium.apps.fabric.contract import ObjectsAsk
from synfonium.apps.fabric.service import outside
from synfonium.common.ids import AppName, PersonId
from synfonium.common.problem import Problem
from synfonium.testing.client import Installation, installation

from .outside_app import manifest

Answer = Callable[[dict[str, Any]], Any]
NOTE = "notes:note/1"


class Door:
    """A server of the app's, which answers as the test says and keeps what it was asked."""

    def __init__(self) -> None:
        self.answer: Answer = lambda ask: None
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.port = 0
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "Door":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_exception: object) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.asked.append((head[0].split(" ")[1], headers, body))
        told = self.answer(json.loads(body))
        if isinstance(told, float):
            await asyncio.sleep(told)
        elif isinstance(told, bytes):
            writer.write(told)
        else:
            content = json.dumps(told).encode()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(content) + content)
        writer.close()


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with Door() as open_door:
        yield open_door


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home", {"SYNFONIUM_FABRIC_LOCAL_APPS": "true"}) as running:
        yield running


class Notes:
    def __init__(self, house: Installation, person: PersonId, secret: str) -> None:
        self._objects = house.context("fabric").service.objects
        self.person, self.secret = person, secret

    async def describe(self, address: str = NOTE) -> Any:
        return await self._objects.describe(self.person, address)

    async def children(self) -> Any:
        return await self._objects.children(AppName("notes"), ObjectsAsk(person=self.person))


@pytest.fixture
async def notes(house: Installation, door: Door) -> Notes:
    objects = {"kinds": {"note": {"title": "Note", "interfaces": ["file/1"]}}, "door": "/objects"}
    content = json.dumps(manifest("notes", objects=objects))
    installed = await house.call(
        "fabric.app_install", {"manifest": content, "origin": f"http://127.0.0.1:{door.port}"}
    )
    await house.person("ana")
    found = await house.call("identity.user_find", {"name": "ana"})
    return Notes(house, PersonId(str(found["id"])), str(installed["webhook_secret"]))


def note(ask: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "address": NOTE,
        "interfaces": ["file/1"],
        "owner": ask["person"],
        "title": "A note",
        "media_type": "text/plain",
        "path": [NOTE],
        "may": ["read"],
        **changes,
    }


async def test_an_app_is_asked_with_its_own_name_for_the_person_and_a_signature(
    notes: Notes, door: Door
) -> None:
    door.answer = note
    found = await notes.describe()
    assert (found.title, found.owner) == ("A note", notes.person)
    target, headers, body = door.asked[0]
    assert target == "/objects/describe"
    assert notes.person not in body.decode(), "the app learns a pairwise sub, and never our id"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(notes.secret.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"


@pytest.mark.parametrize(
    "changes",
    [
        {"address": "drive:root"},
        {"path": [NOTE, "drive:root"]},
        {"path": []},
        {"address": "notes:note/2"},
        {"interfaces": "file/1"},
        {"may": ["own"]},
        {"title": 7},
    ],
)
async def test_an_app_speaks_of_its_own_things_alone(
    notes: Notes, door: Door, changes: dict[str, Any]
) -> None:
    door.answer = lambda ask: note(ask, **changes)
    assert await _seen(notes) in (None, "fabric.app_away")


async def _seen(notes: Notes) -> Any:
    """What is seen, or the code of the refusal."""
    try:
        return await notes.describe()
    except Problem as refusal:
        return refusal.code


async def test_the_owner_is_the_person_or_nobody_we_know(notes: Notes, door: Door) -> None:
    door.answer = lambda ask: note(ask, owner="01h" + "0" * 23)
    assert (await notes.describe()).owner == ""


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}}",
        b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\n\r\n" + b"[" * 2_000_000,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 200_000,
        b"garbage\r\n\r\n",
        b"",
    ],
    ids=["bad-json", "redirect", "500", "large", "deep", "garbage", "nothing"],
)
async def test_an_answer_that_is_none_is_the_apps_fault_and_said_so(
    notes: Notes, door: Door, answer: bytes
) -> None:
    door.answer = lambda ask: answer
    with pytest.raises(Problem) as refused:
        await notes.children()
    assert refused.value.code == "fabric.app_away"


async def test_an_app_that_never_answers_is_waited_for_a_bounded_time(
    notes: Notes, door: Door, monkeypatch: pytest.MonkeyPatch, house: Installation
) -> None:
    door.answer = lambda ask: 60.0
    client = house.context("fabric").service.outside._client
    monkeypatch.setattr(client, "_slowest_s", 0.3)
    began = time.monotonic()
    with pytest.raises(Problem):
        await notes.describe()
    assert time.monotonic() - began < 3.0
    assert outside.SLOWEST_S <= 10.0


async def test_apps_of_the_own_network_are_not_reached_unless_the_operator_says_so(
    tmp_path: Path, door: Door
) -> None:
    async with installation(tmp_path / "other") as strict:
        objects = {"kinds": {"note": {"title": "Note", "interfaces": ["file/1"]}}, "door": "/objects"}
        content = json.dumps(manifest("notes", objects=objects))
        origin = f"http://127.0.0.1:{door.port}"
        await strict.call("fabric.app_install", {"manifest": content, "origin": origin})
        await strict.person("ana")
        found = await strict.call("identity.user_find", {"name": "ana"})
        with pytest.raises(Problem) as refused:
            await strict.context("fabric").service.objects.describe(PersonId(str(found["id"])), NOTE)
        assert refused.value.code == "fabric.app_away"
        assert door.asked == []
