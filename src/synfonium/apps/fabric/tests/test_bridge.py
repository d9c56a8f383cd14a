"""A file of an outside app by WebDAV: read and written by whoever was granted it, and by nobody else."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from synfonium.common.ids import PersonId
from synfonium.kernel.actor import Person
from synfonium.testing.client import Installation, installation

from .outside_app import OutsideApp, manifest
from .site import Answer, Message, Site, site

NOTE = "notes:note/1"
TEXT = b"buy some tea"


class Notes:
    """An app with one note, which asks the home whether whoever comes may have it."""

    def __init__(self, house: Installation, server: Site) -> None:
        self._house, self.server = house, server
        self.content, self.title, self.shown = TEXT, "a/note", {}
        self.credentials: list[str] = []
        server.answer = self.answer

    async def answer(self, message: Message) -> Answer:
        if message.path == "/objects/describe":
            asked = json.loads(message.body)
            return 200, {"content-type": "application/json"}, json.dumps(self._note(asked)).encode()
        self.credentials.append(message.headers.get("authorization", "").partition(" ")[2])
        action = "write" if message.headers.get("content-type") else "read"
        async with self._house.client(token=self.credentials[-1]) as home:
            asked = {"path": [NOTE], "action": action}
            answer = await home.post("/fabric/check", json=asked)
        if answer.status_code not in (200, 201) or not answer.json()["allowed"]:
            return 403, {}, b""
        if action == "write":
            self.content = message.body
            return 204, {}, b""
        return 200, {"content-type": "text/plain"}, self.content

    def _note(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {
            "address": NOTE,
            "interfaces": ["file/1"],
            "owner": asked["person"],
            "title": self.title,
            "media_type": "text/plain",
            "size_bytes": len(self.content),
            "revision": "r1",
            "path": [NOTE],
            "may": ["read", "write"],
            "location": f"{self.server.origin}/notes/1",
            **self.shown,
        }


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home", {"SYNFONIUM_FABRIC_LOCAL_APPS": "true"}) as running:
        yield running


@pytest.fixture
async def notes(house: Installation) -> AsyncIterator[Notes]:
    async with site() as server:
        found = Notes(house, server)
        objects = {"kinds": {"note": {"title": "Note", "interfaces": ["file/1"]}}, "door": "/objects"}
        await OutsideApp.install(house, manifest("notes", objects=objects), server.origin)
        await house.person("ana")
        yield found


@asynccontextmanager
async def given(house: Installation, *actions: str) -> AsyncIterator[tuple[httpx.AsyncClient, str, str]]:
    """A client with a PC's own secret for the note, the folder's address, and the grant."""
    person = PersonId(str((await house.call("identity.user_find", {"name": "ana"}))["id"]))
    granting = house.context("fabric").service.granting
    grant = await granting.give(person, "pc", NOTE, frozenset(actions))
    secret = await granting.secret(grant.id, "pc")
    assert secret.url == f"/fabric/files/{grant.id}/"
    async with house.client(token=secret.secret) as client:
        yield client, secret.url, str(grant.id)


async def test_the_folder_of_an_outside_apps_file_is_listed_and_the_file_read(
    house: Installation, notes: Notes
) -> None:
    async with given(house, "read") as (client, folder, _grant):
        listed = await client.request("PROPFIND", folder, headers={"depth": "1"})
        assert listed.status_code == 207
        assert f"{folder}a%20note</D:href>" in listed.text
        assert f"<D:getcontentlength>{len(TEXT)}</D:getcontentlength>" in listed.text
        assert "a%20note" not in (await client.request("PROPFIND", folder, headers={"depth": "0"})).text
        read = await client.get(f"{folder}a%20note")
        assert (read.content, read.headers["content-security-policy"]) == (
            TEXT,
            "sandbox; default-src 'none'",
        )
        part = await client.get(f"{folder}a%20note", headers={"range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, b"some")


async def test_the_app_is_shown_a_token_of_that_one_right_alone(house: Installation, notes: Notes) -> None:
    """What it is shown opens nothing but its own file, and what was shown to us stays here."""
    async with given(house, "read", "write") as (client, folder, _grant):
        await client.get(f"{folder}a%20note")
        secret = client.headers["authorization"].partition(" ")[2]
    (shown,) = notes.credentials
    assert shown != secret
    async with house.client(token=shown) as thief:
        for path, action, allowed in (
            ([NOTE], "read", True),
            ([NOTE], "write", False),
            (["drive:root"], "read", False),
        ):
            answer = await thief.post("/fabric/check", json={"path": path, "action": action})
            assert answer.json()["allowed"] is allowed


async def test_only_who_may_write_writes_and_nothing_stands_beside_the_file(
    house: Installation, notes: Notes
) -> None:
    async with given(house, "read") as (client, folder, _grant):
        assert (await client.put(f"{folder}a%20note", content=b"no")).status_code == 403
        assert notes.content == TEXT
    async with given(house, "read", "write") as (client, folder, _grant):
        written = await client.put(
            f"{folder}a%20note", content=b"milk", headers={"content-type": "text/plain"}
        )
        assert (written.status_code, notes.content) == (204, b"milk")
        assert (await client.put(f"{folder}other", content=b"no")).status_code == 404
        assert (await client.get(f"{folder}other")).status_code == 404
        for method in ("DELETE", "MKCOL", "MOVE", "LOCK"):
            refused = await client.request(method, f"{folder}a%20note")
            assert (refused.status_code, refused.headers["allow"]) == (
                405,
                "OPTIONS, GET, HEAD, PUT, PROPFIND",
            )


async def test_a_right_that_was_taken_back_reads_no_more(house: Installation, notes: Notes) -> None:
    async with given(house, "read") as (client, folder, grant):
        assert (await client.get(f"{folder}a%20note")).status_code == 200
        ana = await house.call("identity.user_find", {"name": "ana"})
        actor = Person(id=PersonId(str(ana["id"])), name="ana", display="")
        await house.context("fabric").service.granting.revoke(actor, grant)
        assert (await client.get(f"{folder}a%20note")).status_code == 401


async def test_no_other_credential_opens_the_folder(house: Installation, notes: Notes) -> None:
    async with given(house, "read") as (_client, folder, _grant):
        async with house.client() as nobody:
            refused = await nobody.request("PROPFIND", folder)
            assert (refused.status_code, refused.headers["www-authenticate"][:5]) == (401, "Basic")
            basic = base64.b64encode(b"x:syng_forged").decode()
            assert (await nobody.get(folder, headers={"authorization": f"Basic {basic}"})).status_code == 401
        token = (await house.call("identity.user_token", {"name": "ana", "label": "x", "scopes": []}))[
            "token"
        ]
        async with house.client(token=token) as ana:
            assert (await ana.get(f"{folder}a%20note")).status_code == 404


@pytest.mark.parametrize(
    "shown",
    [
        {"location": "http://127.0.0.1:1/notes/1"},
        {"location": "https://drive.example/notes/1"},
        {"location": "file:///etc/passwd"},
    ],
)
async def test_an_app_says_where_its_own_files_are_and_no_other_servers(
    house: Installation, notes: Notes, shown: dict[str, Any]
) -> None:
    async with given(house, "read") as (client, folder, _grant):
        notes.shown = shown
        assert (await client.get(f"{folder}a%20note")).status_code == 502
        assert notes.credentials == []


@pytest.mark.parametrize("title", ["../../etc", "a\r\nset-cookie: x=1", "", ".", "x" * 5000, "<b>&"])
async def test_a_title_is_one_name_in_the_folder_whatever_it_holds(
    house: Installation, notes: Notes, title: str
) -> None:
    notes.title = title
    async with given(house, "read") as (client, folder, _grant):
        listed = await client.request("PROPFIND", folder, headers={"depth": "1"})
        hrefs = [part.partition("<")[0] for part in listed.text.split("<D:href>")[1:]]
        assert (hrefs[0], len(hrefs)) == (folder, 2)
        name = hrefs[1].removeprefix(folder).replace("&amp;", "&")
        assert "/" not in name
        assert (await client.get(folder + name)).content == TEXT
