"""In front of software that knows only a header: who asks is said by us, and by nobody else."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from synfonium.apps.fabric.service import mounting as service_mounting
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Person
from synfonium.testing.client import ORIGIN, Installation, installation

from .outside_app import SAME_ORIGIN, manifest

HOST = "http://calendar.localhost:8600"
MANIFEST = {
    "id": "calendar",
    "name": "Calendar",
    "synfonium": {
        "scopes": ["openid", "profile"],
        "front": {"user": "X-Remote-User", "name": "X-Remote-Name"},
    },
}
PAGE = {"accept": "text/html", "sec-fetch-site": "none"}


class Echo:
    """A server that tells what it was asked, and knows nothing of anybody."""

    def __init__(self) -> None:
        self.port, self._server = 0, None

    async def __aenter__(self) -> "Echo":
        self._server: Any = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_exception: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = [line.partition(": ")[::2] for line in lines[1:] if line]
        length = int({k.lower(): v for k, v in headers}.get("content-length", "0"))
        body = (await reader.readexactly(length)).decode("latin-1")
        told = json.dumps({"line": lines[0], "headers": headers, "body": body}).encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nset-cookie: own=1; Path=/\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n" % len(told) + told
        )
        writer.close()


@pytest.fixture
async def upstream() -> AsyncIterator[Echo]:
    async with Echo() as echo:
        yield echo


@pytest.fixture
async def house(tmp_path: Path, upstream: Echo) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        await running.call(
            "fabric.app_install",
            {
                "manifest": json.dumps(MANIFEST),
                "origin": HOST,
                "upstream": f"http://127.0.0.1:{upstream.port}",
            },
        )
        yield running


@pytest.fixture
async def app(house: Installation) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at the app's own host."""
    async with house.client(origin=HOST, headers=PAGE) as browser:
        yield browser


async def signed_in(house: Installation, app: httpx.AsyncClient, name: str = "ana") -> httpx.AsyncClient:
    """The same browser at our own host, after it signed in here and then at the app."""
    await house.person(name)
    here = house.client(headers=SAME_ORIGIN)
    await here.post("/signin", data={"name": name, "password": f"{name}-password-1"})
    await come_in(here, app)
    return here


async def come_in(here: httpx.AsyncClient, app: httpx.AsyncClient) -> None:
    began = await app.get("/cal?x=1")
    assert began.status_code == 303, began.text
    asked = await here.get(began.headers["location"])
    if asked.status_code == 200:
        asked = await here.post("/oauth/consent", data={"request": _sealed(asked.text), "decision": "allow"})
        back = _refresh(asked.text)
    else:
        back = asked.headers["location"]
    target = urlsplit(back)
    assert back.startswith(f"{HOST}/.synfonium/back?")
    entered = await app.get(f"{target.path}?{target.query}")
    assert (entered.status_code, entered.headers["location"]) == (303, "/cal?x=1"), entered.text


def _sealed(page: str) -> str:
    return page.partition('name="request" value="')[2].partition('"')[0].replace("&amp;", "&")


def _refresh(page: str) -> str:
    return page.partition('content="0; url=')[2].partition('"')[0].replace("&amp;", "&")


