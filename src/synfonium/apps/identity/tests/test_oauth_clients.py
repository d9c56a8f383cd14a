"""Clients register themselves or are registered by people; keys change; leaving is told."""

import base64
import json
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from synfonium.apps.identity.service.oauth import registration
from synfonium.libraries.network.client import Answer, GuardedClient, RequestFailed
from synfonium.testing.client import Installation

from .conftest import SAME_ORIGIN, MovedClock
from .oauth_client import Signer, post
from .relying_party import REDIRECT, RelyingParty, agreed, hop_of, registered, sealed_in


def small_key() -> dict[str, Any]:
    return dict(RSAKey.generate_key(1024, private=True).as_dict(private=False))


EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What other machines answer, by URL; what they were sent, under "sent"."""
    known: dict[str, Any] = {"sent": []}

    async def request(self: GuardedClient, method: str, url: str, **given: Any) -> Answer:
        known["sent"].append((method, url, given.get("body", b"")))
        if url not in known:
            raise RequestFailed("unreachable")
        status, body = known[url]
        return Answer(status, {}, body)

    monkeypatch.setattr(GuardedClient, "request", request)
    return known


async def register(house: Installation, **metadata: Any) -> httpx.Response:
    async with house.client() as server:
        return await server.post("/oauth/register", json={"redirect_uris": [REDIRECT], **metadata})


async def test_a_program_registers_reads_changes_and_removes_itself(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    made = await register(house, client_name="Tea Club", post_logout_redirect_uris=["https://rp.example/bye"])
    assert made.status_code == 201
    client = made.json()
    assert client["client_secret_expires_at"] == 0
    assert client["id_token_signed_response_alg"] == "RS256"
    site = RelyingParty(house, client)
    tokens = (await site.token(await agreed(ada, site))).json()
    assert (await site.claims(tokens["id_token"]))["aud"] == client["client_id"]
    own = {"authorization": f"Bearer {client['registration_access_token']}"}
    path = httpx.URL(client["registration_client_uri"]).path
    async with house.client(headers=own) as server:
        assert (await server.get(path)).json()["client_name"] == "Tea Club"
        change = {"client_id": client["client_id"], "redirect_uris": [REDIRECT], "client_name": "Coffee Club"}
        assert (await server.put(path, json=change)).json()["client_name"] == "Coffee Club"
        assert (await server.put(path, json={**change, "client_id": "x"})).status_code == 400
    async with house.client(headers={"authorization": "Bearer x"}) as stranger:
        assert (await stranger.get(path)).status_code == 401
        assert (await stranger.delete(path)).status_code == 401
    async with house.client(headers=own) as server:
        assert (await server.delete(path)).status_code == 204
        assert (await server.get(path)).status_code == 401
    assert (await site.userinfo(tokens["access_token"])).status_code == 401


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://rp.example/cb#x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://rp.example/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"response_types": ["token"]}, "invalid_client_metadata"),
        ({"subject_type": "public"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "client_secret_jwt"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"jwks": {"keys": [{"kty": "oct", "k": "x"}]}}, "invalid_client_metadata"),
        ({"backchannel_logout_uri": "ftp://rp.example/"}, "invalid_client_metadata"),
        ({"sector_identifier_uri": "https://rp.example/sector"}, "invalid_client_metadata"),
        ({"client_name": "a\nb"}, "invalid_client_metadata"),
        ({"jwks": {"keys": [small_key()]}}, "invalid_client_metadata"),
        ({"jwks": {"keys": [{"kty": "EC", "crv": "P-256"}]}}, "invalid_client_metadata"),
    ],
)
async def test_metadata_that_do_not_hold_are_refused_and_nothing_is_kept(
    house: Installation, outside: dict[str, Any], wrong: dict[str, Any], error: str
) -> None:
    answer = await register(house, **wrong)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert (await house.call("identity.client_list"))["clients"] == []


async def test_a_body_that_is_no_object_is_refused(house: Installation) -> None:
    async with house.client() as server:
        for body in (b"", b"[]", b"{", b"\xff", b"[" * 60_000, b'{"a": "\xff\xfe"}'):
            assert (await server.post("/oauth/register", content=body)).status_code == 400


async def test_open_registration_is_limited_and_what_nobody_uses_goes(
    house: Installation, monkeypatch: pytest.MonkeyPatch, clock: MovedClock
) -> None:
    monkeypatch.setattr(registration, "OPEN_AN_HOUR", 2)
    assert [(await register(house)).status_code for _each in range(3)] == [201, 201, 429]
    clock.ahead_s = 86_500
    await house.context("identity").service.oauth.tend()
    assert (await house.call("identity.client_list"))["clients"] == []


async def test_several_hosts_of_one_site_know_a_person_by_one_number(
    house: Installation, ada: httpx.AsyncClient, outside: dict[str, Any]
) -> None:
    two = [REDIRECT, "https://other.example/cb"]
    listed = "https://sector.example/list"
    outside[listed] = (200, b'["https://other.example/cb"]')
    assert (await register(house, redirect_uris=two, sector_identifier_uri=listed)).status_code == 400
    outside[listed] = (200, f'["{REDIRECT}", "https://other.example/cb"]'.encode())
    made = await register(house, redirect_uris=two, sector_identifier_uri=listed)
    assert (made.status_code, made.json()["subject_type"]) == (201, "pairwise")


async def test_a_client_may_change_the_keys_that_it_publishes(
    house: Installation, outside: dict[str, Any], clock: MovedClock
) -> None:
    url, old, new = "https://rp.example/jwks", Signer(), Signer()
    site = await registered(house, token_endpoint_auth_method="private_key_jwt", jwks_uri=url)
    client_id = site.client["client_id"]

    async def shows(signer: Signer) -> int:
        return (await post(house, "/oauth/revoke", {"token": "x", **signer.assertion(client_id)})).status_code

    assert await shows(old) == 401  # its keys cannot be read
    outside[url] = (200, httpx.Response(200, json={"keys": [old.public]}).content)
    assert await shows(old) == 200
    outside[url] = (200, httpx.Response(200, json={"keys": [new.public]}).content)
    clock.ahead_s = 31
    assert await shows(new) == 200
    assert await shows(old) == 401


async def test_keys_are_replaced_and_old_tokens_stay_known(
    house: Installation, ada: httpx.AsyncClient, clock: MovedClock
) -> None:
    site = await registered(house, post_logout_redirect_uris=["https://rp.example/bye"])
    before = (await site.token(await agreed(ada, site))).json()["id_token"]
    await house.call("identity.keys_rotate", {})
    after = (await site.token(await agreed(ada, site, prompt="consent"))).json()["id_token"]
    assert jwt_header(before)["kid"] != jwt_header(after)["kid"]
    assert (await site.claims(before))["sub"] == (await site.claims(after))["sub"]
    clock.ahead_s = 2 * 86_400
    async with house.client() as server:
        kids = [key["kid"] for key in (await server.get("/oauth/jwks")).json()["keys"]]
    assert jwt_header(before)["kid"] not in kids
    assert jwt_header(after)["kid"] in kids
    assert house.context("identity").service.oauth.keys.read(before) is not None


async def test_a_key_signs_for_a_quarter_and_its_successor_was_published_before(
    house: Installation, clock: MovedClock
) -> None:
    keys = house.context("identity").service.oauth.keys
    first = jwt_header(keys.sign({}))["kid"]
    successors = {key["kid"] for key in keys.jwks()["keys"]} - {first}
    clock.ahead_s = 91 * 86_400
    await keys.tend()
    second = jwt_header(keys.sign({}))["kid"]
    assert second in successors
    assert len(keys.jwks()["keys"]) == 4 + 2  # the old ones stay a day longer


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
async def test_each_client_gets_the_signature_it_asked_for(
    house: Installation, ada: httpx.AsyncClient, algorithm: str
) -> None:
    site = await registered(
        house, id_token_signed_response_alg=algorithm, userinfo_signed_response_alg=algorithm
    )
    tokens = (await site.token(await agreed(ada, site))).json()
    assert jwt_header(tokens["id_token"])["alg"] == algorithm
    claims = await site.claims(tokens["id_token"])
    told = await site.userinfo(tokens["access_token"])
    assert told.headers["content-type"].startswith("application/jwt")
    assert (await site.claims(told.text))["sub"] == claims["sub"]


def jwt_header(token: str) -> dict[str, Any]:
    head = token.partition(".")[0]
    return dict(json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))))


BYE = "https://rp.example/bye"
BACK = "https://rp.example/out"


@pytest.fixture
async def site(house: Installation) -> RelyingParty:
    return await registered(house, post_logout_redirect_uris=[BYE], backchannel_logout_uri=BACK)


async def test_a_site_signs_its_person_out_and_gets_them_back(
    ada: httpx.AsyncClient, site: RelyingParty, outside: dict[str, Any]
) -> None:
    hint = (await site.token(await agreed(ada, site))).json()["id_token"]
    wish = {"id_token_hint": hint, "post_logout_redirect_uri": BYE, "state": "s"}
    gone = await ada.get("/oauth/logout", params=wish)
    assert hop_of(gone) == f"{BYE}?state=s"
    assert (await ada.get("/settings/security")).status_code == 303


@pytest.mark.parametrize("wrong", [{"id_token_hint": None}, {"id_token_hint": "x"}, {"client_id": "x"}])
async def test_a_wish_that_proves_nothing_asks_the_person_and_leads_nowhere(
    ada: httpx.AsyncClient, site: RelyingParty, wrong: dict[str, str | None]
) -> None:
    hint = (await site.token(await agreed(ada, site))).json()["id_token"]
    wish = {"id_token_hint": hint, "post_logout_redirect_uri": BYE, **wrong}
    page = await ada.get("/oauth/logout", params={k: v for k, v in wish.items() if v is not None})
    assert "Sign out here too?" in page.text
    assert (await ada.get("/settings/security")).status_code == 200
    done = await ada.post(
        "/oauth/logout/confirm", data={"request": sealed_in(page.text), "decision": "leave"}
    )
    assert "You are signed out." in done.text
    assert BYE not in done.text
    assert (await ada.get("/settings/security")).status_code == 303


async def test_an_address_that_is_not_registered_is_not_gone_to(
    ada: httpx.AsyncClient, site: RelyingParty, outside: dict[str, Any]
) -> None:
    hint = (await site.token(await agreed(ada, site))).json()["id_token"]
    wish = {"id_token_hint": hint, "post_logout_redirect_uri": f"{BYE}?foo=bar"}
    page = await ada.get("/oauth/logout", params=wish)
    assert "You are signed out." in page.text
    assert "foo=bar" not in page.text


@pytest.mark.parametrize("how", ["sign out", "close", "suspend"])
async def test_however_a_session_ends_the_site_hears_of_it_until_it_has_taken_it(
    house: Installation,
    ada: httpx.AsyncClient,
    site: RelyingParty,
    outside: dict[str, Any],
    clock: MovedClock,
    how: str,
) -> None:
    logouts = house.context("identity").service.oauth.logouts
    claims = await site.claims((await site.token(await agreed(ada, site))).json()["id_token"])
    await logouts.tell()
    assert outside["sent"] == []
    await end_session(house, ada, how)
    await logouts.tell()
    assert outside["sent"]
    outside["sent"].clear()
    await logouts.tell()
    assert outside["sent"] == []  # it waits before it tries again
    outside[BACK] = (200, b"")
    clock.ahead_s += 600
    await logouts.tell()
    (_method, url, body), *more = outside["sent"]
    assert (url, more) == (BACK, [])
    told = await logout_claims(house, dict(parse_qsl(body.decode()))["logout_token"])
    assert (told["sub"], told["sid"], told["aud"]) == (claims["sub"], claims["sid"], site.client["client_id"])
    assert told["events"] == {EVENT: {}}
    assert "nonce" not in told
    clock.ahead_s += 600
    await logouts.tell()
    assert len(outside["sent"]) == 1


async def end_session(house: Installation, ada: httpx.AsyncClient, how: str) -> None:
    who = (await house.call("identity.user_find", {"name": "ada"}))["id"]
    service = house.context("identity").service
    if how == "sign out":
        await ada.post("/signout")
    elif how == "close":
        await service.sessions.end_others(who, "")
    else:
        await house.person("bob", administrator=True)
        await service.people.suspend(who, by=who)


async def logout_claims(house: Installation, token: str) -> dict[str, Any]:
    assert jwt_header(token)["typ"] == "logout+jwt"
    async with house.client() as server:
        keys = KeySet.import_key_set((await server.get("/oauth/jwks")).json())
    return dict(jwt.decode(token, keys, ["ES256"]).claims)


async def test_anybody_registers_an_app_and_touches_only_their_own(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    await house.person("bob")
    async with house.client(headers=SAME_ORIGIN) as bob:
        await bob.post("/signin", data={"name": "bob", "password": "bob-password-1"})
        page = await bob.post("/settings/apps", data={"name": "Notes", "redirect_uris": REDIRECT})
        assert "client_secret" in page.text
        (client,) = (await house.call("identity.client_list"))["clients"]
        where = f"/settings/apps/{client['id']}"
        shown = await bob.get(where)
        assert "openid-client" in shown.text
        assert (
            await bob.post("/settings/apps", data={"name": "x", "redirect_uris": "ftp://x"})
        ).status_code == 422
        change = {
            "name": "Notes 2",
            "redirect_uris": REDIRECT,
            "push": "on",
            "post_logout_redirect_uris": BYE,
        }
        assert (await bob.post(where, data=change)).status_code == 303
        for path in (where, f"{where}/secret", f"{where}/remove"):
            assert (await ada.post(path, data=change)).status_code == 404
        assert (await ada.get(where)).status_code == 404
        assert (await bob.post(f"{where}/secret")).status_code == 200
        assert (await house.call("identity.client_list"))["clients"][0]["name"] == "Notes 2"
        assert (await bob.post(f"{where}/remove")).status_code == 303
    assert (await house.call("identity.client_list"))["clients"] == []


async def test_metadata_stand_at_both_addresses(house: Installation) -> None:
    async with house.client() as server:
        one = await server.get("/.well-known/openid-configuration")
        two = await server.get("/.well-known/oauth-authorization-server")
    assert one.json() == two.json()
    assert one.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("endpoint", ["token", "par", "revoke", "userinfo"])
async def test_a_page_of_another_origin_may_ask_with_a_proof(house: Installation, endpoint: str) -> None:
    """CORS: the Fetch standard, 3.2; the nonce of RFC 9449, 8 can be read."""
    page = {"origin": "https://app.example", "sec-fetch-site": "cross-site"}
    wished = {"access-control-request-method": "POST", "access-control-request-headers": "dpop"}
    async with house.client(headers=page) as browser:
        allowed = await browser.options(f"/oauth/{endpoint}", headers=wished)
        assert (allowed.status_code, allowed.content) == (204, b"")
        assert allowed.headers["access-control-allow-origin"] == "*"
        assert {"authorization", "dpop"} <= set(allowed.headers["access-control-allow-headers"].split(", "))
        assert "access-control-allow-credentials" not in allowed.headers
        answer = await browser.post(f"/oauth/{endpoint}", data={"token": "x"}, headers={"dpop": "x"})
        assert answer.status_code in (400, 401)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "dpop-nonce" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize("path", ["/oauth/authorize", "/oauth/consent", "/signin", "/settings/security"])
async def test_no_other_page_of_ours_can_be_read_from_elsewhere(house: Installation, path: str) -> None:
    page = {"origin": "https://app.example", "sec-fetch-site": "cross-site"}
    async with house.client(headers=page) as browser:
        for method in ("OPTIONS", "GET", "POST"):
            answer = await browser.request(method, path)
            assert not [name for name in answer.headers if name.startswith("access-control-")]
