"""A sensitive act asks once more who is there; the proof renews the session under a new cookie."""

import httpx
import pytest

from synfonium.apps.identity.contract import SESSION_ENDED
from synfonium.testing.client import Installation

from .authenticator import SoftAuthenticator
from .conftest import SAME_ORIGIN, MovedClock
from .test_passkeys import add_passkey

SENSITIVE = (
    ("/settings/security/password", {"password": "another long one"}),
    ("/settings/security/password/remove", {}),
    ("/settings/security/tokens", {"label": "laptop", "form": "f" * 43}),
    ("/settings/security/passkeys/x/remove", {}),
)
LATER_S = 601


async def register(browser: httpx.AsyncClient) -> SoftAuthenticator:
    key = SoftAuthenticator()
    assert (await add_passkey(browser, key)).status_code == 200
    return key


async def prove(client: httpx.AsyncClient, password: str = "ada-password-1", to: str = "") -> httpx.Response:
    return await client.post("/signin/again", data={"password": password, "next": to})


@pytest.mark.parametrize(("path", "fields"), SENSITIVE)
async def test_a_sensitive_act_asks_for_a_fresh_proof_and_leads_back_to_its_page(
    ada: httpx.AsyncClient, clock: MovedClock, path: str, fields: dict[str, str]
) -> None:
    clock.ahead_s = LATER_S
    refused = await ada.post(path, data=fields)
    assert refused.status_code == 303
    assert refused.headers["location"] == "/signin/again?next=%2Fsettings%2Fsecurity&refused=1"
    page = await ada.get(refused.headers["location"])
    assert "What you sent was not done yet" in page.text
    assert (await prove(ada, to="/settings/security")).headers["location"] == "/settings/security"
    again = await ada.post(path, data=fields)
    assert not again.headers.get("location", "").startswith("/signin")


async def test_administrators_prove_themselves_before_they_make_links_and_administrators(
    ada: httpx.AsyncClient, clock: MovedClock
) -> None:
    clock.ahead_s = LATER_S
    for path in ("/admin/people", "/admin/people/x/link", "/admin/people/x/administrator"):
        refused = await ada.post(path, data={"name": "bob", "is_administrator": "true"})
        assert refused.headers["location"] == "/signin/again?next=%2Fadmin%2Fpeople&refused=1"
    assert (await ada.get("/admin/people")).status_code == 200


async def test_a_program_hears_that_a_proof_is_needed(ada: httpx.AsyncClient, clock: MovedClock) -> None:
    clock.ahead_s = LATER_S
    refused = await ada.post("/api/identity/security/challenge")
    assert (refused.status_code, refused.json()["code"]) == (403, "proof_needed")


async def test_a_token_never_proves_anything(house: Installation) -> None:
    async with house.client(token=await house.person("ada")) as program:
        refused = await program.post("/settings/security/tokens", data={"label": "more", "form": "f"})
    assert (refused.status_code, refused.json()["code"]) == (403, "proof_needed")


async def test_a_proof_keeps_the_session_and_changes_its_cookie(
    house: Installation, ada: httpx.AsyncClient, clock: MovedClock
) -> None:
    before = ada.cookies["synfonium"]
    sessions = house.context("identity").service.sessions
    known = (await house.call("identity.user_find", {"name": "ada"}))["id"]
    (old,) = await sessions.of(known)
    clock.ahead_s = LATER_S
    assert (await prove(ada)).status_code == 303
    (new,) = await sessions.of(known)
    assert (new.id, new.created_s) == (old.id, old.created_s)
    assert new.proved_s >= old.proved_s + LATER_S
    assert ada.cookies["synfonium"] != before
    async with house.client(headers={**SAME_ORIGIN, "cookie": f"synfonium={before}"}) as thief:
        assert (await thief.get("/settings/security")).status_code == 303


async def test_a_wrong_password_proves_nothing_and_tries_are_counted(
    ada: httpx.AsyncClient, clock: MovedClock
) -> None:
    clock.ahead_s = LATER_S
    tried = [(await prove(ada, "not her password")).status_code for _ in range(10)]
    assert tried == [403] * 10
    assert (await prove(ada)).status_code == 429
    assert (await ada.post("/settings/security/password/remove")).status_code == 303


async def test_a_passkey_proves_its_owner_and_nobody_else(
    house: Installation, ada: httpx.AsyncClient, clock: MovedClock
) -> None:
    mine = await register(ada)
    await house.person("bob")
    async with house.client(headers=SAME_ORIGIN) as bob:
        await bob.post("/signin", data={"name": "bob", "password": "bob-password-1"})
        bobs = await register(bob)
    clock.ahead_s = LATER_S
    for key, status in ((bobs, 400), (mine, 200)):
        asked = (await ada.post("/api/identity/again/challenge")).json()
        answer = {"sealed": asked["sealed"], "credential": key.show(asked["options"]), "next": "/settings"}
        proved = await ada.post("/api/identity/again/passkey", json=answer)
        assert proved.status_code == status
    assert proved.json() == {"next": "/settings"}
    assert (await ada.post("/api/identity/security/challenge")).status_code == 200


async def test_a_challenge_to_prove_does_not_sign_anybody_in(ada: httpx.AsyncClient) -> None:
    key = await register(ada)
    asked = (await ada.post("/api/identity/again/challenge")).json()
    answer = {"sealed": asked["sealed"], "credential": key.show(asked["options"])}
    assert (await ada.post("/api/identity/passkey/signin", json=answer)).status_code == 400


@pytest.mark.parametrize("wish", ["//evil.example", "https://evil.example", "/\\evil.example", "evil"])
async def test_a_proof_never_leads_to_another_site(ada: httpx.AsyncClient, wish: str) -> None:
    assert (await prove(ada, to=wish)).headers["location"] == "/"
    assert wish not in (await ada.get("/signin/again", params={"next": wish})).text


async def test_every_end_of_a_session_is_told_by_ids_alone(
    house: Installation, ada: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, object]] = []
    outbox = house.context("identity").outbox
    add = outbox.add

    def listen(connection: object, type_: str, subject: str, values: object = None) -> object:
        if type_ == SESSION_ENDED:
            told.append((subject, values))
        return add(connection, type_, subject, values)

    monkeypatch.setattr(outbox, "add", listen)
    known = (await house.call("identity.user_find", {"name": "ada"}))["id"]
    sessions = house.context("identity").service.sessions
    (first,) = await sessions.of(known)
    await ada.post("/signin", data={"name": "ada", "password": "ada-password-1"})
    assert told == [(f"identity:session/{first.id}", {"person": known})]
    await ada.post("/signout")
    assert len(told) == 2
