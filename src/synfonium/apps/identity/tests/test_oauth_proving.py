"""Clients prove who they are and which keys they hold: pushed requests, DPoP, private_key_jwt."""

from typing import Any

import httpx
import pytest

from synfonium.testing.client import Installation

from .conftest import MovedClock
from .oauth_client import Signer, of, post, post_proved
from .relying_party import REDIRECT, RelyingParty, agreed, hop_of, redirected, registered, sealed_in

SCOPE = "openid profile offline_access"


@pytest.fixture
async def site(house: Installation) -> RelyingParty:
    return await registered(house)


async def test_a_pushed_request_is_one_clients_and_is_answered_once(
    house: Installation, ada: httpx.AsyncClient, clock: MovedClock
) -> None:
    site = await registered(house, require_pushed_authorization_requests=True)
    assert (await redirected(ada, site.request()))["error"] == "invalid_request"
    fields = dict(httpx.QueryParams(site.request().partition("?")[2])) | of(site)
    pushed = await post(house, "/oauth/par", fields)
    assert (pushed.status_code, 5 < pushed.json()["expires_in"] <= 600) == (201, True)
    where = {"client_id": site.client["client_id"], "request_uri": pushed.json()["request_uri"]}
    page = await ada.get("/oauth/authorize", params=where)
    assert "Tea Club" in page.text
    assert (await ada.get("/oauth/authorize", params={**where, "client_id": "x"})).status_code == 400
    done = await ada.post("/oauth/consent", data={"request": sealed_in(page.text), "decision": "allow"})
    code = httpx.URL(hop_of(done)).params["code"]
    assert (await site.token(code)).status_code == 200
    assert (await ada.get("/oauth/authorize", params=where)).status_code == 400
    again = await ada.post("/oauth/consent", data={"request": sealed_in(page.text), "decision": "allow"})
    assert again.status_code == 400
    late = (await post(house, "/oauth/par", fields)).json()["request_uri"]
    clock.ahead_s = 91
    assert (await ada.get("/oauth/authorize", params={**where, "request_uri": late})).status_code == 400


@pytest.mark.parametrize(
    ("wrong", "error", "status"),
    [
        ({"redirect_uri": "https://evil.example/"}, "invalid_request", 400),
        ({"request_uri": "urn:x"}, "invalid_request", 400),
        ({"client_secret": "x"}, "invalid_client", 401),
        ({"scope": "nothing"}, "invalid_scope", 400),
        ({"code_challenge": "x"}, "invalid_request", 400),
    ],
)
async def test_what_is_wrong_is_refused_when_it_is_pushed(
    house: Installation, site: RelyingParty, wrong: dict[str, str], error: str, status: int
) -> None:
    fields = dict(httpx.QueryParams(site.request().partition("?")[2])) | of(site) | wrong
    answer = await post(house, "/oauth/par", fields)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_a_bound_token_is_nothing_without_its_key(house: Installation, ada: httpx.AsyncClient) -> None:
    site, signer, thief = await registered(house, dpop_bound_access_tokens=True), Signer(), Signer()
    code = await agreed(ada, site, dpop_jkt=signer.jkt)
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, **of(site)}
    fields["code_verifier"] = site.verifier
    assert (await post_proved(house, thief, "/oauth/token", fields)).json()["error"] == "invalid_grant"
    answer = await post_proved(house, signer, "/oauth/token", fields)
    assert answer.json()["token_type"] == "DPoP"
    token = answer.json()["access_token"]
    path = "/oauth/userinfo"

    async def ask(scheme: str, proof: str | None) -> int:
        headers = {"authorization": f"{scheme} {token}"} | ({"dpop": proof} if proof else {})
        async with house.client(headers=headers) as server:
            return (await server.get(path)).status_code

    good = signer.proof(path, method="GET", access_token=token)
    assert await ask("DPoP", good) == 200
    assert await ask("DPoP", good) == 401  # a replay
    assert await ask("Bearer", None) == 401
    assert await ask("DPoP", None) == 401
    assert await ask("DPoP", thief.proof(path, method="GET", access_token=token)) == 401
    assert await ask("DPoP", signer.proof(path, method="GET")) == 401  # no ath
    assert await ask("DPoP", signer.proof(path, method="POST", access_token=token)) == 401
    assert await ask("DPoP", signer.proof("/elsewhere", method="GET", access_token=token)) == 401
    assert await ask("DPoP", signer.proof(path, method="GET", access_token=token, iat=1)) == 401


