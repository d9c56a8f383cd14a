"""RFC 8693 and RFC 8707: a token is exchanged for less, by whom it was meant for, and never for longer."""

from typing import Any

import httpx
import pytest

from . import conditions as must
from .browser import Browser
from .provider import ISSUER, Provider
from .relying_party import REDIRECT, RelyingParty, ask_to_register, careful, register
from .test_rfc7662_rfc7009 import introspect

pytestmark = pytest.mark.asyncio(loop_scope="module")

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"
GRANTS = {"grant_types": ["authorization_code", "refresh_token", GRANT]}


async def exchange(site: RelyingParty, token: str, **changes: Any) -> httpx.Response:
    fields = {"grant_type": GRANT, "subject_token": token, "subject_token_type": ACCESS}
    return await site.token(fields, **changes)


async def test_a_token_is_exchanged_for_less(op: Provider, ada: Browser) -> None:
    site = await careful(op, **GRANTS)
    site.scope = "openid profile"
    tokens = await site.sign_in(ada)
    body = must.is_token_answer(await exchange(site, tokens.access_token, scope="openid"))
    assert body["issued_token_type"] == ACCESS
    assert body["scope"].split() == ["openid"]
    assert "refresh_token" not in body
    assert set((await site.userinfo(body["access_token"])).json()) == {"sub"}


async def test_a_token_is_not_exchanged_for_more_or_for_longer(op: Provider, ada: Browser) -> None:
    site = await careful(op, **GRANTS)
    tokens = await site.sign_in(ada)
    for wider in ("openid profile", "openid offline_access", "admin"):
        must.is_oauth_error(await exchange(site, tokens.access_token, scope=wider), "invalid_scope")
    op.clock.ahead_s += 600
    body = must.is_token_answer(await exchange(site, tokens.access_token))
    left_s = tokens.body["expires_in"] - 600
    assert body["expires_in"] <= left_s
    op.clock.ahead_s += left_s + 1
    must.is_refused_token(await site.userinfo(body["access_token"]))


async def test_nobody_exchanges_what_was_not_given_to_them(op: Provider, ada: Browser) -> None:
    site, thief = await careful(op, **GRANTS), await careful(op, **GRANTS)
    token = (await site.sign_in(ada)).access_token
    errors = ("invalid_request", "invalid_grant", "invalid_target")
    must.is_oauth_error(await exchange(thief, token), *errors)
    for wrong in ("x", "a" * 3000, site.secret):
        must.is_oauth_error(await exchange(site, wrong), *errors)
    plain = await careful(op)
    must.is_oauth_error(await exchange(plain, token), "unauthorized_client")
    site.auth = "none"
    must.is_oauth_error(await exchange(site, token), "invalid_client")


async def test_a_program_that_keeps_no_secret_exchanges_nothing(op: Provider) -> None:
    wanted = {"redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none", **GRANTS}
    answer = await ask_to_register(op, wanted)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"},
        {"subject_token_type": "urn:ietf:params:oauth:token-type:saml2"},
        {"subject_token_type": None},
        {"actor_token": "x", "actor_token_type": ACCESS},
        {"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
        {"requested_token_type": "urn:ietf:params:oauth:token-type:id_token"},
        {"resource": "https://api.example/not-approved"},
    ],
)
async def test_what_is_not_offered_is_refused(
    op: Provider, ada: Browser, wrong: dict[str, str | None]
) -> None:
    site = await careful(op, **GRANTS)
    token = (await site.sign_in(ada)).access_token
    refused = await exchange(site, token, **wrong)
    must.is_oauth_error(refused, "invalid_request", "invalid_target")


async def test_what_is_ended_ends_what_came_of_it(op: Provider, ada: Browser) -> None:
    site = await careful(op, **GRANTS)
    tokens = await site.sign_in(ada)
    body = must.is_token_answer(await exchange(site, tokens.access_token))
    must.is_oauth_error(await site.exchange(tokens.answer.code), "invalid_grant")
    must.is_refused_token(await site.userinfo(body["access_token"]))
    must.is_oauth_error(await exchange(site, body["access_token"]), "invalid_request", "invalid_grant")


API = "https://api.example/v1"


async def test_4_9_1_a_token_for_an_api_opens_nothing_here(op: Provider, ada: Browser) -> None:
    """RFC 8707, and RFC 9700, 4.10.2: restricted to its audience."""
    site = await careful(op)
    tokens = await site.sign_in(ada, resource=API)
    must.is_refused_token(await site.userinfo(tokens.access_token))
    told = (await introspect(site, tokens.access_token)).json()
    assert told["aud"] == [API]
    assert ISSUER not in told["aud"]


async def test_4_9_nobody_becomes_the_resource_server_of_another(op: Provider, ada: Browser) -> None:
    """Anybody may register: an address is a client's own only where it returns to as well."""
    site = await careful(op)
    tokens = await site.sign_in(ada, resource=API)
    wanted = {"client_name": "Thief", "redirect_uris": [REDIRECT], "resource_uris": [API], **GRANTS}
    answer = await ask_to_register(op, wanted)
    if answer.status_code == 201:
        thief = RelyingParty(op, {**wanted, **answer.json()})
        assert (await introspect(thief, tokens.access_token)).json() == {"active": False}
        assert (await exchange(thief, tokens.access_token)).status_code == 400
    else:
        assert answer.json()["error"] == "invalid_client_metadata"


async def test_a_resource_that_is_no_address_is_refused(op: Provider, ada: Browser) -> None:
    site = await register(op)
    site.uses_pkce = True
    await ada.sign_in()
    for wrong in ("api", "https://api.example/#a", "javascript:x", "https://a.example/ x"):
        must.is_authorization_error(site, await site.ask(ada, resource=wrong), "invalid_target")
