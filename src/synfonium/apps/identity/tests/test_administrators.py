"""Whoever administers has shown a passkey in this session; a password alone never opens more."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from synfonium.testing.client import Installation, installation

from .authenticator import SoftAuthenticator
from .conftest import SAME_ORIGIN
from .test_passkeys import add_passkey, sign_in

BY_PASSWORD = {"name": "ada", "password": "ada-password-1"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    """As it comes: with the rule."""
    async with installation(tmp_path) as running:
        yield running


async def test_an_administrator_who_came_by_password_makes_a_passkey_before_any_door_opens(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    led = await ada.get("/admin/people?after=a")
    assert led.headers["location"] == "/signin/passkey?next=%2Fadmin%2Fpeople%3Fafter%3Da"
    refused = await ada.post("/admin/people", data={"name": "eve", "is_administrator": "on"})
    assert refused.headers["location"] == "/signin/passkey?next=%2Fadmin%2Fpeople"
    assert "Make a passkey" in (await ada.get(refused.headers["location"])).text
    assert (await ada.get("/settings/security")).status_code == 200
    before = ada.cookies["synfonium"]
    assert (await add_passkey(ada, SoftAuthenticator())).status_code == 200
    assert ada.cookies["synfonium"] != before
    assert (await ada.get("/admin/people")).status_code == 200


async def test_a_program_of_theirs_hears_why(ada: httpx.AsyncClient) -> None:
    refused = await ada.get("/admin/people", headers={"accept": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (403, "passkey_needed")


async def test_a_stolen_password_of_an_administrator_with_a_passkey_opens_no_administration(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    key = SoftAuthenticator()
    await add_passkey(ada, key)
    page = (await ada.get("/settings/security")).text
    passkey_id = page.partition("/settings/security/passkeys/")[2].partition("/")[0]
    async with house.client(headers=SAME_ORIGIN) as thief:
        await thief.post("/signin", data=BY_PASSWORD)
        assert (await thief.get("/admin/people")).status_code == 303
        asked = await thief.post("/api/identity/security/challenge")
        assert (asked.status_code, asked.json()["code"]) == (403, "passkey_needed")
        removed = await thief.post(f"/settings/security/passkeys/{passkey_id}/remove")
        assert removed.headers["location"].startswith("/signin/passkey")
        token = await thief.post("/settings/security/tokens", data={"label": "x", "form": "f" * 43})
        secret = token.text.partition('id="fresh-token"')[2].partition('value="')[2].partition('"')[0]
    assert secret.startswith("syn_")
    async with house.client(token=secret) as program:
        assert (await program.get("/admin/people")).json()["code"] == "forbidden"
    await ada.post("/signout")
    assert (await sign_in(ada, key)).status_code == 200
    assert (await ada.get("/admin/people")).status_code == 200


async def test_showing_the_passkey_raises_a_session_by_password(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    key = SoftAuthenticator()
    await add_passkey(ada, key)
    await ada.post("/signin", data=BY_PASSWORD)
    assert "Show my passkey" in (await ada.get("/signin/passkey")).text
    asked = (await ada.post("/api/identity/again/challenge")).json()
    answer = {"sealed": asked["sealed"], "credential": key.show(asked["options"]), "next": "/admin/people"}
    assert (await ada.post("/api/identity/again/passkey", json=answer)).json() == {"next": "/admin/people"}
    assert (await ada.get("/admin/people")).status_code == 200


async def test_the_operators_tokens_administer(house: Installation) -> None:
    async with house.client(token=await house.person("ada", administrator=True)) as program:
        assert (await program.get("/admin/people")).status_code == 200


async def test_a_token_made_before_somebody_administered_does_not_grow(
    house: Installation, browser: httpx.AsyncClient
) -> None:
    await house.person("root", administrator=True)
    await house.person("ada")
    await browser.post("/signin", data=BY_PASSWORD)
    page = (await browser.post("/settings/security/tokens", data={"label": "x", "form": "f" * 43})).text
    secret = page.partition('id="fresh-token"')[2].partition('value="')[2].partition('"')[0]
    people = house.context("identity").service.people
    ada = await people.named("ada")
    await people.set_administrator(ada.id, True, by=ada.id)
    async with house.client(token=secret) as program:
        assert (await program.get("/admin/people")).json()["code"] == "forbidden"


async def test_the_first_administrator_who_chose_a_password_makes_a_passkey_too(
    house: Installation, browser: httpx.AsyncClient
) -> None:
    link = (await house.call("identity.first_link"))["url"].rpartition("/")[2]
    fields = {"link": link, "name": "ada", "display": "Ada", "password": "correct horse battery"}
    assert (await browser.post("/welcome", data=fields)).status_code == 303
    assert (await browser.get("/admin/people")).headers["location"].startswith("/signin/passkey")
    assert (await add_passkey(browser, SoftAuthenticator())).status_code == 200
    assert (await browser.get("/admin/people")).status_code == 200


async def test_devices_and_tokens_are_called_what_their_owner_calls_them(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    await ada.post("/settings/security/tokens", data={"label": "laptop", "form": "f" * 43})
    service = house.context("identity").service
    person_id = (await house.call("identity.user_find", {"name": "ada"}))["id"]
    session, token = (await service.sessions.of(person_id))[0], (await service.tokens.of(person_id))[0]
    for kind, one in (("sessions", session), ("tokens", token)):
        base = f"/settings/security/{kind}/{one.id}/rename"
        assert (await ada.post(base, data={"label": f"Kitchen {kind}"})).status_code == 303
        assert (await ada.post(base, data={"label": "x" * 61})).status_code == 422
        assert f"Kitchen {kind}" in (await ada.get("/settings/security")).text
        assert (await ada.post(base.replace(one.id, "x"), data={"label": "a"})).status_code == 404
