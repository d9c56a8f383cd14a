"""Tokens last as long as they should, are bound to whom they were given, and are taken back together."""

from typing import Any

import httpx
import pytest

from synfonium.testing.client import Installation

from .conftest import MovedClock
from .oauth_client import of, post
from .relying_party import RelyingParty, agreed, registered

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TYPE = "urn:ietf:params:oauth:token-type:access_token"
SCOPE = "openid profile offline_access"


@pytest.fixture
async def site(house: Installation) -> RelyingParty:
    return await registered(house)


async def tokens_of(ada: httpx.AsyncClient, site: RelyingParty, **changes: str | None) -> dict[str, Any]:
    answer = await site.token(await agreed(ada, site, scope=SCOPE, **changes))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def refresh(house: Installation, site: RelyingParty, token: str, **more: str) -> httpx.Response:
    fields = {"grant_type": "refresh_token", "refresh_token": token, **of(site), **more}
    return await post(house, "/oauth/token", fields)


async def test_a_refresh_token_is_exchanged_for_another_and_its_second_use_revokes_the_family(
    house: Installation, ada: httpx.AsyncClient, site: RelyingParty
) -> None:
    first = await tokens_of(ada, site)
    second = (await refresh(house, site, first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    before, after = await site.claims(first["id_token"]), await site.claims(second["id_token"])
    assert (after["sub"], after["auth_time"], after.get("nonce")) == (
        before["sub"],
        before["auth_time"],
        None,
    )
    replayed = await refresh(house, site, first["refresh_token"])
    assert (replayed.status_code, replayed.json()["error"]) == (400, "invalid_grant")
    assert (await refresh(house, site, second["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await site.userinfo(second["access_token"])).status_code == 401


async def test_a_refresh_narrows_and_never_widens(
    house: Installation, ada: httpx.AsyncClient, site: RelyingParty
) -> None:
    tokens = await tokens_of(ada, site)
    wider = await refresh(house, site, tokens["refresh_token"], scope=f"{SCOPE} email")
    assert wider.json()["error"] == "invalid_scope"
    narrow = (await refresh(house, site, tokens["refresh_token"], scope="openid")).json()
    assert narrow["scope"] == "openid"
    assert set((await site.userinfo(narrow["access_token"])).json()) == {"sub"}


async def test_a_refresh_token_is_its_clients_alone_and_ends(
    house: Installation, ada: httpx.AsyncClient, site: RelyingParty, clock: MovedClock
) -> None:
    tokens = await tokens_of(ada, site)
    other = await registered(house, name="Other")
    assert (await refresh(house, other, tokens["refresh_token"])).json()["error"] == "invalid_grant"
    clock.ahead_s = 31 * 86_400
    assert (await refresh(house, site, tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_without_offline_access_nothing_outlives_the_session(
    house: Installation, ada: httpx.AsyncClient, site: RelyingParty
) -> None:
    lasting = await tokens_of(ada, site)
    passing = (await site.token(await agreed(ada, site, prompt="consent"))).json()
    assert "refresh_token" not in passing
    await ada.post("/signout")
    await house.context("identity").service.oauth.logouts.tell()
    assert (await site.userinfo(passing["access_token"])).status_code == 401
    assert (await refresh(house, site, lasting["refresh_token"])).status_code == 200


async def test_a_revoked_refresh_token_takes_its_access_tokens_along(
    house: Installation, ada: httpx.AsyncClient, site: RelyingParty
) -> None:
    tokens = await tokens_of(ada, site)
    other = await registered(house, name="Other")
    told = {"token": tokens["refresh_token"]}
    assert (await post(house, "/oauth/revoke", {**told, **of(other)})).status_code == 200
    assert (await site.userinfo(tokens["access_token"])).status_code == 200
    assert (await post(house, "/oauth/revoke", {**told, **of(site)})).status_code == 200
    assert (await site.userinfo(tokens["access_token"])).status_code == 401
    assert (await post(house, "/oauth/revoke", {"token": "unknown", **of(site)})).status_code == 200
    assert (await post(house, "/oauth/revoke", told)).status_code == 401


async def test_introspection_tells_a_token_only_to_whom_it_concerns(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    api = "https://api.example/notes"
    site, server = await registered(house), await registered(house, name="Notes", resource_uris=[api])
    stranger = await registered(house, name="Stranger")
    token = (await site.token(await agreed(ada, site, resource=api))).json()["access_token"]
    seen = {
        one.client["client_id"]: (await post(house, "/oauth/introspect", {"token": token, **of(one)})).json()
        for one in (site, server, stranger)
    }
    told = seen[server.client["client_id"]]
    assert (told["active"], told["aud"], told["client_id"]) == (True, [api], site.client["client_id"])
    assert seen[site.client["client_id"]]["active"]
    assert seen[stranger.client["client_id"]] == {"active": False}
    assert (await site.userinfo(token)).status_code == 401  # it is meant for somebody else


async def test_an_exchanged_token_can_less_and_lives_no_longer(
    house: Installation, ada: httpx.AsyncClient, clock: MovedClock
) -> None:
    api = "https://api.example/notes"
    site = await registered(house)
    server = await registered(
        house, name="Notes", resource_uris=[api], grant_types=["authorization_code", EXCHANGE]
    )
    token = (await site.token(await agreed(ada, site, resource=api))).json()["access_token"]
    wish = {"grant_type": EXCHANGE, "subject_token": token, "subject_token_type": ACCESS_TYPE, **of(server)}
    clock.ahead_s = 3000
    answer = (await post(house, "/oauth/token", {**wish, "scope": "openid"})).json()
    assert (answer["issued_token_type"], answer["scope"]) == (ACCESS_TYPE, "openid")
    assert answer["expires_in"] <= 600
    assert "id_token" not in answer
    seen = (await post(house, "/oauth/introspect", {"token": answer["access_token"], **of(server)})).json()
    assert seen["act"] == {"sub": server.client["client_id"]}
    more = await post(house, "/oauth/token", {**wish, "scope": "openid email"})
    assert more.json()["error"] == "invalid_scope"
    for wrong in (
        {"subject_token": "x"},
        {"subject_token_type": "x"},
        of(await registered(house, name="Else")),
    ):
        assert (await post(house, "/oauth/token", {**wish, **wrong})).status_code in (400, 401)
