"""Adding an app in the browser: for oneself, and by an administrator for everybody."""

import html
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from jsonschema_rs import Draft202012Validator

from synfonium.apps.identity.service import passwords
from synfonium.common.ids import PersonId
from synfonium.testing.client import Installation, installation

from .manifests import GOOD, changed

MINE, ALL = "/fabric/apps", "/admin/fabric-apps"
ORIGIN = "https://notes.example"
SAME_ORIGIN = {"sec-fetch-site": "same-origin", "accept": "text/html", "accept-language": "en"}


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same argon2id, cheap: nobody guesses here."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    settings = {"SYNFONIUM_IDENTITY_ADMINISTRATORS_NEED_PASSKEY": "false"}
    async with installation(tmp_path / "home", settings) as running:
        yield running


@asynccontextmanager
async def signed_in(
    house: Installation, name: str, *, administrator: bool = False
) -> AsyncIterator[httpx.AsyncClient]:
    await house.person(name, administrator=administrator)
    async with house.client(headers=SAME_ORIGIN) as client:
        await client.post("/signin", data={"name": name, "password": f"{name}-password-1"})
        yield client


async def send(client: httpx.AsyncClient, path: str, made: object = "", **fields: str) -> httpx.Response:
    """The form with a manifest in its text, as a browser sends it: no file, lines ended by CR LF."""
    text = made if isinstance(made, str) else json.dumps(made, indent=1)
    given: dict[str, Any] = {"manifest": text.replace("\n", "\r\n"), **fields}
    parts = {name: (None, value) for name, value in given.items()}
    return await client.post(path, files={**parts, "file": ("", b"", "application/octet-stream")})


def secrets_in(answer: httpx.Response) -> dict[str, str]:
    found = re.findall(r'aria-label="(client_secret|webhook_secret)" value="([^"]+)"', answer.text)
    return {name: html.unescape(value) for name, value in found}


async def visible(house: Installation, name: str, person: str) -> bool:
    found = await house.call("identity.user_find", {"name": person})
    apps = await house.context("fabric").service.registry.all(PersonId(found["id"]))
    return name in {app.name for app in apps}


async def test_a_person_adds_an_app_that_they_alone_have_and_reads_its_secrets_once(
    house: Installation,
) -> None:
    async with signed_in(house, "ana") as ana:
        answer = await send(ana, MINE, changed(("synfonium", "is_confidential"), True), origin=ORIGIN)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert set(secrets_in(answer)) == {"client_secret", "webhook_secret"}
        again = await ana.get(f"{MINE}/notes")
        assert secrets_in(again) == {}
        assert ORIGIN in again.text
        assert "Notes" in (await ana.get(MINE)).text
    await house.person("bob")
    assert await visible(house, "notes", "ana")
    assert not await visible(house, "notes", "bob")


async def test_an_author_reads_what_is_wrong_beside_its_line_in_their_language_and_keeps_their_text(
    house: Installation,
) -> None:
    wrong = changed(("synfonium", "asks"), {"file": ["read"]})
    async with signed_in(house, "ana") as ana:
        answer = await send(ana, MINE, wrong, origin=ORIGIN)
        assert answer.status_code == 422
        line = json.dumps(wrong, indent=1).split('"file": [')[0].count("\n") + 1
        assert f"Line {line}, column 4" in answer.text
        assert "<code>interface</code>" in answer.text
        assert html.escape('"file": [', quote=True).replace("&quot;", "&#34;") in answer.text
        assert "must be an interface" in answer.text
        french = await ana.post(
            f"{MINE}?ui=fr", files={"manifest": (None, json.dumps(wrong)), "origin": (None, ORIGIN)}
        )
        assert "doit être une interface" in french.text
    assert not await visible(house, "notes", "ana")


async def test_checking_adds_nothing(house: Installation) -> None:
    async with signed_in(house, "ana") as ana:
        answer = await send(ana, MINE, GOOD, origin="", act="check")
        assert "The manifest is good. Nothing was added yet." in answer.text
    assert not await visible(house, "notes", "ana")


async def test_an_uploaded_file_goes_before_the_text(house: Installation) -> None:
    async with signed_in(house, "ana") as ana:
        files = {
            "manifest": (None, "{"),
            "origin": (None, ORIGIN),
            "file": ("synfonium.app.json", json.dumps(GOOD).encode(), "application/json"),
        }
        assert (await ana.post(MINE, files=files)).status_code == 200
    assert await visible(house, "notes", "ana")


