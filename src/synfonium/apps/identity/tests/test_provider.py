"""The OpenID Provider tells clients who signed in, when the person agrees, and nothing more."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest

from synfonium.apps.identity.store.tables import consents, issued
from synfonium.testing.client import Installation

from .conftest import SAME_ORIGIN, MovedClock
from .relying_party import (
    REDIRECT,
    RelyingParty,
    agreed,
    answer_of,
    hop_of,
    redirected,
    registered,
    sealed_in,
)


@pytest.fixture
async def site(house: Installation) -> RelyingParty:
    return await registered(house)


async def test_a_person_agrees_once_and_the_site_learns_who_they_are(
    ada: httpx.AsyncClient, site: RelyingParty
) -> None:
    page = await ada.get(site.request())
    assert "Tea Club" in page.text
    answer = await site.token(await agreed(ada, site))
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    claims = await site.claims(tokens["id_token"])
    assert claims["iss"] == "http://localhost:8600"
    assert claims["aud"] == site.client["client_id"]
    assert claims["nonce"] == "a nonce"
    assert claims["exp"] > claims["iat"] >= claims["auth_time"]
    told = (await site.userinfo(tokens["access_token"])).json()
    assert told == {"sub": claims["sub"], "name": "Ada", "preferred_username": "ada"}
    assert "code" in await redirected(ada, site.request(prompt="none"))


async def test_the_answer_holds_state_issuer_and_the_redirect_uris_own_query(
    ada: httpx.AsyncClient, site: RelyingParty
) -> None:
    await agreed(ada, site)
    answer = await redirected(ada, site.request())
    assert answer["state"] == "a state"
    assert answer["iss"] == "http://localhost:8600"
    assert answer["tenant"] == "1"


async def test_a_site_that_asks_only_for_openid_learns_no_name(
    ada: httpx.AsyncClient, site: RelyingParty
) -> None:
    tokens = (await site.token(await agreed(ada, site, scope="openid phone"))).json()
    assert tokens["scope"] == "openid"
    assert set((await site.userinfo(tokens["access_token"])).json()) == {"sub"}
    assert (await ada.get(site.request())).status_code == 200


async def test_two_sites_know_one_person_by_two_numbers(house: Installation, ada: httpx.AsyncClient) -> None:
    subs = {}
    for name, uri in (
        ("a", "https://a.example/cb"),
        ("b", "https://b.example/cb"),
        ("a2", "https://a.example/x"),
    ):
        site = await registered(house, name=name, redirect_uris=[uri])
        site.redirect = uri
        page = await ada.get(site.request())
        done = await ada.post("/oauth/consent", data={"request": sealed_in(page.text), "decision": "allow"})
        code = parse_qs(urlsplit(hop_of(done)).query)["code"][0]
        subs[name] = (await site.claims((await site.token(code)).json()["id_token"]))["sub"]
    assert subs["a"] != subs["b"]
    assert subs["a"] == subs["a2"]


async def test_a_refusal_is_told_to_the_site(ada: httpx.AsyncClient, site: RelyingParty) -> None:
    page = await ada.get(site.request())
    done = await ada.post("/oauth/consent", data={"request": sealed_in(page.text), "decision": "refuse"})
    assert answer_of(hop_of(done))["error"] == "access_denied"


async def test_a_visitor_signs_in_first_and_comes_back(
    house: Installation, browser: httpx.AsyncClient, site: RelyingParty
) -> None:
    await house.person("ada")
    asked = await browser.get(site.request())
    assert asked.headers["location"].startswith("/signin?next=%2Foauth%2Fcontinue")
    wish = parse_qs(urlsplit(asked.headers["location"]).query)["next"][0]
    signed = await browser.post("/signin", data={"name": "ada", "password": "ada-password-1", "next": wish})
    page = await browser.get(signed.headers["location"])
    assert "Tea Club" in page.text


async def test_prompt_none_never_shows_a_page(
    house: Installation, browser: httpx.AsyncClient, ada: httpx.AsyncClient, site: RelyingParty
) -> None:
    assert (await redirected(ada, site.request(prompt="none")))["error"] == "consent_required"
    async with house.client(headers=SAME_ORIGIN) as nobody:
        assert (await redirected(nobody, site.request(prompt="none")))["error"] == "login_required"
    assert (await redirected(ada, site.request(prompt="none login")))["error"] == "invalid_request"


async def test_prompt_none_with_a_hint_at_somebody_else_is_refused(
    house: Installation, ada: httpx.AsyncClient, site: RelyingParty
) -> None:
    hint = (await site.token(await agreed(ada, site))).json()["id_token"]
    assert "code" in await redirected(ada, site.request(prompt="none", id_token_hint=hint))
    await house.person("bob")
    async with house.client(headers=SAME_ORIGIN) as bob:
        await bob.post("/signin", data={"name": "bob", "password": "bob-password-1"})
        await agreed(bob, site)
        refused = await redirected(bob, site.request(prompt="none", id_token_hint=hint))
        assert refused["error"] == "login_required"


@pytest.mark.parametrize("wish", [{"prompt": "login"}, {"max_age": "0"}, {"prompt": "select_account"}])
async def test_a_site_may_ask_for_a_fresh_sign_in(
    ada: httpx.AsyncClient, site: RelyingParty, clock: MovedClock, wish: dict[str, str]
) -> None:
    await agreed(ada, site)
    clock.ahead_s = 10
    asked = await ada.get(site.request(**wish))
    assert asked.headers["location"].startswith("/signin?next=")
    back = parse_qs(urlsplit(asked.headers["location"]).query)["next"][0]
    assert (await ada.get(back)).headers["location"].startswith("/signin?next=")
    clock.ahead_s = 20
    await ada.post("/signin", data={"name": "ada", "password": "ada-password-1"})
    code = answer_of(hop_of(await ada.get(back)))["code"]
    claims = await site.claims((await site.token(code)).json()["id_token"])
    assert claims["auth_time"] >= clock.now_s() - 5


async def test_max_age_is_content_with_a_recent_sign_in(ada: httpx.AsyncClient, site: RelyingParty) -> None:
    await agreed(ada, site)
    assert "code" in await redirected(ada, site.request(max_age="3600"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "x"},
        {"client_id": None},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": None},
    ]
    + [{"redirect_uri": REDIRECT + suffix} for suffix in ("/", "&x", "%00")],
)
async def test_an_unknown_client_or_address_gets_no_redirect(
    ada: httpx.AsyncClient, site: RelyingParty, wrong: dict[str, str | None]
) -> None:
    answer = await ada.get(site.request(**wrong))
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "evil.example" not in answer.text


async def test_a_field_given_twice_gets_no_redirect(ada: httpx.AsyncClient, site: RelyingParty) -> None:
    for extra in ("&redirect_uri=https://evil.example/", "&client_id=x", "&state=b"):
        assert (await ada.get(site.request() + extra)).status_code == 400


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"prompt": "dance"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"request": "x"}, "request_not_supported"),
        ({"request_uri": "https://rp.example/r"}, "request_uri_not_supported"),
    ],
)
async def test_what_else_is_wrong_is_told_to_the_site_and_writes_nothing(
    house: Installation, ada: httpx.AsyncClient, site: RelyingParty, wrong: dict[str, str | None], error: str
) -> None:
    answer = await redirected(ada, site.request(**wrong))
    assert (answer["error"], answer["state"]) == (error, "a state")
    assert await rows(house, issued) == await rows(house, consents) == 0


async def rows(house: Installation, table: Any) -> int:
    return len(await house.context("identity").database.read(lambda c: list(c.execute(table.select()))))


async def test_a_code_used_twice_takes_back_what_it_gave(
    house: Installation, ada: httpx.AsyncClient, site: RelyingParty
) -> None:
    code = await agreed(ada, site)
    token = (await site.token(code)).json()["access_token"]
    again = await site.token(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    refused = await site.userinfo(token)
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]
    assert await rows(house, issued) == 1  # the used code, so that a third use is known as well


@pytest.mark.parametrize(
    ("wrong", "error", "status"),
    [
        ({"code": "x"}, "invalid_grant", 400),
        ({"code_verifier": "b" * 43}, "invalid_grant", 400),
        ({"redirect_uri": "https://rp.example/cb"}, "invalid_grant", 400),
        ({"client_secret": "x"}, "invalid_client", 401),
        ({"client_secret": None}, "invalid_client", 401),
        ({"client_id": "x"}, "invalid_client", 401),
        ({"client_id": None}, "invalid_client", 401),
        ({"code_verifier": None}, "invalid_grant", 400),
        ({"grant_type": None}, "invalid_request", 400),
        ({"grant_type": "password"}, "unsupported_grant_type", 400),
    ],
)
async def test_a_wrong_token_request_is_refused_and_the_code_stays_good(
    ada: httpx.AsyncClient, site: RelyingParty, wrong: dict[str, str | None], error: str, status: int
) -> None:
    code = await agreed(ada, site)
    answer = await site.token(code, **wrong)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["cache-control"] == "no-store"
    assert (await site.token(code)).status_code == 200


async def test_a_code_lives_for_a_minute(
    ada: httpx.AsyncClient, site: RelyingParty, clock: MovedClock
) -> None:
    code = await agreed(ada, site)
    clock.ahead_s = 61
    assert (await site.token(code)).json()["error"] == "invalid_grant"


async def test_a_code_of_one_client_is_nothing_to_another(
    house: Installation, ada: httpx.AsyncClient, site: RelyingParty
) -> None:
    code = await agreed(ada, site)
    other = await registered(house, name="Other")
    other.verifier = site.verifier
    assert (await other.token(code)).json()["error"] == "invalid_grant"


async def test_a_client_may_authenticate_by_basic(
    house: Installation, ada: httpx.AsyncClient, site: RelyingParty
) -> None:
    code = await agreed(ada, site)
    pair = f"{site.client['client_id']}:{site.client['client_secret']}"
    headers = {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": site.verifier,
    }
    async with house.client(headers=headers) as server:
        assert (await server.post("/oauth/token", data=fields)).status_code == 200
    wrong = {"authorization": "Basic !!!"}
    async with house.client(headers=wrong) as server:
        refused = await server.post("/oauth/token", data=fields)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Basic realm="Synfonium"')


async def test_a_public_client_needs_no_secret_and_gives_none(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    site = await registered(house, public=True)
    assert site.client["client_secret"] == ""
    code = await agreed(ada, site)
    assert (await site.token(code, client_secret="x")).status_code == 401
    assert (await site.token(code)).status_code == 200


async def test_a_person_takes_their_consent_back(ada: httpx.AsyncClient, site: RelyingParty) -> None:
    token = (await site.token(await agreed(ada, site))).json()["access_token"]
    assert "Tea Club" in (await ada.get("/settings/security")).text
    where = f"/settings/security/sites/{site.client['client_id']}/withdraw"
    assert (await ada.post(where)).status_code == 303
    assert (await site.userinfo(token)).status_code == 401
    assert (await redirected(ada, site.request(prompt="none")))["error"] == "consent_required"


async def test_an_access_token_ends_and_opens_nothing_else(
    house: Installation, ada: httpx.AsyncClient, site: RelyingParty, clock: MovedClock
) -> None:
    token = (await site.token(await agreed(ada, site))).json()["access_token"]
    async with house.client(token=token) as server:
        assert (await server.get("/settings/security")).status_code == 401
    async with house.client() as server:
        assert (await server.post("/oauth/userinfo", data={"access_token": token})).status_code == 200
        assert (await server.get("/oauth/userinfo")).status_code == 401
    clock.ahead_s = 3601
    assert (await site.userinfo(token)).status_code == 401


async def test_a_suspended_person_is_no_longer_told_about(
    house: Installation, ada: httpx.AsyncClient, site: RelyingParty
) -> None:
    await house.person("bob", administrator=True)
    code = await agreed(ada, site)
    token = (await site.token(await agreed(ada, site, prompt="consent"))).json()["access_token"]
    who = (await house.call("identity.user_find", {"name": "ada"}))["id"]
    await house.context("identity").service.people.suspend(who, by=who)
    assert (await site.token(code)).json()["error"] == "invalid_grant"
    assert (await site.userinfo(token)).status_code == 401


async def test_a_waiting_request_cannot_be_forged_or_kept(
    ada: httpx.AsyncClient, site: RelyingParty, clock: MovedClock
) -> None:
    sealed = sealed_in((await ada.get(site.request())).text)
    for wrong in ("", "x", "é", sealed[:-4] + "AAAA", "A" * 20_000):
        answer = await ada.post("/oauth/consent", data={"request": wrong, "decision": "allow"})
        assert answer.status_code == 400, wrong[:10]
    clock.ahead_s = 3601
    late = await ada.post("/oauth/consent", data={"request": sealed, "decision": "allow"})
    assert late.status_code == 400


async def test_a_posted_authorization_request_comes_back_as_get(
    house: Installation, ada: httpx.AsyncClient, site: RelyingParty
) -> None:
    await agreed(ada, site)
    async with house.client(headers={"sec-fetch-site": "cross-site"}) as form:
        answer = await form.post("/oauth/authorize", data=dict(parse_qsl(urlsplit(site.request()).query)))
    assert answer.status_code == 303
    assert "code" in await redirected(ada, answer.headers["location"])


async def test_discovery_lists_what_exists_and_nothing_else(house: Installation) -> None:
    async with house.client() as server:
        found = (await server.get("/.well-known/openid-configuration")).json()
        assert found["issuer"] == "http://localhost:8600"
        for name, url in found.items():
            if name.endswith(("_endpoint", "_uri")) and isinstance(url, str):
                assert (await server.get(urlsplit(url).path)).status_code in (200, 400, 401, 405), name
        keys = (await server.get("/oauth/jwks")).json()["keys"]
    assert {(key["kty"], key["alg"], "d" in key) for key in keys} == {
        ("EC", "ES256", False),
        ("OKP", "EdDSA", False),
    }
    assert len({key["kid"] for key in keys}) == len(keys) == 4  # each with its published successor


async def test_the_signing_key_survives_a_restart_and_lies_sealed(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    from synfonium.testing.client import installation

    home = tmp_path_factory.mktemp("home")
    published = []
    for _start in range(2):
        async with installation(home) as house, house.client() as server:
            published.append((await server.get("/oauth/jwks")).json()["keys"])
    assert published[0] == published[1]
    for path in home.rglob("*"):
        if path.is_file():
            assert b'"d":' not in path.read_bytes(), path.name


async def test_an_administrator_registers_and_removes_a_site(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    page = await ada.post(
        "/admin/apps", data={"name": "Tea Club", "redirect_uris": f"{REDIRECT}\nhttps://rp.example/two"}
    )
    assert page.status_code == 200
    listed = (await house.call("identity.client_list"))["clients"]
    assert [(one["name"], len(one["redirect_uris"])) for one in listed] == [("Tea Club", 2)]
    assert (
        await ada.post("/admin/apps", data={"name": "X", "redirect_uris": "http://evil.example/"})
    ).status_code == 422
    assert (await ada.post(f"/admin/apps/{listed[0]['id']}/remove")).status_code == 303
    assert (await house.call("identity.client_list"))["clients"] == []


@pytest.fixture
async def nobody(house: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client() as client:
        yield client


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"a=%ff", b"&".join([b"a=b"] * 200), json.dumps({}).encode(), b""]
)
async def test_a_token_request_that_is_no_form_is_refused(nobody: httpx.AsyncClient, body: bytes) -> None:
    answer = await nobody.post("/oauth/token", content=body)
    assert 400 <= answer.status_code < 500
    large = await nobody.post("/oauth/token", content=b"a=" + b"b" * 40_000)
    assert large.status_code == 413
