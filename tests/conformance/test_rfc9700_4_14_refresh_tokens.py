"""RFC 9700, section 4.14: refresh tokens are bound, rotated where nobody can prove who asks, and end."""

import httpx
import pytest

from . import conditions as must
from .browser import Browser
from .proofs import new_key, read
from .provider import Provider
from .relying_party import RelyingParty, Tokens, careful, register, register_fapi

pytestmark = pytest.mark.asyncio(loop_scope="module")

GRANTS = {"grant_types": ["authorization_code", "refresh_token"]}


async def offline(site: RelyingParty, browser: Browser) -> Tokens:
    site.scope = "openid profile offline_access"
    tokens = await site.sign_in(browser, prompt="consent")
    must.is_hard_to_guess(tokens.refresh_token)
    return tokens


async def program(op: Provider) -> RelyingParty:
    """A public client: it can keep no secret."""
    return await register(op, token_endpoint_auth_method="none", **GRANTS)


async def test_4_14_2_a_program_gets_a_new_refresh_token_each_time(op: Provider, ada: Browser) -> None:
    site = await program(op)
    tokens = await offline(site, ada)
    seen = {tokens.refresh_token}
    latest = tokens.refresh_token
    for _ in range(3):
        body = must.is_token_answer(await site.refresh(latest))
        latest = body["refresh_token"]
        assert latest not in seen
        seen.add(latest)
        assert (await site.userinfo(body["access_token"])).status_code == 200


async def test_4_14_2_a_refresh_token_used_twice_ends_the_whole_family(op: Provider, ada: Browser) -> None:
    site = await program(op)
    first = await offline(site, ada)
    second = must.is_token_answer(await site.refresh(first.refresh_token))
    third = must.is_token_answer(await site.refresh(second["refresh_token"]))
    op.clock.ahead_s += 120
    must.is_oauth_error(await site.refresh(first.refresh_token), "invalid_grant")
    must.is_oauth_error(await site.refresh(third["refresh_token"]), "invalid_grant")
    for access_token in (first.access_token, second["access_token"], third["access_token"]):
        must.is_refused_token(await site.userinfo(access_token))


async def test_4_14_2_another_sign_in_is_another_family(op: Provider, ada: Browser) -> None:
    site = await program(op)
    one, two = await offline(site, ada), await offline(site, ada)
    body = must.is_token_answer(await site.refresh(one.refresh_token))
    op.clock.ahead_s += 120
    must.is_oauth_error(await site.refresh(one.refresh_token), "invalid_grant")
    must.is_oauth_error(await site.refresh(body["refresh_token"]), "invalid_grant")
    must.is_token_answer(await site.refresh(two.refresh_token))


async def test_4_14_2_a_refresh_token_belongs_to_its_client(op: Provider, ada: Browser) -> None:
    one, two = await careful(op, **GRANTS), await careful(op, **GRANTS)
    public = await program(op)
    tokens = await offline(one, ada)
    for thief in (two, public):
        must.is_oauth_error(await thief.refresh(tokens.refresh_token), "invalid_grant")
    wrong = await one.op.post(
        "token_endpoint",
        {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token, "client_id": one.id},
    )
    must.is_oauth_error(wrong, "invalid_client")
    must.is_token_answer(await one.refresh(tokens.refresh_token))


async def test_4_14_2_a_programs_refresh_token_may_be_bound_to_its_key(op: Provider, ada: Browser) -> None:
    """RFC 9449, section 5: for a public client that proves a key, the refresh token needs that key."""
    site = await register(op, token_endpoint_auth_method="none", dpop_bound_access_tokens=True, **GRANTS)
    site.scope = "openid offline_access"
    answer = await site.ask(ada, prompt="consent")
    site.is_fapi = True
    body = must.is_token_answer(await site.exchange(answer.code), "DPoP")
    other = site.proof("POST", "token_endpoint", key=new_key("ES256"))
    refused = await site.refresh(body["refresh_token"], headers={"dpop": other})
    must.is_oauth_error(refused, "invalid_grant", "invalid_dpop_proof")
    without = await site.refresh(body["refresh_token"], headers={"dpop": ""})
    must.is_oauth_error(without, "invalid_grant", "invalid_dpop_proof", "invalid_request")


