"""App tokens open what their scopes say, until they are revoked."""

import base64
import re

import httpx
import pytest

from synfonium.apps.identity.errors import PersonUnknown
from synfonium.apps.identity.store.tables import tokens
from synfonium.common.problem import BadInput, SignInNeeded
from synfonium.testing.client import Installation

from .conftest import MovedClock


def form_of(page: str) -> str:
    return page.partition('name="form" value="')[2].partition('"')[0]


def token_ids(page: str) -> list[str]:
    return re.findall(r"/tokens/(\w+)/revoke", page)


async def made_token(browser: httpx.AsyncClient, **fields: str) -> str:
    form = form_of((await browser.get("/settings/security")).text)
    page = await browser.post("/settings/security/tokens", data={"label": "backup", "form": form, **fields})
    assert page.status_code == 200, page.text
    return re.findall(r'value="(syn_\w{43})"', page.text)[0]


async def test_a_token_is_shown_once_and_kept_as_a_hash(house: Installation, ada: httpx.AsyncClient) -> None:
    token = await made_token(ada)
    page = (await ada.get("/settings/security")).text
    assert "backup" in page
    assert token not in page
    rows = await house.context("identity").database.read(lambda c: list(c.execute(tokens.select())))
    assert token not in str(rows)


async def test_a_form_sent_twice_makes_one_token(ada: httpx.AsyncClient) -> None:
    before = token_ids((await ada.get("/settings/security")).text)
    form = form_of((await ada.get("/settings/security")).text)
    data = {"label": "backup", "form": form}
    assert (await ada.post("/settings/security/tokens", data=data)).status_code == 200
    assert (await ada.post("/settings/security/tokens", data=data)).status_code == 409
    assert len(token_ids((await ada.get("/settings/security")).text)) == len(before) + 1


async def test_a_token_opens_pages_as_bearer_and_as_basic_password(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    token = await made_token(ada)
    basic = base64.b64encode(f"ada:{token}".encode()).decode()
    for authorization in (f"Bearer {token}", f"Basic {basic}"):
        async with house.client(headers={"authorization": authorization}) as program:
            assert (await program.get("/settings/security")).status_code == 200


@pytest.mark.parametrize(
    ("name", "secret"),
    [("bob", ""), ("ada", "syn_" + "A" * 43), ("ada", "ada-password-1"), ("ada", "x" * 9000)],
    ids=["another name", "wrong token", "account password", "too long"],
)
async def test_basic_with_anything_else_is_refused(
    house: Installation, ada: httpx.AsyncClient, name: str, secret: str
) -> None:
    secret = secret or await made_token(ada)
    basic = base64.b64encode(f"{name}:{secret}".encode()).decode()
    async with house.client(headers={"authorization": f"Basic {basic}"}) as program:
        assert (await program.get("/settings/security")).status_code == 401


async def test_a_revoked_token_is_refused_at_once(house: Installation, ada: httpx.AsyncClient) -> None:
    before = set(token_ids((await ada.get("/settings/security")).text))
    token = await made_token(ada)
    async with house.client(token=token) as program:
        assert (await program.get("/settings/security")).status_code == 200
        new = (set(token_ids((await ada.get("/settings/security")).text)) - before).pop()
        assert (await ada.post(f"/settings/security/tokens/{new}/revoke")).status_code == 303
        assert (await program.get("/settings/security")).status_code == 401


async def test_a_token_ends_on_its_day(
    house: Installation, ada: httpx.AsyncClient, clock: MovedClock
) -> None:
    token = await made_token(ada, days="30")
    clock.ahead_s = 30 * 86_400 + 1
    async with house.client(token=token) as program:
        assert (await program.get("/settings/security")).status_code == 401


async def test_a_token_cannot_make_ways_in(house: Installation, ada: httpx.AsyncClient) -> None:
    token = await made_token(ada)
    async with house.client(token=token) as program:
        for path in ("tokens", "password", "sessions/end-others", "password/remove"):
            data = {"label": "x", "form": "x", "password": "a long enough one"}
            answer = await program.post(f"/settings/security/{path}", data=data)
            assert answer.status_code == 403, path
        assert (await program.post("/api/identity/security/challenge")).status_code == 403


async def test_an_unknown_scope_or_person_makes_no_token(house: Installation) -> None:
    await house.person("ada")
    with pytest.raises(BadInput):
        await house.call("identity.user_token", {"name": "ada", "label": "x", "scopes": ["moon.read"]})
    with pytest.raises(BadInput):
        await house.call("identity.user_token", {"name": "ada", "label": "", "scopes": []})
    with pytest.raises(PersonUnknown):
        await house.call("identity.user_token", {"name": "eve", "label": "x"})


async def test_a_role_that_only_reads_sees_a_revocation_within_a_second(
    house: Installation, ada: httpx.AsyncClient, clock: MovedClock
) -> None:
    from synfonium.apps.identity.service.authenticator import TokenAuthenticator

    token = await made_token(ada)
    elsewhere = TokenAuthenticator(house.context("identity"))
    found = await elsewhere.by_token(token)
    assert found is not None
    assert found.name == "ada"
    for token_id in token_ids((await ada.get("/settings/security")).text):
        await ada.post(f"/settings/security/tokens/{token_id}/revoke")
    clock.ahead_s = 1.0
    with pytest.raises(SignInNeeded):
        await elsewhere.by_token(token)
    assert await elsewhere.by_token("not-of-this-kind") is None
