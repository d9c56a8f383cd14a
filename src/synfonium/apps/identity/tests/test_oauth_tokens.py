"""Tokens last as long as they should, are bound to whom they were given, and are taken back together."""

import base64
import json
from typing import Any

import httpx
import pytest

from synfonium.testing.client import Installation

from .conftest import SAME_ORIGIN, MovedClock
from .oauth_client import Signer, of, post, post_proved
from .relying_party import REDIRECT, RelyingParty, agreed, hop_of, redirected, registered, sealed_in

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TYPE = "urn:ietf:params:oauth:token-type:access_token"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
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


async def test_a_device_waits_until_a_person_typed_its_code(
    house: Installation, ada: httpx.AsyncClient, clock: MovedClock
) -> None:
    site = await registered(house, name="Television", public=True, redirect_uris=[], grant_types=[DEVICE])
    begun = (await post(house, "/oauth/device", {**of(site), "scope": "openid profile"})).json()
    wish = {"grant_type": DEVICE, "device_code": begun["device_code"], **of(site)}

    async def poll() -> Any:
        clock.ahead_s += 6
        return (await post(house, "/oauth/token", wish)).json()

    assert (await poll())["error"] == "authorization_pending"
    clock.ahead_s -= 5
    assert (await poll())["error"] == "slow_down"
    clock.ahead_s += 6
    assert begun["user_code"] in (await ada.get(begun["verification_uri_complete"])).text
    page = await ada.post("/device", data={"user_code": begun["user_code"].lower().replace("-", " ")})
    assert "Television" in page.text
    assert begun["user_code"] in page.text
    await ada.post("/device/decide", data={"user_code": begun["user_code"], "decision": "allow"})
    tokens = await poll()
    assert (await site.userinfo(tokens["access_token"])).json()["name"] == "Ada"
    assert (await poll())["error"] == "invalid_grant"
    assert (await ada.post("/device", data={"user_code": begun["user_code"]})).status_code == 404


async def test_a_refused_or_late_device_gets_nothing_and_guessing_is_slowed(
    house: Installation, ada: httpx.AsyncClient, clock: MovedClock
) -> None:
    site = await registered(house, name="Television", public=True, redirect_uris=[], grant_types=[DEVICE])
    begun = (await post(house, "/oauth/device", {**of(site), "scope": "openid"})).json()
    wish = {"grant_type": DEVICE, "device_code": begun["device_code"], **of(site)}
    await ada.post("/device/decide", data={"user_code": begun["user_code"], "decision": "refuse"})
    assert (await post(house, "/oauth/token", wish)).json()["error"] == "access_denied"
    for _try in range(9):
        assert (await ada.post("/device", data={"user_code": "BBBB-BBBB"})).status_code == 404
    assert (await ada.post("/device", data={"user_code": "BBBB-BBBB"})).status_code == 429
    late = (await post(house, "/oauth/device", {**of(site), "scope": "openid"})).json()
    clock.ahead_s = 601
    answer = await post(house, "/oauth/token", {**wish, "device_code": late["device_code"]})
    assert answer.json()["error"] == "expired_token"