async def test_a_public_clients_refresh_token_is_bound_to_its_key(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    site, signer = await registered(house, public=True), Signer()
    code = await agreed(ada, site, scope=SCOPE)
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, **of(site)}
    answer = await post_proved(house, signer, "/oauth/token", {**fields, "code_verifier": site.verifier})
    wish = {"grant_type": "refresh_token", "refresh_token": answer.json()["refresh_token"], **of(site)}
    assert (await post(house, "/oauth/token", wish)).json()["error"] == "invalid_grant"
    assert (await post_proved(house, Signer(), "/oauth/token", wish)).json()["error"] == "invalid_grant"
    assert (await post_proved(house, signer, "/oauth/token", wish)).status_code == 200


async def test_a_proof_needs_our_nonce_and_two_proofs_are_none(
    house: Installation, site: RelyingParty
) -> None:
    signer, fields = Signer(), {"grant_type": "refresh_token", "refresh_token": "x", **of(site)}
    bare = await post(house, "/oauth/token", fields, dpop=signer.proof("/oauth/token"))
    assert (bare.status_code, bare.json()["error"]) == (400, "use_dpop_nonce")
    nonce = bare.headers["dpop-nonce"]
    proof = signer.proof("/oauth/token", nonce=nonce)
    assert (await post(house, "/oauth/token", fields, dpop=proof)).json()["error"] == "invalid_grant"
    async with house.client() as server:
        headers = [("dpop", signer.proof("/oauth/token", nonce=nonce)), ("dpop", proof)]
        twice = await server.post("/oauth/token", data=fields, headers=headers)
    assert twice.json()["error"] == "invalid_dpop_proof"


@pytest.fixture
async def signing(house: Installation) -> tuple[RelyingParty, Signer]:
    signer = Signer()
    site = await registered(
        house, token_endpoint_auth_method="private_key_jwt", jwks={"keys": [signer.public]}
    )
    return site, signer


async def test_a_client_shows_itself_by_its_signature_once(
    house: Installation, signing: tuple[RelyingParty, Signer]
) -> None:
    site, signer = signing
    fields = {"grant_type": "refresh_token", "refresh_token": "x"}
    shown = signer.assertion(site.client["client_id"])
    assert (await post(house, "/oauth/revoke", {"token": "x", **shown})).status_code == 200
    assert (await post(house, "/oauth/revoke", {"token": "x", **shown})).status_code == 401
    for aud in ("http://localhost:8600/oauth/token", ["http://localhost:8600"]):
        good = signer.assertion(site.client["client_id"], aud=aud)
        assert (await post(house, "/oauth/token", {**fields, **good})).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "https://other.example"},
        {"exp": 1},
        {"exp": 9_999_999_999},
        {"nbf": 9_999_999_999},
        {"jti": None},
        {"sub": "x"},
        {"iss": "x"},
    ],
)
async def test_a_signature_that_says_something_else_is_refused(
    house: Installation, signing: tuple[RelyingParty, Signer], wrong: dict[str, Any]
) -> None:
    site, signer = signing
    shown = signer.assertion(site.client["client_id"], **wrong)
    answer = await post(
        house, "/oauth/revoke", {"token": "x", "client_id": site.client["client_id"], **shown}
    )
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    forged = Signer().assertion(site.client["client_id"])
    assert (await post(house, "/oauth/revoke", {"token": "x", **forged})).status_code == 401
    bare = {"token": "x", "client_id": site.client["client_id"]}
    assert (await post(house, "/oauth/revoke", bare)).status_code == 401