async def test_4_14_2_no_refresh_token_is_given_that_was_not_asked_for(op: Provider, ada: Browser) -> None:
    site = await careful(op, **GRANTS)
    assert "refresh_token" not in (await site.sign_in(ada)).body
    without = await careful(op)
    without.scope = "openid offline_access"
    assert "refresh_token" not in (await without.sign_in(ada, prompt="consent")).body


async def test_4_14_2_the_scope_cannot_grow(op: Provider, ada: Browser) -> None:
    site = await careful(op, **GRANTS)
    site.scope = "openid offline_access"
    tokens = await site.sign_in(ada, prompt="consent")
    for wider in ("openid offline_access profile", "profile", "admin", "openid email"):
        must.is_oauth_error(await site.refresh(tokens.refresh_token, scope=wider), "invalid_scope")
    body = must.is_token_answer(await site.refresh(tokens.refresh_token, scope="openid"))
    assert "profile" not in body.get("scope", "").split()
    assert set((await site.userinfo(body["access_token"])).json()) == {"sub"}


async def test_4_14_2_what_the_person_ends_is_ended(op: Provider, ada: Browser) -> None:
    site = await careful(op, **GRANTS)
    tokens = await offline(site, ada)
    taken = await ada.client.post(f"/settings/security/sites/{site.id}/withdraw")
    assert taken.status_code == 303
    must.is_oauth_error(await site.refresh(tokens.refresh_token), "invalid_grant")


async def test_4_14_2_a_revoked_refresh_token_takes_its_access_tokens_along(
    op: Provider, ada: Browser
) -> None:
    """RFC 7009, section 2.1."""
    site = await careful(op, **GRANTS)
    tokens = await offline(site, ada)
    answer = await _revoke(site, tokens.refresh_token)
    assert answer.status_code == 200
    must.is_oauth_error(await site.refresh(tokens.refresh_token), "invalid_grant")
    must.is_refused_token(await site.userinfo(tokens.access_token))


async def _revoke(site: RelyingParty, token: str) -> httpx.Response:
    headers: dict[str, str] = {}
    return await site.op.post("revocation_endpoint", {"token": token, **site.credentials(headers)}, headers)


async def test_4_14_2_an_unused_refresh_token_ends(op: Provider, ada: Browser) -> None:
    site = await program(op)
    tokens = await offline(site, ada)
    op.clock.ahead_s += 400 * 86_400
    must.is_oauth_error(await site.refresh(tokens.refresh_token), "invalid_grant")


async def test_4_14_2_a_replayed_code_ends_the_refresh_token(op: Provider, ada: Browser) -> None:
    site = await careful(op, **GRANTS)
    tokens = await offline(site, ada)
    must.is_oauth_error(await site.exchange(tokens.answer.code), "invalid_grant")
    must.is_oauth_error(await site.refresh(tokens.refresh_token), "invalid_grant")


async def test_4_14_2_a_site_that_proves_itself_keeps_its_refresh_token(op: Provider, ada: Browser) -> None:
    """FAPI 2.0, section 5.3.2.1: no rotation where the client is authenticated and the token is bound."""
    site = await register_fapi(op)
    tokens = await offline(site, ada)
    for _ in range(2):
        body = must.is_token_answer(await site.refresh(tokens.refresh_token), "DPoP")
        assert body.get("refresh_token", tokens.refresh_token) == tokens.refresh_token
        assert (
            read(body["id_token"])[1]["sub"] == read(tokens.id_token)[1]["sub"]
            if "id_token" in body
            else True
        )
