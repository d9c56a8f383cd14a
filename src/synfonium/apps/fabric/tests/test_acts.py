"""A declared action is done for whoever may, as declared, once; and for nobody else."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from synfonium.apps.fabric.model import acts
from synfonium.apps.fabric.service import acting as service
from synfonium.apps.fabric.tests.acting import (
    Credentials,
    act,
    give,
    names_in,
    person_id,
    strange_app,
)
from synfonium.testing.client import Installation, installation

SEND = {
    "name": "notes.send",
    "title": "Send a note",
    "door": "/acts/send",
    "input": {
        "type": "object",
        "properties": {"text": {"type": "string", "maxLength": 20}},
        "required": ["text"],
        "additionalProperties": False,
    },
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home", {"SYNFONIUM_FABRIC_LOCAL_APPS": "true"}) as running:
        yield running


async def test_a_person_does_what_is_declared_and_hears_where_it_is(house: Installation) -> None:
    token = await house.person("ana")
    made = await act(house, token, "drive.new_folder", "drive:root", name="Kermesse")
    assert made.status_code == 200, made.text
    folder = made.json()["object"]
    assert made.json()["page"].startswith("/drive/node/")
    text = await act(house, token, "drive.new_text", folder, name="a.txt", text="Tombola à 14 h")
    assert await names_in(house, "ana", token, "Kermesse") >= {"a.txt"}
    read = await act(house, token, "drive.read_text", text.json()["object"])
    assert read.json() == {"title": "a.txt", "text": "Tombola à 14 h", "is_whole": True}
    copied = await act(house, token, "drive.copy_to", text.json()["object"], into="drive:root")
    renamed = await act(house, token, "drive.rename", copied.json()["object"], name="b.txt")
    assert renamed.json()["title"] == "b.txt"
    await act(house, token, "drive.move_to", renamed.json()["object"], into=folder)
    found = await act(house, token, "drive.find", "drive:root", query="b.t")
    assert [one["title"] for one in found.json()["items"]] == ["b.txt"]
    await act(house, token, "drive.move_to_trash", folder)
    listed = await act(house, token, "drive.list_folder", "drive:root")
    assert listed.json() == {"items": [], "after": ""}


async def test_what_can_be_done_is_listed_in_the_readers_language_with_its_schema(
    house: Installation,
) -> None:
    async with house.client(token=await house.person("ana"), headers={"accept-language": "fr"}) as client:
        on_folder = (await client.get("/fabric/actions?on=drive:root")).json()
        with_nothing = (await client.get("/fabric/actions?on=")).json()
        missing = await client.get("/fabric/actions?on=drive:node/ghost")
    new = next(one for one in on_folder if one["name"] == "drive.new_folder")
    assert new["title"] == "Nouveau dossier"
    assert new["input"]["properties"]["name"]["title"] == "Nom"
    assert "drive.read_text" not in [one["name"] for one in on_folder]
    assert [one["name"] for one in with_nothing] == ["search.search_web"]
    assert (missing.status_code, missing.json()["code"]) == (404, "fabric.no_object")


@pytest.mark.parametrize(
    ("input_", "says"),
    [
        ({}, "name"),
        ({"name": 3}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "x", "folder": "drive:root"}, "folder"),
        ({"name": "x", "__proto__": {"is": "wide"}}, "__proto__"),
    ],
)
async def test_an_input_that_is_not_as_declared_is_refused_with_where_and_nothing_is_done(
    house: Installation, input_: dict[str, Any], says: str
) -> None:
    token = await house.person("ana")
    refused = await act(house, token, "drive.new_folder", "drive:root", **input_)
    assert (refused.status_code, refused.json()["code"]) == (422, "fabric.wrong_input")
    assert says in refused.json()["detail"]
    assert len(await names_in(house, "ana", token)) == 1


async def test_a_body_of_a_megabyte_or_of_no_form_is_refused(house: Installation) -> None:
    async with house.client(token=await house.person("ana")) as client:
        path = "/fabric/actions/drive.new_folder"
        large = await client.post(path, json={"object": "drive:root", "input": {"name": "x" * 1_000_000}})
        deep = await client.post(
            path, content=b'{"input":' + b'{"a":' * 5000 + b"1", headers={"content-type": "application/json"}
        )
        text = await client.post(path, content=b"[1]", headers={"content-type": "application/json"})
    assert (large.status_code, deep.status_code, text.status_code) == (413, 422, 422)


async def test_nobody_acts_on_what_is_anothers_or_of_another_kind_or_app(house: Installation) -> None:
    ana, bob = await house.person("ana"), await house.person("bob")
    mine = (await act(house, ana, "drive.new_text", "drive:root", name="a.txt", text="a")).json()["object"]
    theirs = await act(house, bob, "drive.move_to_trash", mine)
    assert (theirs.status_code, theirs.json()["code"]) == (404, "fabric.no_object")
    into = await act(house, bob, "drive.copy_to", "drive:root", into=mine)
    assert into.status_code == 404
    kind = await act(house, ana, "drive.new_folder", mine, name="x")
    assert (kind.status_code, kind.json()["code"]) == (422, "fabric.not_for")
    other = await act(house, ana, "pc.start", mine)
    assert (other.status_code, other.json()["code"]) == (422, "fabric.not_for")
    nothing = await act(house, ana, "search.search_web", mine, query="x")
    assert (nothing.status_code, nothing.json()["code"]) == (422, "fabric.not_for")
    ghost = await act(house, ana, "drive.burn", mine)
    assert (ghost.status_code, ghost.json()["code"]) == (404, "fabric.no_action")


async def test_an_app_acts_as_far_as_its_grant_goes(house: Installation) -> None:
    ana = await house.person("ana")
    person = await person_id(house, "ana")
    shared = (await act(house, ana, "drive.new_folder", "drive:root", name="Shared")).json()["object"]
    own = (await act(house, ana, "drive.new_folder", "drive:root", name="Own")).json()["object"]
    credentials = Credentials(house)
    reads = credentials.token(person, "pc", await give(house, person, "pc", shared, "read"))
    writes = credentials.token(person, "pc", await give(house, person, "pc", shared, "read", "write"))
    assert (await act(house, reads, "drive.list_folder", shared)).status_code == 200
    narrow = await act(house, reads, "drive.new_folder", shared, name="x")
    assert (narrow.status_code, narrow.json()["code"]) == (403, "fabric.not_granted")
    inside = await act(house, writes, "drive.new_folder", shared, name="x")
    assert inside.status_code == 200
    for object_ in (own, "drive:root"):
        assert (await act(house, writes, "drive.new_folder", object_, name="y")).status_code == 403
    out = await act(house, writes, "drive.move_to", inside.json()["object"], into=own)
    assert (out.status_code, out.json()["code"]) == (403, "fabric.not_granted")
    top = await act(house, writes, "drive.move_to_trash", shared)
    assert top.status_code == 403
    bare = credentials.token(person, "pc")
    assert (await act(house, bare, "drive.list_folder", shared)).status_code == 403
    async with house.client(token=writes) as client:
        offered = (await client.get("/fabric/actions")).json()
    assert {one["app"] for one in offered} == {"drive"}


async def test_an_app_calls_what_needs_no_object_only_by_a_grant_for_that(house: Installation) -> None:
    await house.person("ana")
    person = await person_id(house, "ana")
    credentials = Credentials(house)
    bare = credentials.token(person, "pc", await give(house, person, "pc", "drive:root", "read", "write"))
    refused = await act(house, bare, "search.search_web", query="kermesse")
    assert (refused.status_code, refused.json()["code"]) == (403, "fabric.not_granted")
    able = credentials.token(person, "pc", await give(house, person, "pc", "search:app", "use"))
    found = await act(house, able, "search.search_web", query="kermesse")
    assert found.status_code == 200, found.text
    assert found.json()["page"] == "/search?q=kermesse"
    unused = await act(house, able, "drive.list_folder", "drive:root")
    assert unused.status_code == 403


async def test_a_token_for_something_else_acts_not(house: Installation) -> None:
    token = await house.person("ana", scopes=("drive.write", "drive.read"))
    assert (await act(house, token, "drive.new_folder", "drive:root", name="x")).status_code == 403
    async with house.client(token=token) as client:
        assert (await client.get("/fabric/actions")).status_code == 403


async def test_an_act_that_is_sent_again_is_done_once(house: Installation) -> None:
    token = await house.person("ana")
    key = {"idempotency-key": "k1"}
    first = await act(house, token, "drive.new_text", "drive:root", key, name="a.txt", text="a")
    again = await act(house, token, "drive.new_text", "drive:root", key, name="a.txt", text="a")
    assert first.json() == again.json()
    assert len(await names_in(house, "ana", token)) == 2
    other = await act(house, token, "drive.new_text", "drive:root", key, name="b.txt", text="a")
    assert (other.status_code, other.json()["code"]) == (422, "fabric.key_taken")
    bob = await house.person("bob")
    assert (await act(house, bob, "drive.new_text", "drive:root", key, name="b", text="")).status_code == 200
    refused = {"idempotency-key": "k2"}
    assert (
        await act(house, token, "drive.new_folder", "drive:root", refused, name="a.txt")
    ).status_code == 409
    mended = await act(house, token, "drive.new_folder", "drive:root", refused, name="c")
    assert mended.status_code == 200, mended.text


async def test_what_an_app_does_stands_in_the_audit(house: Installation) -> None:
    await house.person("ana")
    person = await person_id(house, "ana")
    token = Credentials(house).token(
        person, "pc", await give(house, person, "pc", "drive:root", "read", "write")
    )
    await act(house, token, "drive.new_folder", "drive:root", name="x")
    rows = await house.context("fabric").database.read(
        lambda c: c.exec_driver_sql("select person, act, subject, by_app from fabric_audit").all()
    )
    assert tuple(rows[-1]) == (person, "fabric.drive.new_folder", "drive:root", "pc")


async def test_an_outside_app_does_its_action_and_learns_only_its_own_name_for_the_person(
    house: Installation,
) -> None:
    token = await house.person("ana")
    async with strange_app(house, "notes", [SEND]) as notes:
        notes.answer = {"page": "/sent/1"}
        done = await act(house, token, "notes.send", "", {"idempotency-key": "k"}, text="Bonjour")
        assert done.json() == {"page": f"{notes.origin}/sent/1"}
        notes.answer = {"page": "https://evil.example/"}
        elsewhere = await act(house, token, "notes.send", text="Bonjour")
        assert elsewhere.json() == {"page": ""}
        wide = await act(house, token, "notes.send", text="Bonjour", to="all")
    assert wide.status_code == 422
    assert len(notes.asked) == 2
    assert notes.asked[0]["input"] == {"text": "Bonjour"}
    assert notes.asked[0]["person"] not in ("", await person_id(house, "ana"))
    assert "grants" not in notes.asked[0]


async def test_an_outside_app_that_never_answers_is_waited_for_a_bounded_time(
    house: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LONGEST_S", 0.3)
    token = await house.person("ana")
    async with strange_app(house, "notes", [SEND]) as notes:
        notes.waits_s = 30.0
        late = await act(house, token, "notes.send", text="a")
        assert (late.status_code, late.json()["code"]) == (504, "fabric.took_too_long")
        assert (await act(house, token, "drive.new_folder", "drive:root", name="x")).status_code == 200


async def test_an_outside_app_that_failed_gets_the_same_act_under_the_same_id(house: Installation) -> None:
    token = await house.person("ana")
    key = {"idempotency-key": "k"}
    async with strange_app(house, "notes", [SEND]) as notes:
        notes.answer = "not an object"
        await act(house, token, "notes.send", "", key, text="a")
        notes.answer = {"done": True}
        await act(house, token, "notes.send", "", {"idempotency-key": "l"}, text="a")
    assert len(set(notes.message_ids)) == 2


async def test_an_app_of_one_person_offers_its_actions_to_nobody_else(house: Installation) -> None:
    ana, bob = await house.person("ana"), await house.person("bob")
    async with strange_app(house, "notes", [SEND], owner=await person_id(house, "ana")):
        assert (await act(house, ana, "notes.send", text="a")).status_code == 200
        other = await act(house, bob, "notes.send", text="a")
    assert (other.status_code, other.json()["code"]) == (404, "fabric.no_action")


async def test_an_action_with_a_regular_expression_never_comes_in(house: Installation) -> None:
    bomb = {**SEND, "input": {"type": "object", "properties": {"t": {"pattern": "^(a+)+$"}}}}
    token = await house.person("ana")
    async with strange_app(house, "notes", [bomb]):
        assert (await act(house, token, "notes.send", t="a" * 40 + "!")).status_code == 404


async def test_search_learns_nobody(house: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    call = house.context("fabric").call

    async def listening(command: str, arguments: Any = None, progress: Any = None) -> Any:
        seen.append((command, dict(arguments)))
        return await call(command, arguments, progress)

    monkeypatch.setattr(house.context("fabric"), "call", listening)
    token = await house.person("ana")
    assert (await act(house, token, "search.search_web", query="x")).status_code == 200
    command, arguments = seen[-1]
    assert command == "search.act_search_web"
    assert await person_id(house, "ana") not in json.dumps(arguments)


async def test_an_apps_commands_are_the_fabrics_alone(house: Installation) -> None:
    for command in ("drive.act_move_to_trash", "pc.act_start", "search.act_search_web"):
        with pytest.raises(Exception, match="forbidden"):
            await house.runtime.call(command, {"person": "x"}, caller="search")


async def test_without_script_a_person_finds_an_action_fills_its_form_and_is_told(
    house: Installation,
) -> None:
    html = {"accept": "text/html", "accept-language": "en"}
    async with house.client(token=await house.person("ana"), headers=html) as client:
        listed = await client.get("/fabric/actions?on=drive:root&q=new")
        assert "New folder" in listed.text
        assert "Put in the trash" not in listed.text
        form = await client.get("/fabric/actions/drive.new_folder?on=drive:root")
        assert 'name="name"' in form.text
        assert 'maxlength="255"' in form.text
        empty = await client.post(
            "/fabric/actions/drive.new_folder", data={"_object": "drive:root", "name": ""}
        )
        assert empty.status_code == 422
        assert 'aria-invalid="true"' in empty.text
        made = await client.post(
            "/fabric/actions/drive.new_folder", data={"_object": "drive:root", "name": "K"}
        )
        assert made.status_code == 303
        assert made.headers["location"].startswith("/drive/node/")
        looked = await client.post("/fabric/actions/drive.list_folder", data={"_object": "drive:root"})
        assert "&#34;K&#34;" in looked.text


def test_a_form_means_what_its_schema_says() -> None:
    schema = {
        "type": "object",
        "properties": {
            "n": {"type": "integer"},
            "x": {"type": "number"},
            "b": {"type": "boolean"},
            "c": {"enum": ["a", 2]},
            "o": {"type": "string", "format": "synfonium-object"},
            "l": {"type": "array", "items": {"type": "string"}},
            "s": {"type": "string"},
        },
        "required": ["s"],
    }
    kinds = [field.kind for field in acts.fields_of(schema)]
    assert kinds == ["integer", "number", "boolean", "choice", "object", "json", "text"]
    sent = {"n": "3", "x": "1,5", "b": "on", "c": "2", "o": "", "l": '["a"]', "s": "", "z": "not asked"}
    assert acts.from_form(schema, sent) == {"n": 3, "x": 1.5, "b": True, "c": 2, "l": ["a"], "s": ""}
    assert acts.from_form(schema, {"n": "three"})["n"] == "three"


def test_objects_are_found_wherever_a_schema_lets_one_stand() -> None:
    one = {"type": "string", "format": "synfonium-object"}
    schema = {
        "type": "object",
        "properties": {
            "a": one,
            "b": {"type": "array", "items": {"$ref": "#/$defs/o"}},
            "c": {"anyOf": [{"type": "integer"}, one]},
            "d": {"type": "object", "additionalProperties": one},
            "e": {"prefixItems": [one]},
        },
        "$defs": {"o": one},
    }
    value = {"a": "x:a/1", "b": ["x:b/1"], "c": "x:c/1", "d": {"k": "x:d/1"}, "e": ["x:e/1", "no"], "f": "no"}
    assert acts.objects_in(schema, value) == ["x:a/1", "x:b/1", "x:c/1", "x:d/1", "x:e/1"]


def test_a_template_is_filled_once() -> None:
    values = {"object.title": "{event.subject}", "event.subject": "drive:node/1"}
    template = {"name": "Copy of {object.title} {unknown} {", "n": 3}
    assert acts.filled(template, values) == {"name": "Copy of {event.subject} {unknown} {", "n": 3}
    assert msgspec.json.encode(acts.filled(["{event.subject}"], values)) == b'["drive:node/1"]'