async def test_a_wrong_origin_is_said_in_the_form(house: Installation) -> None:
    async with signed_in(house, "ana") as ana:
        answer = await send(ana, MINE, GOOD, origin="http://notes.example/x")
        assert answer.status_code == 422
        assert "An origin is https://" in answer.text


async def test_a_new_manifest_says_what_is_new_in_it_and_another_apps_is_refused(
    house: Installation,
) -> None:
    async with signed_in(house, "ana") as ana:
        await send(ana, MINE, GOOD, origin=ORIGIN)
        asks = {"desktop/1": ["use"], **GOOD["synfonium"]["asks"]}
        answer = await send(ana, f"{MINE}/notes", changed(("synfonium", "asks"), asks))
        assert "desktop/1 use" in answer.text
        other = changed(("id",), "jotter")
        other["synfonium"]["emits"] = other["synfonium"]["actions"] = []
        refused = await send(ana, f"{MINE}/notes", other)
        assert refused.status_code == 422
        assert "another app" in refused.text


async def test_new_secrets_end_the_old_ones_and_removing_ends_the_app(house: Installation) -> None:
    async with signed_in(house, "ana") as ana:
        first = secrets_in(await send(ana, MINE, GOOD, origin=ORIGIN))["webhook_secret"]
        second = secrets_in(await ana.post(f"{MINE}/notes/secret"))["webhook_secret"]
        assert first != second
        assert await house.context("fabric").service.registry.secret_of("notes") == second
        gone = await ana.post(f"{MINE}/notes/remove")
        assert (gone.status_code, gone.headers["location"]) == (303, MINE)
        assert (await ana.get(f"{MINE}/notes")).status_code == 404
    assert not await visible(house, "notes", "ana")


async def test_nobody_sees_changes_or_removes_the_app_of_another(house: Installation) -> None:
    async with signed_in(house, "ana") as ana:
        await send(ana, MINE, GOOD, origin=ORIGIN)
    async with signed_in(house, "eve", administrator=True) as eve:
        for path in (f"{MINE}/notes", f"{ALL}/notes"):
            assert (await eve.get(path)).status_code == 404
            assert (await send(eve, path, GOOD)).status_code == 404
            assert (await eve.post(f"{path}/secret")).status_code == 404
            assert (await eve.post(f"{path}/remove")).status_code == 404
        assert (await send(eve, MINE, GOOD, origin=ORIGIN)).status_code == 409
    assert await visible(house, "notes", "ana")


async def test_an_administrator_adds_an_app_for_everybody_and_nobody_else_does(house: Installation) -> None:
    async with signed_in(house, "bob") as bob:
        assert (await send(bob, ALL, GOOD, origin=ORIGIN)).status_code == 403
    async with signed_in(house, "ada", administrator=True) as ada:
        assert (await send(ada, ALL, GOOD, origin=ORIGIN)).status_code == 200
        assert "Notes" in (await ada.get(ALL)).text
        assert "Notes" not in (await ada.get(MINE)).text
    assert await visible(house, "notes", "bob")


async def test_a_token_adds_no_app(house: Installation) -> None:
    async with house.client(token=await house.person("ana")) as program:
        assert (await send(program, MINE, GOOD, origin=ORIGIN)).status_code == 403


async def test_a_person_adds_no_more_apps_than_a_person_has(
    house: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synfonium.apps.fabric.service.registering.MOST_OF_A_PERSON", 1)
    async with signed_in(house, "ana") as ana:
        await send(ana, MINE, {"id": "one", "name": "One"}, origin=ORIGIN)
        answer = await send(ana, MINE, {"id": "two", "name": "Two"}, origin=ORIGIN)
        assert answer.status_code == 409
        assert "No more than 1 apps" in answer.text


async def test_anybody_reads_the_schema_of_a_manifest(house: Installation) -> None:
    async with house.client() as stranger:
        answer = await stranger.get("/fabric/manifest.schema.json")
    assert answer.headers["content-type"].startswith("application/schema+json")
    assert Draft202012Validator(answer.json(), offline=True).is_valid(GOOD)
