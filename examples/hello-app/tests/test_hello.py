# SPDX-License-Identifier: Apache-2.0
"""Hello without an installation: what it refuses, keeps and answers."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hello_app.server import Hello
from hello_app.settings import Settings

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()


@pytest.fixture
def hello(tmp_path: Path) -> Iterator[Hello]:
    server = Hello(Settings("http://localhost:1", "c", "s", SECRET, "http://hello.localhost", 0, tmp_path))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def url(hello: Hello, path: str) -> str:
    return f"http://127.0.0.1:{hello.server_port}{path}"


def call(hello: Hello, path: str, told: object, *, secret: str = SECRET, age_s: int = 0) -> httpx.Response:
    body = json.dumps(told).encode()
    moment = str(int(time.time()) - age_s)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = hmac.digest(key, f"m1.{moment}.".encode() + body, hashlib.sha256)
    headers = {
        "webhook-id": "m1",
        "webhook-timestamp": moment,
        "webhook-signature": "v1," + base64.b64encode(signature).decode(),
    }
    return httpx.post(url(hello, path), content=body, headers=headers)


def test_the_page_works_without_script_and_lets_nobody_frame_it(hello: Hello) -> None:
    page = httpx.get(url(hello, "/"))
    assert '<a href="/pick">' in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


def test_an_answer_that_this_browser_did_not_ask_for_gives_nothing(hello: Hello) -> None:
    page = httpx.get(url(hello, "/callback?code=x&state=forged&iss=http://localhost:1"))
    assert "nobody here asked for it" in page.text


def test_a_form_of_another_site_is_refused(hello: Hello) -> None:
    answer = httpx.post(url(hello, "/notes"), data={"text": "x"}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403


def test_only_the_installation_may_act_and_only_now(hello: Hello) -> None:
    told = {"person": "p1", "object": "", "input": {"text": "buy tea\nsoon"}}
    other = "whsec_" + base64.b64encode(b"x" * 32).decode()
    assert call(hello, "/actions/write_note", told, secret=other).status_code == 401
    assert call(hello, "/actions/write_note", told, age_s=3600).status_code == 401
    assert httpx.post(url(hello, "/actions/write_note"), json=told).status_code == 401
    assert not hello.notes.of("p1")
    answer = call(hello, "/actions/write_note", told)
    (note,) = hello.notes.of("p1")
    assert (answer.json()["object"], note.title) == (note.address, "buy tea")


def test_a_person_has_their_own_notes_and_no_others(hello: Hello) -> None:
    mine, theirs = hello.notes.write("p1", "mine"), hello.notes.write("p2", "theirs")
    shown = call(hello, "/objects/describe", {"person": "p1", "address": mine.address}).json()
    assert (shown["title"], shown["owner"], shown["interfaces"]) == ("mine", "p1", ["file/1"])
    assert call(hello, "/objects/describe", {"person": "p1", "address": theirs.address}).status_code == 404
    listed = call(hello, "/objects/children", {"person": "p1", "address": ""}).json()
    assert [item["address"] for item in listed["items"]] == [mine.address]
    made = call(hello, "/objects/create", {"person": "p1", "address": "hello:notes", "title": "New"}).json()
    assert made["title"] == "New"
    assert call(hello, "/objects/burn", {"person": "p1"}).status_code == 404


def test_a_note_is_given_to_no_app_that_was_not_granted_it(hello: Hello) -> None:
    note = hello.notes.write("p1", "mine")
    for headers in ({}, {"authorization": "Bearer forged"}, {"authorization": "Basic x"}):
        assert httpx.get(url(hello, f"/notes/{note.id}"), headers=headers).status_code == 403
        assert httpx.put(url(hello, f"/notes/{note.id}"), content=b"x", headers=headers).status_code == 403
    assert hello.notes.one(note.id) == note


def test_a_note_that_is_written_again_keeps_its_title_and_has_another_revision(hello: Hello) -> None:
    note = hello.notes.write("p1", "mine")
    again = hello.notes.rewrite(note, "quite another text")
    assert hello.notes.one(note.id) == again
    assert (again.title, again.text) == ("mine", "quite another text")
    assert again.revision != note.revision
