"""Passkeys let their owner in, once per challenge, and nobody else."""

from typing import Any

import httpx
import pytest

from synfonium.testing.client import Installation

from .authenticator import PRESENT, SoftAuthenticator
from .conftest import SAME_ORIGIN, MovedClock


async def add_passkey(browser: httpx.AsyncClient, key: SoftAuthenticator) -> httpx.Response:
    asked = (await browser.post("/api/identity/security/challenge")).json()
    answer = {"sealed": asked["sealed"], "credential": key.make(asked["options"])}
    return await browser.post("/api/identity/security/passkey", json=answer)


async def asked_to_sign_in(browser: httpx.AsyncClient) -> dict[str, Any]:
    asked: dict[str, Any] = (await browser.post("/api/identity/passkey/challenge")).json()
    return asked


async def sign_in(
    browser: httpx.AsyncClient, key: SoftAuthenticator, asked: dict[str, Any] | None = None
) -> httpx.Response:
    asked = asked or await asked_to_sign_in(browser)
    answer = {
        "sealed": asked["sealed"],
        "credential": key.show(asked["options"]),
        "next": "/settings/security",
    }
    return await browser.post("/api/identity/passkey/signin", json=answer)


@pytest.fixture
async def key(ada: httpx.AsyncClient) -> SoftAuthenticator:
    """Ada's passkey; her browser has signed out."""
    key = SoftAuthenticator()
    assert (await add_passkey(ada, key)).status_code == 200
    await ada.post("/signout")
    assert (await ada.get("/settings/security")).status_code == 303
    return key


async def test_a_passkey_signs_its_owner_in_without_a_name(
    ada: httpx.AsyncClient, key: SoftAuthenticator
) -> None:
    answer = await sign_in(ada, key)
    assert answer.json() == {"next": "/settings/security"}
    page = await ada.get("/settings/security")
    assert page.status_code == 200
    assert "Firefox, Linux" in page.text


async def test_an_answer_works_once(
    ada: httpx.AsyncClient, key: SoftAuthenticator, house: Installation
) -> None:
    asked = await asked_to_sign_in(ada)
    assert (await sign_in(ada, key, asked)).status_code == 200
    async with house.client(headers=SAME_ORIGIN) as thief:
        replay = await sign_in(thief, key, asked)
        assert (replay.status_code, replay.json()["code"]) == (400, "identity.challenge_expired")
        assert (await thief.get("/settings/security")).status_code == 303


async def test_an_answer_that_comes_late_is_refused(
    ada: httpx.AsyncClient, key: SoftAuthenticator, clock: MovedClock
) -> None:
    asked = await asked_to_sign_in(ada)
    clock.ahead_s = 601
    assert (await sign_in(ada, key, asked)).json()["code"] == "identity.challenge_expired"


@pytest.mark.parametrize(
    "fault",
    [{"origin": "https://evil.example"}, {"rp_id": "evil.example"}, {"flags": PRESENT}, {"flags": 0}],
    ids=["another origin", "another rpId", "no user verification", "no presence"],
)
async def test_an_answer_that_proves_something_else_is_refused(
    ada: httpx.AsyncClient, key: SoftAuthenticator, fault: dict[str, Any]
) -> None:
    for name, value in fault.items():
        setattr(key, name, value)
    answer = await sign_in(ada, key)
    assert (answer.status_code, answer.json()["code"]) == (400, "identity.passkey_refused")


async def test_a_copied_passkey_is_noticed_by_its_counter(
    ada: httpx.AsyncClient, key: SoftAuthenticator
) -> None:
    key.count = 5
    assert (await sign_in(ada, key)).status_code == 200
    key.count = 4
    assert (await sign_in(ada, key)).json()["code"] == "identity.passkey_refused"


async def test_an_unknown_passkey_and_a_forged_challenge_are_refused(
    ada: httpx.AsyncClient, key: SoftAuthenticator
) -> None:
    stranger = SoftAuthenticator()
    assert (await sign_in(ada, stranger)).json()["code"] == "identity.passkey_refused"
    asked = await asked_to_sign_in(ada)
    asked["sealed"] = asked["sealed"][:-4] + "AAAA"
    assert (await sign_in(ada, key, asked)).json()["code"] == "identity.challenge_expired"


@pytest.mark.parametrize(
    "credential", [{}, {"id": 5}, {"id": "x", "rawId": "é", "type": "public-key", "response": {}}]
)
async def test_a_broken_answer_is_refused(ada: httpx.AsyncClient, credential: dict[str, Any]) -> None:
    asked = await asked_to_sign_in(ada)
    answer = {"sealed": asked["sealed"], "credential": credential}
    assert (await ada.post("/api/identity/passkey/signin", json=answer)).status_code == 400
    assert (await ada.post("/api/identity/passkey/signin", content=b"{")).status_code in (400, 422)
    assert (await ada.post("/api/identity/passkey/signin", json={"sealed": 1})).status_code == 422


async def test_a_passkey_made_for_another_person_cannot_be_added(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    await house.person("bob")
    async with house.client(headers=SAME_ORIGIN) as bob:
        await bob.post("/signin", data={"name": "bob", "password": "bob-password-1"})
        asked = (await ada.post("/api/identity/security/challenge")).json()
        answer = {"sealed": asked["sealed"], "credential": SoftAuthenticator().make(asked["options"])}
        assert (await bob.post("/api/identity/security/passkey", json=answer)).status_code == 400


async def test_the_last_way_in_cannot_be_removed(house: Installation, browser: httpx.AsyncClient) -> None:
    link = (await house.call("identity.first_link"))["url"].rpartition("/")[2]
    key = SoftAuthenticator()
    asked = (await browser.post("/api/identity/welcome/challenge", json={"link": link, "name": "ada"})).json()
    answer = {"link": link, "arrival": asked["arrival"], "sealed": asked["ceremony"]["sealed"]}
    answer["credential"] = key.make(asked["ceremony"]["options"])
    await browser.post("/api/identity/welcome/passkey", json=answer)
    passkey_id = (await browser.get("/settings/security")).text.partition("/passkeys/")[2].partition("/")[0]
    removed = await browser.post(f"/settings/security/passkeys/{passkey_id}/remove")
    assert removed.status_code == 409
    assert (await sign_in(browser, key)).status_code == 200


async def test_a_removed_passkey_no_longer_opens_the_account(
    ada: httpx.AsyncClient, key: SoftAuthenticator
) -> None:
    await sign_in(ada, key)
    page = (await ada.get("/settings/security")).text
    passkey_id = page.partition("/settings/security/passkeys/")[2].partition("/")[0]
    assert (
        await ada.post(f"/settings/security/passkeys/{passkey_id}/rename", data={"label": "Drawer"})
    ).status_code == 303
    assert "Drawer" in (await ada.get("/settings/security")).text
    assert (await ada.post(f"/settings/security/passkeys/{passkey_id}/remove")).status_code == 303
    await ada.post("/signout")
    assert (await sign_in(ada, key)).json()["code"] == "identity.passkey_refused"
