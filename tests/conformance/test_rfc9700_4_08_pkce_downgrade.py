"""RFC 9700, section 4.8: PKCE cannot be taken out of a flow that began with it, nor be put in late."""

import secrets

import pytest

from . import conditions as must
from .browser import Browser
from .proofs import challenge_of
from .provider import Provider
from .relying_party import REDIRECT, careful, register

pytestmark = pytest.mark.asyncio(loop_scope="module")

WEAK = {
    "no challenge": {"code_challenge": None, "code_challenge_method": None},
    "plain": {"code_challenge_method": "plain"},
    "no method, which means plain": {"code_challenge_method": None},
    "a method in small letters": {"code_challenge_method": "s256"},
    "an unknown method": {"code_challenge_method": "S512"},
    "an empty challenge": {"code_challenge": ""},
    "a short challenge": {"code_challenge": "abc"},
    "a challenge of other letters": {"code_challenge": "!" * 43},
    "a long challenge": {"code_challenge": "a" * 200},
    "a method alone": {"code_challenge": None},
}


@pytest.mark.parametrize("weak", WEAK.values(), ids=WEAK.keys())
async def test_4_8_a_public_client_gets_no_code_without_a_sound_challenge(
    op: Provider, ada: Browser, weak: dict[str, str | None]
) -> None:
    site = await register(op, token_endpoint_auth_method="none")
    await ada.sign_in()
    must.is_authorization_error(site, await site.ask(ada, **weak), "invalid_request")


@pytest.mark.parametrize(
    "weak", [value for name, value in WEAK.items() if name != "no challenge"],
    ids=[name for name in WEAK if name != "no challenge"],
)  # fmt: skip
async def test_4_8_a_challenge_that_is_not_sound_is_refused_and_not_ignored(
    op: Provider, ada: Browser, weak: dict[str, str | None]
) -> None:
    site = await careful(op)
    await ada.sign_in()
    if weak.get("code_challenge", "x") is not None and weak.get("code_challenge") != "":
        must.is_authorization_error(site, await site.ask(ada, **weak), "invalid_request")


async def test_4_8_2_a_verifier_without_a_challenge_is_refused(op: Provider, ada: Browser) -> None:
    """The attacker took the challenge away; the client still sends its verifier."""
    site = await careful(op)
    answer = await site.ask(ada, code_challenge=None, code_challenge_method=None)
    if answer.error:
        must.is_authorization_error(site, answer, "invalid_request")
        return
    must.is_oauth_error(await site.exchange(answer.code), "invalid_grant", "invalid_request")


async def test_4_8_2_a_challenge_without_a_verifier_is_refused(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    code = (await site.ask(ada)).code
    must.is_oauth_error(await site.exchange(code, code_verifier=None), "invalid_grant")


async def test_4_8_the_challenge_itself_is_no_verifier(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    code = (await site.ask(ada)).code
    refused = await site.exchange(code, code_verifier=challenge_of(site.verifier))
    must.is_oauth_error(refused, "invalid_grant")


async def test_4_8_a_challenge_given_twice_is_refused(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    mine = challenge_of(secrets.token_urlsafe(32))
    answer = await ada.open(f"{site.url(site.request())}&code_challenge={mine}")
    assert "code" not in answer.fields
    assert not answer.came_back or answer.url == REDIRECT


async def test_4_8_1_discovery_says_that_s256_is_spoken(op: Provider) -> None:
    assert op.metadata["code_challenge_methods_supported"] == ["S256"]
