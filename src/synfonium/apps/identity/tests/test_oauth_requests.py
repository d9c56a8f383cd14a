"""What an authorization request may ask for, and how its answer comes back."""

import base64
import json
from typing import Any

import httpx
import pytest

from synfonium.testing.client import Installation

from .conftest import SAME_ORIGIN
from .oauth_client import Signer, of, post
from .relying_party import REDIRECT, RelyingParty, agreed, hop_of, redirected, registered


@pytest.fixture
async def site(house: Installation) -> RelyingParty:
    return await registered(house)


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


async def test_a_client_gets_no_scope_beyond_those_that_it_was_registered_for(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    site = await registered(house, scope="openid")
    tokens = (await site.token(await agreed(ada, site, scope="openid profile email"))).json()
    assert tokens["scope"] == "openid"
    refused = await ada.get(site.request(scope="profile"))
    assert "error=invalid_scope" in refused.text + refused.headers.get("location", "")


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
    page = ""

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


async def test_the_page_to_sign_in_says_which_site_waits(house: Installation, site: RelyingParty) -> None:
    async with house.client(headers={**SAME_ORIGIN, "accept": "text/html"}) as visitor:
        on = (await visitor.get(site.request())).headers["location"]
        page = (await visitor.get(on)).text
        assert "You are going on to <b>Tea Club</b> at rp.example." in page
        refused = await visitor.post(
            "/signin", data={"name": "ada", "password": "not hers", "next": f"/oauth/continue?{on[-9:]}"}
        )
        assert "You are going on to" not in refused.text
        for forged in ("/oauth/continue?request=AAAA", "/oauth/continue", "/settings?request=AAAA"):
            plain = await visitor.get("/signin", params={"next": forged})
            assert (plain.status_code, "You are going on to" in plain.text) == (200, False)