def told(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    headers: list[list[str]] = answer.json()["headers"]
    assert len({name.lower() for name, _ in headers}) == len(headers), "no header comes twice"
    return {name.lower(): value for name, value in headers}


async def test_a_person_signs_in_once_and_the_app_is_told_who_it_is(
    house: Installation, app: httpx.AsyncClient
) -> None:
    await signed_in(house, app)
    app.cookies.set("theirs", "2", domain="calendar.localhost")
    answer = await app.post("/cal/x", content=b"body")
    heard = told(answer)
    assert "theirs=2" in heard["cookie"]
    assert heard["x-remote-user"] == "ana"
    assert heard["x-forwarded-host"] == "calendar.localhost:8600"
    assert answer.json()["body"] == "body"
    assert "own=1" in answer.headers["set-cookie"]


async def test_what_stands_for_us_never_reaches_the_app(house: Installation, app: httpx.AsyncClient) -> None:
    here = await signed_in(house, app)
    heard = told(await app.get("/"))
    assert "synfonium" not in heard.get("cookie", "")
    assert "authorization" not in heard
    assert not any(cookie.domain and "calendar" in cookie.domain for cookie in here.cookies.jar)


@pytest.mark.parametrize(
    "name", ["X-Remote-User", "x-remote-user", "X_Remote_User", "Remote-User", "X-Remote-Name"]
)
async def test_a_name_that_comes_from_outside_is_not_believed(
    house: Installation, app: httpx.AsyncClient, name: str
) -> None:
    await signed_in(house, app)
    heard = told(await app.get("/", headers={name: "root"}))
    assert "root" not in heard.values()
    assert heard["x-remote-user"] == "ana"


async def test_without_signing_in_nothing_reaches_the_app(app: httpx.AsyncClient) -> None:
    page = await app.get("/secret")
    assert (page.status_code, urlsplit(page.headers["location"]).netloc) == (303, urlsplit(ORIGIN).netloc)
    program = await app.request("PROPFIND", "/", headers={"accept": "*/*", "x-remote-user": "root"})
    assert program.status_code == 401
    assert program.headers["www-authenticate"].startswith("Basic")
    forged = await app.get("/", headers={"accept": "*/*", "cookie": "synfonium-app=AAAA"})
    assert forged.status_code == 401


async def test_a_client_without_a_browser_shows_a_token_which_the_app_never_sees(
    house: Installation, app: httpx.AsyncClient
) -> None:
    token = await house.person("ana")
    answer = await app.request("PROPFIND", "/ana/", auth=("ana", token))
    heard = told(answer)
    assert (heard["x-remote-user"], "authorization" in heard) == ("ana", False)
    narrow = await house.person("bob", scopes=("drive.read",))
    assert (await app.request("PROPFIND", "/bob/", auth=("bob", narrow))).status_code == 403


async def test_when_the_person_takes_it_back_the_app_is_closed(
    house: Installation, app: httpx.AsyncClient
) -> None:
    here = await signed_in(house, app)
    assert (await app.get("/")).status_code == 200
    person = await house.call("identity.user_find", {"name": "ana"})
    clients = house.context("identity").service.clients
    ((client, _scopes, _since),) = await clients.consents_of(person["id"])
    await clients.withdraw(person["id"], client.id)
    assert (await app.get("/")).status_code == 303
    await come_in(here, app)


async def test_signing_out_here_closes_the_app_too(house: Installation, app: httpx.AsyncClient) -> None:
    here = await signed_in(house, app)
    await here.post("/signout")
    began = time.monotonic()
    while (await app.get("/")).status_code != 303:
        assert time.monotonic() - began < 1.0


async def test_a_code_that_another_browser_began_is_refused(
    house: Installation, app: httpx.AsyncClient
) -> None:
    """Somebody's code in my browser would make me work in their account (login CSRF)."""
    await signed_in(house, app)
    async with house.client(origin=HOST, headers=PAGE) as victim:
        refused = await victim.get("/.synfonium/back?code=x&state=y")
        assert refused.status_code == 403
        assert "synfonium-app" not in refused.headers.get("set-cookie", "")


async def test_a_reverse_proxy_of_somebody_elses_asks_about_each_request(
    house: Installation, app: httpx.AsyncClient
) -> None:
    await signed_in(house, app)
    allowed = await app.get("/.synfonium/auth")
    assert (allowed.status_code, allowed.headers["x-remote-user"]) == (200, "ana")
    async with house.client(origin=HOST, headers={"accept": "*/*"}) as stranger:
        assert (await stranger.get("/.synfonium/auth")).status_code == 401


async def test_an_app_that_is_removed_has_no_host_any_more(
    house: Installation, app: httpx.AsyncClient
) -> None:
    await signed_in(house, app)
    await house.call("fabric.app_remove", {"name": "calendar"})
    assert "x-remote-user" not in (await app.get("/")).text.lower()


async def test_what_ended_with_an_app_is_never_given_to_the_next_of_its_name(
    house: Installation, app: httpx.AsyncClient
) -> None:
    here = await signed_in(house, app)
    person = await house.call("identity.user_find", {"name": "ana"})
    granting = house.context("fabric").service.granting
    grant = await granting.give(person["id"], "calendar", "drive:root", frozenset({"read"}))
    await house.call("fabric.app_remove", {"name": "calendar"})
    answer = await here.post(f"/fabric/grants/{grant.id}/undo", data={})
    assert answer.status_code == 404


async def test_a_server_that_is_away_is_said_so(
    house: Installation, app: httpx.AsyncClient, upstream: Echo
) -> None:
    await signed_in(house, app)
    await upstream.__aexit__()
    answer = await app.get("/", headers={"accept": "*/*"})
    assert answer.status_code == 503


async def test_our_own_pages_are_not_served_at_the_apps_host(
    house: Installation, app: httpx.AsyncClient
) -> None:
    await signed_in(house, app)
    assert told(await app.get("/settings"))["x-remote-user"] == "ana"
    assert "content-security-policy" not in (await app.get("/")).headers


NEEDY = {
    **MANIFEST,
    "synfonium": {
        **MANIFEST["synfonium"],  # type: ignore[dict-item]
        "asks": {"folder/1": ["read", "write"]},
        "front": {"user": "X-Remote-User", "needs_grant": True},
    },
}


@pytest.fixture
async def needy(house: Installation, upstream: Echo) -> None:
    """The app is nothing without a folder."""
    asked = {"origin": HOST, "upstream": f"http://127.0.0.1:{upstream.port}"}
    await house.call("fabric.app_install", {"manifest": json.dumps(NEEDY), **asked})


@pytest.mark.usefixtures("needy")
async def test_whoever_gave_an_app_nothing_chooses_first_and_then_is_let_in(
    house: Installation, app: httpx.AsyncClient
) -> None:
    here = await signed_in(house, app)
    sent = await app.get("/cal")
    assert sent.status_code == 303
    page = await here.get(sent.headers["location"])
    assert "Calendar" in page.text
    nothing = await here.post("/fabric/pick", data={"request": _sealed(page.text), "decision": "refuse"})
    assert (nothing.status_code, nothing.headers["location"]) == (303, "/")
    chosen = {"request": _sealed(page.text), "chosen": "drive:root", "decision": "give"}
    given = await here.post("/fabric/pick", data=chosen)
    assert _refresh(given.text) == f"{HOST}/", given.text
    assert told(await app.get("/cal"))["x-remote-user"] == "ana"


@pytest.mark.usefixtures("needy")
async def test_a_phone_is_told_that_nothing_was_given_and_shut_out_when_it_is_taken_back(
    house: Installation, app: httpx.AsyncClient
) -> None:
    token = await house.person("ana", scopes=("app.calendar",))
    refused = await app.request("PROPFIND", "/", auth=("ana", token), headers={"accept": "*/*"})
    assert (refused.status_code, refused.json()["code"]) == (403, "fabric.nothing_given")
    person = await house.call("identity.user_find", {"name": "ana"})
    granting = house.context("fabric").service.granting
    grant = await granting.give(person["id"], "calendar", "drive:root", frozenset({"read"}))
    told(await app.request("PROPFIND", "/", auth=("ana", token)))
    await granting.revoke(Person(id=person["id"], name="", display=""), grant.id)
    assert (await app.request("PROPFIND", "/", auth=("ana", token))).status_code == 403


@pytest.mark.usefixtures("needy")
async def test_whoever_has_just_given_something_is_let_in_when_it_shows_as_a_folder(
    house: Installation, app: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await signed_in(house, app)
    person = await house.call("identity.user_find", {"name": "ana"})
    granting = house.context("fabric").service.granting
    grant = await granting.give(person["id"], "calendar", "drive:root", frozenset({"read"}))

    async def say(command: str, **arguments: object) -> None:
        await house.runtime.call(f"fabric.{command}", {"name": "calendar", **arguments}, caller="cli")

    told(await app.get("/"))  # nothing mounts: nothing is waited for
    mounting = asyncio.create_task(say("app_given", seen=-1))
    await asyncio.sleep(0.1)
    coming = asyncio.create_task(app.get("/"))
    await asyncio.sleep(0.3)
    assert not coming.done()
    await say("app_shown", grants=["0" * 26])
    await asyncio.sleep(0.3)
    assert not coming.done()
    await say("app_shown", grants=[grant.id])
    assert told(await asyncio.wait_for(coming, 1))["x-remote-user"] == "ana"
    await say("app_shown", grants=[])
    monkeypatch.setattr(service_mounting, "SHOWN_WITHIN_S", 0.3)
    for longest_s in (2, 0.25):  # what never shows is waited for once
        async with asyncio.timeout(longest_s):
            told(await app.get("/"))
    await mounting


async def test_a_link_asks_for_no_app_that_can_ask_for_itself(house: Installation) -> None:
    await house.person("ana")
    here = await signed_in_here(house)
    hello = {"manifest": json.dumps(manifest()), "origin": "http://127.0.0.1:9100"}
    await house.call("fabric.app_install", hello)
    asked = {"interfaces": "folder/1", "actions": "read", "back": "https://evil.example/"}
    assert (await here.get("/fabric/pick", params={"for": "hello", **asked})).status_code == 403
    # Nor for more than the manifest of one behind us says.
    assert (await here.get("/fabric/pick", params={"for": "calendar", **asked})).status_code == 403


async def test_a_token_for_one_app_behind_us_opens_that_one_alone(
    house: Installation, app: httpx.AsyncClient
) -> None:
    await house.person("ana")
    asked = {"name": "ana", "label": "phone", "scopes": ["app.calendar"]}
    token = (await house.call("identity.user_token", asked))["token"]
    assert told(await app.request("PROPFIND", "/", auth=("ana", token)))["x-remote-user"] == "ana"
    async with house.client(token=token) as client:
        files = await client.request("PROPFIND", "/dav/files/ana/", headers={"depth": "0"})
        assert files.status_code == 403
        assert (await client.get("/settings/security")).status_code in (303, 403)
    here = await signed_in_here(house)
    page = (await here.get("/settings/security")).text
    assert "Come in to Calendar" in page
    assert 'value="app.calendar"' in page
    with pytest.raises(BadInput):
        await house.call("identity.user_token", {**asked, "scopes": ["app.ghost"]})


async def signed_in_here(house: Installation) -> httpx.AsyncClient:
    here = house.client(headers=SAME_ORIGIN)
    await here.post("/signin", data={"name": "ana", "password": "ana-password-1"})
    return here
