"""Passwords as the second way in, and the sessions that follow."""

import asyncio

import httpx
import pytest

from synfonium.apps.identity.model.people import digest
from synfonium.apps.identity.service.passwords import TRIES_AN_ACCOUNT
from synfonium.apps.identity.store.tables import sessions
from synfonium.testing.client import Installation

from .conftest import SAME_ORIGIN, MovedClock

BY_PASSWORD = {"name": "ada", "password": "ada-password-1"}


async def test_a_password_signs_in_and_leads_where_the_person_wanted_to_go(
    house: Installation, browser: httpx.AsyncClient
) -> None:
    await house.person("ada")
    asked = await browser.get("/settings/security")
    assert asked.headers["location"] == "/signin?next=%2Fsettings%2Fsecurity"
    assert 'value="/settings/security"' in (await browser.get(asked.headers["location"])).text
    answer = await browser.post("/signin", data={**BY_PASSWORD, "next": "/settings/security"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings/security")
    cookie = answer.headers["set-cookie"]
    assert all(part in cookie for part in ("synfonium=", "HttpOnly", "Path=/", "SameSite=lax"))


@pytest.mark.parametrize(
    "wish", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nb", "evil"]
)
async def test_signing_in_never_leads_to_another_site(ada: httpx.AsyncClient, wish: str) -> None:
    answer = await ada.post("/signin", data={**BY_PASSWORD, "next": wish})
    assert answer.headers["location"] == "/"


async def test_wrong_and_unknown_names_and_passwords_sound_the_same(
    house: Installation, browser: httpx.AsyncClient
) -> None:
    await house.person("ada")
    wrong = await browser.post("/signin", data={**BY_PASSWORD, "password": "not-her-password"})
    unknown = await browser.post("/signin", data={**BY_PASSWORD, "name": "eve"})
    assert wrong.status_code == unknown.status_code == 403
    assert wrong.text.replace("ada", "") == unknown.text.replace("eve", "")
    assert "set-cookie" not in wrong.headers


async def test_tries_are_counted_for_known_and_unknown_names_alike(
    house: Installation, browser: httpx.AsyncClient, clock: MovedClock
) -> None:
    await house.person("ada")
    most, seconds = TRIES_AN_ACCOUNT
    for name in ("ada", "eve"):
        tried = [
            (await browser.post("/signin", data={"name": name, "password": "wrong"})).status_code
            for _ in range(most)
        ]
        assert tried == [403] * most
        over = await browser.post("/signin", data={"name": name, "password": "ada-password-1"})
        assert over.status_code == 429
    clock.ahead_s = seconds
    assert (await browser.post("/signin", data=BY_PASSWORD)).status_code == 303


async def test_another_sites_form_cannot_sign_anybody_in(house: Installation) -> None:
    await house.person("ada")
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        async with house.client(headers=headers) as client:
            assert (await client.post("/signin", data=BY_PASSWORD)).status_code == 403


async def test_a_session_that_was_there_before_does_not_become_the_persons(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    before = ada.cookies["synfonium"]
    ada.cookies.set("synfonium", "chosen-by-an-attacker", domain="localhost.local")
    await ada.post("/signin", data=BY_PASSWORD)
    assert ada.cookies.get("synfonium", domain="localhost.local") not in (before, "chosen-by-an-attacker")
    async with house.client(headers={**SAME_ORIGIN, "cookie": "synfonium=chosen-by-an-attacker"}) as attacker:
        assert (await attacker.get("/settings/security")).status_code == 303


async def test_signing_in_again_ends_the_session_it_replaces(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    before = ada.cookies["synfonium"]
    await ada.post("/signin", data=BY_PASSWORD)
    async with house.client(headers={**SAME_ORIGIN, "cookie": f"synfonium={before}"}) as old:
        assert (await old.get("/settings/security")).status_code == 303


async def test_signing_out_ends_the_session_at_once(house: Installation, ada: httpx.AsyncClient) -> None:
    cookie = ada.cookies["synfonium"]
    assert (await ada.get("/settings/security")).status_code == 200
    assert (await ada.post("/signout")).status_code == 303
    assert "synfonium" not in ada.cookies
    async with house.client(headers={**SAME_ORIGIN, "cookie": f"synfonium={cookie}"}) as thief:
        assert (await thief.get("/settings/security")).status_code == 303
    assert (await ada.post("/signout")).status_code == 303


async def test_a_person_sees_their_sessions_and_ends_the_others(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    async with house.client(headers={**SAME_ORIGIN, "user-agent": "Safari on iPhone"}) as phone:
        await phone.post("/signin", data=BY_PASSWORD)
        assert "Safari, iPhone" in (await ada.get("/settings/security")).text
        assert (await ada.post("/settings/security/sessions/end-others")).status_code == 303
        assert (await phone.get("/settings/security")).status_code == 303
    assert (await ada.get("/settings/security")).status_code == 200


async def test_nobody_ends_another_persons_session(house: Installation, ada: httpx.AsyncClient) -> None:
    await house.person("bob")
    async with house.client(headers=SAME_ORIGIN) as bob:
        await bob.post("/signin", data={"name": "bob", "password": "bob-password-1"})
        database = house.context("identity").database
        ids = await database.read(lambda c: list(c.execute(sessions.select())))
        adas = next(row.id for row in ids if row.hash == digest(ada.cookies["synfonium"]))
        assert (await bob.post(f"/settings/security/sessions/{adas}/end")).status_code == 404
    assert (await ada.get("/settings/security")).status_code == 200


@pytest.mark.parametrize("days", [31, 91])
async def test_a_session_ends_by_itself(ada: httpx.AsyncClient, clock: MovedClock, days: int) -> None:
    clock.ahead_s = days * 86_400
    assert (await ada.get("/settings/security")).status_code == 303


async def test_the_time_of_last_use_is_coarse_and_written_off_the_request(
    house: Installation, ada: httpx.AsyncClient, clock: MovedClock
) -> None:
    service, database = house.context("identity").service, house.context("identity").database

    async def last_used() -> float:
        return float((await database.read(lambda c: c.execute(sessions.select()).one())).last_used_s)

    before = await last_used()
    clock.ahead_s = 200
    await ada.get("/settings/security")
    await service.uses.write()
    assert await last_used() == before
    clock.ahead_s = 400
    await ada.get("/settings/security")
    assert await last_used() == before
    await service.uses.write()
    assert await last_used() > before


async def test_a_changed_password_closes_other_devices_and_the_old_word(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    async with house.client(headers=SAME_ORIGIN) as other:
        await other.post("/signin", data=BY_PASSWORD)
        changed = await ada.post("/settings/security/password", data={"password": "another long one"})
        assert changed.status_code == 303
        assert (await other.get("/settings/security")).status_code == 303
        assert (await other.post("/signin", data=BY_PASSWORD)).status_code == 403
        new = {"name": "ada", "password": "another long one"}
        assert (await other.post("/signin", data=new)).status_code == 303
    assert (await ada.get("/settings/security")).status_code == 200


async def test_a_short_password_is_refused_and_the_old_one_stays(ada: httpx.AsyncClient) -> None:
    assert (await ada.post("/settings/security/password", data={"password": "short"})).status_code == 422
    assert (await ada.post("/signin", data=BY_PASSWORD)).status_code == 303


async def test_passwords_queue_for_few_threads_and_a_flood_is_turned_away(house: Installation) -> None:
    await house.person("ada")
    async with house.client(headers=SAME_ORIGIN) as client:
        tries = (client.post("/signin", data={"name": f"n{i}", "password": "x"}) for i in range(60))
        answered = [answer.status_code for answer in await asyncio.gather(*tries)]
    assert set(answered) == {403, 429}
