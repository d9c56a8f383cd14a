"""An app of Nextcloud's comes in by login flow 2, as its person sees it."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from synfonium.testing.client import Installation, installation

AGENT = "Mozilla/5.0 (Android) Nextcloud-android/3.30.0 <b>\t"
PAGE = {"sec-fetch-site": "same-origin", "accept": "text/html"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        await running.person("ada")
        yield running


@pytest.fixture
async def ada(house: Installation) -> AsyncIterator[httpx.AsyncClient]:
    """Her browser, signed in just now."""
    async with house.client(headers=PAGE) as browser:
        signed = await browser.post("/signin", data={"name": "ada", "password": "ada-password-1"})
        assert signed.status_code == 303
        yield browser


@pytest.fixture
async def app(house: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client(headers={"user-agent": AGENT}) as client:
        yield client


async def begin(app: httpx.AsyncClient) -> tuple[str, str]:
    """The page that the app opens, and what it polls with."""
    begun = (await app.post("/index.php/login/v2")).json()
    assert begun["poll"]["endpoint"] == "http://localhost:8600/index.php/login/v2/poll"
    return begun["login"].removeprefix("http://localhost:8600"), begun["poll"]["token"]


async def poll(app: httpx.AsyncClient, token: str) -> httpx.Response:
    return await app.post("/index.php/login/v2/poll", data={"token": token})


async def test_a_person_lets_an_app_in_and_takes_it_back(
    ada: httpx.AsyncClient, app: httpx.AsyncClient
) -> None:
    page, token = await begin(app)
    assert (await poll(app, token)).status_code == 404
    shown = await ada.get(page)
    assert shown.status_code == 200
    assert "Nextcloud-android/3.30.0 &lt;b&gt;</bdi>" in shown.text
    assert (await ada.post(page, data={"decision": "allow"})).status_code == 200
    granted = await poll(app, token)
    told = granted.json()
    assert (told["server"], told["loginName"]) == ("http://localhost:8600", "ada")
    assert (await poll(app, token)).status_code == 404  # once
    assert (await ada.get(page)).status_code == 404

    files = "/remote.php/dav/files/ada/"
    auth = (told["loginName"], told["appPassword"])
    assert (await app.put(f"{files}a.txt", content=b"x", auth=auth)).status_code == 201
    assert (await app.get("/settings/security", auth=auth)).status_code == 403  # files, and nothing else
    assert "Nextcloud-android" in (await ada.get("/settings/security")).text
    out = await app.delete("/ocs/v2.php/core/apppassword", auth=auth)
    assert out.status_code == 200
    assert (await app.request("PROPFIND", files, auth=auth)).status_code == 401


async def test_a_person_can_say_no(ada: httpx.AsyncClient, app: httpx.AsyncClient) -> None:
    page, token = await begin(app)
    refused = await ada.post(page, data={"decision": "refuse"})
    assert refused.status_code == 200
    assert (await poll(app, token)).status_code == 404
    assert (await ada.post(page, data={"decision": "allow"})).status_code == 404


async def test_a_visitor_is_sent_to_sign_in_and_grants_nothing(
    house: Installation, app: httpx.AsyncClient
) -> None:
    page, token = await begin(app)
    async with house.client(headers=PAGE) as stranger:
        sent = await stranger.get(page)
        assert sent.status_code in (302, 303)
        assert sent.headers["location"].startswith("/signin")
        answer = await stranger.post(page, data={"decision": "allow"})
        assert answer.status_code in (302, 303, 401)
    token_of_ada = await house.call("identity.user_token", {"name": "ada", "label": "test", "scopes": []})
    async with house.client(token=str(token_of_ada["token"])) as program:
        assert (await program.post(page, data={"decision": "allow"})).status_code == 403
    assert (await poll(app, token)).status_code == 404


@pytest.mark.parametrize("token", ["", "x", "\u00e9", "x" * 3000])
async def test_a_wrong_poll_learns_nothing(app: httpx.AsyncClient, token: str) -> None:
    assert (await poll(app, token)).status_code == 404


async def test_the_flow_has_no_other_door(app: httpx.AsyncClient) -> None:
    assert (await app.get("/index.php/login/v2")).status_code == 405
    for path in ("/index.php", "/index.php/login", "/index.php/login/v2/", "/index.php/apps/files"):
        assert (await app.post(path)).status_code == 404
    assert (await app.post("/index.php/login/v2/poll", content=b"x" * 5000)).status_code == 413
    assert (await app.get("/drive/connect/unknown")).status_code in (401, 404)


async def test_an_ask_ends_after_twenty_minutes(
    house: Installation, app: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    connecting = house.context("drive").service.connecting
    page, _ = await begin(app)
    login = re.sub(".*/", "", page)
    assert connecting.label(login)
    now_s = house.context("drive").clock.now_s()
    monkeypatch.setattr(connecting._room, "now_s", lambda: now_s + 20 * 60 + 1)
    with pytest.raises(Exception, match="not_found"):
        connecting.label(login)
