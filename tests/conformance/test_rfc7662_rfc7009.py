"""RFC 7662 and RFC 7009: a client learns of, and ends, its own tokens and no others'."""

import httpx
import pytest

from . import conditions as must
from .browser import Browser
from .proofs import read
from .provider import ISSUER, Provider
from .relying_party import RelyingParty, careful, register, register_fapi

pytestmark = pytest.mark.asyncio(loop_scope="module")

GRANTS = {"grant_types": ["authorization_code", "refresh_token"]}


async def ask(site: RelyingParty, endpoint: str, token: str, **changes: str | None) -> httpx.Response:
    headers: dict[str, str] = {}
    fields = {"token": token, **site.credentials(headers, endpoint), **changes}
    return await site.op.post(endpoint, fields, headers)


async def introspect(site: RelyingParty, token: str, **changes: str | None) -> httpx.Response:
    return await ask(site, "introspection_endpoint", token, **changes)


async def revoke(site: RelyingParty, token: str, **changes: str | None) -> httpx.Response:
    return await ask(site, "revocation_endpoint", token, **changes)


async def test_a_client_learns_what_its_token_is_good_for(op: Provider, ada: Browser) -> None:
    site = await careful(op, **GRANTS)
    site.scope = "openid offline_access"
    tokens = await site.sign_in(ada, prompt="consent")
    for token in (tokens.access_token, tokens.refresh_token):
        answer = await introspect(site, token)
        assert answer.status_code == 200
        must.is_json(answer)
        must.is_not_kept(answer)
        told = answer.json()
        assert told["active"] is True
        assert told["client_id"] == site.id
        assert told["sub"] == read(tokens.id_token)[1]["sub"]
        assert "openid" in told["scope"].split()
        assert told["exp"] > op.clock.now_s()
        assert told.get("iss", ISSUER) == ISSUER
        assert not {"username", "name", "email"} & set(told)


async def test_another_clients_token_is_as_unknown_as_none(op: Provider, ada: Browser) -> None:
    """RFC 7662, section 4: no probing."""
    one, two = await careful(op, **GRANTS), await careful(op)
    one.scope = "openid offline_access"
    tokens = await one.sign_in(ada, prompt="consent")
    probes = (tokens.access_token, tokens.refresh_token, tokens.id_token, "x", "", "a" * 5000, one.secret)
    answers = [await introspect(two, token) for token in probes if token]
    assert {answer.status_code for answer in answers} <= {200, 400}
    assert all(answer.json() == {"active": False} for answer in answers if answer.status_code == 200)


async def test_nobody_asks_without_authentication(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    token = (await site.sign_in(ada)).access_token
    public = await register(op, token_endpoint_auth_method="none")
    for endpoint in ("introspection_endpoint", "revocation_endpoint"):
        must.is_oauth_error(await op.post(endpoint, {"token": token}), "invalid_client", "invalid_request")
        wrong = await op.post(endpoint, {"token": token, "client_id": site.id})
        must.is_oauth_error(wrong, "invalid_client")
        worse = await op.post(endpoint, {"token": token, "client_id": site.id, "client_secret": "x"})
        must.is_oauth_error(worse, "invalid_client", "invalid_request")
        got = await op.get(f"{op.endpoint(endpoint)}?token={token}&client_id={site.id}")
        assert got.status_code in (404, 405)
    for asked in (token, (await public.sign_in(ada)).access_token):
        must.is_oauth_error(await introspect(public, asked), "invalid_client")
    assert (await site.userinfo(token)).status_code == 200


async def test_a_dead_token_is_inactive_and_says_nothing_else(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    tokens = await site.sign_in(ada)
    assert (await introspect(site, tokens.access_token)).json()["active"] is True
    op.clock.ahead_s += tokens.body["expires_in"] + 1
    assert (await introspect(site, tokens.access_token)).json() == {"active": False}


async def test_a_bound_token_is_introspected_with_its_key(op: Provider, ada: Browser) -> None:
    """RFC 9449, section 6.2."""
    site = await register_fapi(op)
    tokens = await site.sign_in(ada)
    told = (await introspect(site, tokens.access_token)).json()
    assert told["active"] is True
    assert site.dpop_key is not None
    assert told["cnf"] == {"jkt": site.dpop_key.thumbprint()}
    assert told["token_type"] == "DPoP"


@pytest.mark.parametrize("hint", [None, "access_token", "refresh_token", "nonsense"])
async def test_a_client_ends_its_token_whatever_the_hint(
    op: Provider, ada: Browser, hint: str | None
) -> None:
    """RFC 7009, section 2.1: a hint is a hint."""
    site = await careful(op)
    token = (await site.sign_in(ada)).access_token
    answer = await revoke(site, token, token_type_hint=hint)
    assert answer.status_code == 200
    must.is_refused_token(await site.userinfo(token))
    assert (await introspect(site, token)).json() == {"active": False}
    assert (await revoke(site, token)).status_code == 200


async def test_another_client_ends_nothing(op: Provider, ada: Browser) -> None:
    one, two = await careful(op, **GRANTS), await careful(op)
    public = await register(op, token_endpoint_auth_method="none")
    one.scope = "openid offline_access"
    tokens = await one.sign_in(ada, prompt="consent")
    unknown = await revoke(two, "nobody-gave-this")
    for thief in (two, public):
        for token in (tokens.access_token, tokens.refresh_token):
            answer = await revoke(thief, token)
            assert answer.status_code in (200, 400)
            if thief is two:
                assert (answer.status_code, answer.text) == (unknown.status_code, unknown.text)
    assert (await one.userinfo(tokens.access_token)).status_code == 200
    must.is_token_answer(await one.refresh(tokens.refresh_token))


async def test_a_missing_token_is_said_to_miss(op: Provider) -> None:
    site = await careful(op)
    for endpoint in ("introspection_endpoint", "revocation_endpoint"):
        headers: dict[str, str] = {}
        answer = await op.post(endpoint, site.credentials(headers, endpoint), headers)
        must.is_oauth_error(answer, "invalid_request")