async def test_a_verifier_for_a_code_without_challenge_is_a_downgrade(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    site = await registered(house, require_pkce=False)
    bare = {"code_challenge": None, "code_challenge_method": None}
    code = await agreed(ada, site, **bare)
    assert (await site.token(code)).json()["error"] == "invalid_grant"
    assert (await site.token(code, code_verifier=None)).status_code == 200


async def test_a_program_may_listen_on_any_port_of_its_own_machine(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    site = await registered(house, public=True, redirect_uris=["http://127.0.0.1/cb"])
    for uri, status in (
        ("http://127.0.0.1:51234/cb", 200),
        ("http://127.0.0.1:51234/cb/x", 400),
        ("http://127.0.0.2:51234/cb", 400),
        ("https://127.0.0.1:51234/cb", 400),
    ):
        assert (await ada.get(site.request(redirect_uri=uri))).status_code == status, uri


async def test_form_post_carries_the_answer_in_a_form(
    house: Installation, ada: httpx.AsyncClient, site: RelyingParty
) -> None:
    await agreed(ada, site)
    page = await ada.get(site.request(response_mode="form_post"))
    assert page.status_code == 200
    assert 'name="code"' in page.text
    assert 'name="iss"' in page.text
    assert "form-action https: http:" in page.headers["content-security-policy"]
    wrong = await ada.get(site.request(response_mode="form_post", scope="nothing"))
    assert 'value="invalid_scope"' in wrong.text


async def test_single_claims_are_told_where_they_are_asked_for(
    ada: httpx.AsyncClient, site: RelyingParty
) -> None:
    wish = json.dumps(
        {"id_token": {"name": {"essential": True}, "shoe_size": None}, "userinfo": {"locale": None}}
    )
    page = await ada.get(site.request(scope="openid", claims=wish))
    assert "what you are called" in page.text
    tokens = (await site.token(await agreed(ada, site, scope="openid", claims=wish))).json()
    claims = await site.claims(tokens["id_token"])
    assert claims["name"] == "Ada"
    assert "shoe_size" not in claims
    other = json.dumps({"id_token": {"sub": {"value": "somebody else"}}})
    assert (await redirected(ada, site.request(claims=other)))["error"] == "login_required"


async def test_details_need_a_type_that_an_app_registered(ada: httpx.AsyncClient, site: RelyingParty) -> None:
    wish = json.dumps([{"type": "https://example/unknown"}])
    refused = await redirected(ada, site.request(authorization_details=wish))
    assert refused["error"] == "invalid_authorization_details"


async def test_a_visitor_with_a_broken_request_signs_in_before_the_site_hears_of_it(
    house: Installation,
) -> None:
    await house.person("eve")
    async with house.client(headers=SAME_ORIGIN) as eve:
        client = (await eve.post("/oauth/register", json={"redirect_uris": [REDIRECT]})).json()
        site = RelyingParty(house, client)
        asked = await eve.get(site.request(scope="nothing"))
        where = httpx.URL(httpx.URL(asked.headers["location"]).params["next"])
        assert (await eve.get(str(where))).headers["location"].startswith("/signin")
        await eve.post("/signin", data={"name": "eve", "password": "eve-password-1"})
        sealed = where.params["request"]
        forged = await eve.post("/oauth/consent", data={"request": sealed, "decision": "allow"})
        assert forged.status_code == 400  # a refused request is never agreed to
        assert "error=invalid_scope" in hop_of(await eve.get(str(where)))


@pytest.mark.parametrize("path", ["token", "par", "device", "introspect", "revoke"])
@pytest.mark.parametrize("body", [b"\xff\xfe", b"a=%ff", b"&".join([b"a=b"] * 200), b"a=1&a=2"])
async def test_a_body_that_is_no_form_is_refused_in_oauths_words(
    house: Installation, path: str, body: bytes
) -> None:
    async with house.client() as server:
        answer = await server.post(f"/oauth/{path}", content=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_hint_that_is_no_token_of_ours_is_passed_over(ada: httpx.AsyncClient) -> None:
    for header in ('{"alg":"ES256","crit":null}', '{"alg":"none"}', "[]", "[" * 5000):
        hint = f"{base64.urlsafe_b64encode(header.encode()).decode().rstrip('=')}.e30.AAAA"
        assert (await ada.get("/oauth/logout", params={"id_token_hint": hint})).status_code == 200


async def test_a_proof_may_say_more_than_is_understood_and_is_spent_by_a_refusal(
    house: Installation, site: RelyingParty
) -> None:
    signer, fields = Signer(), {"grant_type": "refresh_token", "refresh_token": "x", **of(site)}
    nonce = (await post(house, "/oauth/token", fields, dpop=signer.proof("/oauth/token"))).headers[
        "dpop-nonce"
    ]
    proof = signer.proof("/oauth/token", nonce=nonce, extra={"a": 1}, header={"extra": "b"})
    errors = [(await post(house, "/oauth/token", fields, dpop=proof)).json()["error"] for _try in range(2)]
    assert errors == ["invalid_grant", "invalid_dpop_proof"]


class OneFile:
    """A kind of access as an app would offer it."""

    type = "https://example/one-file"

    def check(self, detail: Any) -> None:
        if "file" not in detail:
            raise ValueError("file")

    def words(self, detail: Any) -> str:
        return f"read the file {detail['file']}"


async def test_details_are_said_in_plain_words_and_asked_each_time(
    house: Installation, ada: httpx.AsyncClient, site: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = house.context("identity").service.provider
    monkeypatch.setattr(provider, "detail_types", lambda: {OneFile.type: OneFile()})
    detail = {"type": OneFile.type, "file": "tea.txt"}
    wish = json.dumps([detail])
    assert "read the file tea.txt" in (await ada.get(site.request(authorization_details=wish))).text
    tokens = (await site.token(await agreed(ada, site, authorization_details=wish))).json()
    assert tokens["authorization_details"] == [detail]
    seen = await post(house, "/oauth/introspect", {"token": tokens["access_token"], **of(site)})
    assert seen.json()["authorization_details"] == [detail]
    silent = await redirected(ada, site.request(authorization_details=wish, prompt="none"))
    assert silent["error"] == "consent_required"
    lacking = json.dumps([{"type": OneFile.type}])
    refused = await redirected(ada, site.request(authorization_details=lacking))
    assert refused["error"] == "invalid_authorization_details"
