"""RFC 9700, sections 4.4 to 4.7: mix-up, injected codes and tokens, and requests forged across sites."""

import secrets
from urllib.parse import parse_qsl

import pytest

from . import conditions as must
from .browser import SAME_ORIGIN, Browser, Page
from .proofs import read
from .provider import ISSUER, Provider
from .relying_party import REDIRECT, careful, register

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_4_4_2_every_answer_says_who_gives_it(op: Provider, ada: Browser) -> None:
    """RFC 9207, sections 2 and 3."""
    assert op.metadata["authorization_response_iss_parameter_supported"] is True
    assert op.metadata["issuer"] == ISSUER
    site = await careful(op)
    answers = [
        await site.ask(ada, prompt="none"),
        await site.ask(ada),
        await site.ask(ada, scope="nothing that exists"),
        await site.ask(ada, response_type="token"),
        await site.ask(ada, prompt="none", max_age="0"),
    ]
    for answer in answers:
        if answer.came_back:
            said = answer.pairs + parse_qsl(answer.fragment)
            assert [value for name, value in said if name == "iss"] == [ISSUER]
    ada.decision = "refuse"
    refused = await site.ask(ada, prompt="consent")
    assert refused.fields["iss"] == ISSUER


async def test_4_4_2_a_client_cannot_put_another_issuer_beside_ours(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    answer = await site.ask(ada, iss="https://evil.example", state="x&iss=https://evil.example")
    assert [value for name, value in answer.pairs if name == "iss"] == [ISSUER]
    assert answer.fields["state"] == "x&iss=https://evil.example"


async def test_4_5_a_code_in_another_session_is_worth_nothing(
    op: Provider, ada: Browser, bob: Browser
) -> None:
    """PKCE: the verifier of the victim's session does not fit the attacker's code."""
    site = await careful(op)
    stolen = (await site.ask(ada)).code
    await site.ask(bob)
    must.is_oauth_error(await site.exchange(stolen), "invalid_grant")


async def test_4_5_a_code_given_to_another_client_is_worth_nothing(op: Provider, ada: Browser) -> None:
    one, two = await careful(op), await careful(op)
    code = (await one.ask(ada)).code
    two.verifier = one.verifier
    must.is_oauth_error(await two.exchange(code), "invalid_grant")
    assert (await one.exchange(code)).status_code in (200, 400)


async def test_4_5_a_code_given_to_a_site_is_nothing_to_a_public_client(op: Provider, ada: Browser) -> None:
    one = await careful(op)
    code = (await one.ask(ada)).code
    thief = await register(op, token_endpoint_auth_method="none")
    thief.verifier = one.verifier
    must.is_oauth_error(await thief.exchange(code), "invalid_grant")
    one.auth = "none"
    must.is_oauth_error(await one.exchange(code), "invalid_client")


async def test_4_5_3_2_the_nonce_comes_back_as_it_was(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    for nonce in (secrets.token_urlsafe(48), "a b+c%20d&e=f", "é🙂"):
        tokens = await site.sign_in(ada, nonce=nonce)
        assert read(tokens.id_token)[1]["nonce"] == nonce


@pytest.mark.parametrize("wrong", ["", "x", "short-verifier", "é" * 43, "A" * 43, "A" * 129, "A" * 5000])
async def test_4_5_3_1_a_wrong_verifier_is_refused(op: Provider, ada: Browser, wrong: str) -> None:
    site = await careful(op)
    code = (await site.ask(ada)).code
    refused = await site.exchange(code, code_verifier=wrong)
    must.is_oauth_error(refused, "invalid_grant", "invalid_request")


async def test_4_6_an_access_token_belongs_to_its_id_token(op: Provider, ada: Browser, bob: Browser) -> None:
    site = await careful(op)
    hers, his = await site.sign_in(ada), await site.sign_in(bob)
    for tokens in (hers, his):
        header, claims = read(tokens.id_token)
        assert claims["at_hash"] == must.half_hash(tokens.access_token, header["alg"])
    told = (await site.userinfo(his.access_token)).json()
    assert told["sub"] != read(hers.id_token)[1]["sub"]


async def test_4_6_nothing_gives_a_token_without_the_token_endpoint(op: Provider, ada: Browser) -> None:
    assert op.metadata["response_types_supported"] == ["code"]
    assert "implicit" not in op.metadata["grant_types_supported"]
    assert "password" not in op.metadata["grant_types_supported"]
    site = await careful(op)
    refused = await site.token({"grant_type": "password", "username": "ada", "password": "ada-password-1"})
    must.is_oauth_error(refused, "unsupported_grant_type", "unauthorized_client")


@pytest.mark.parametrize(
    "state", ["simple", "a b", "a+b", "%41", "é🙂", "x" * 1000, "'\"<b>&amp;", "a\r\nb", "a#b?c&d=e"]
)
async def test_4_7_the_state_comes_back_as_it_was(op: Provider, ada: Browser, state: str) -> None:
    for mode in ("", "form_post"):
        if mode and not op.supports("response_modes_supported", mode):
            continue
        site = await careful(op)
        site.mode = mode
        answer = await site.ask(ada, state=state)
        assert answer.fields["state"] == state
        again = await site.ask(ada, state=state)
        assert again.fields["state"] == state


async def test_4_7_another_site_cannot_agree_for_the_person(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    await ada.sign_in()
    page = await ada.look(site.url(site.request()))
    form = next(form for form in Page(page.text).forms if ("decision", "allow") in form.buttons)
    agreed = {**form.fields, "decision": "allow"}
    for headers in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}):
        refused = await ada.client.post(
            form.action, data={**form.fields, "decision": "allow"}, headers=headers
        )
        assert refused.status_code == 403
    del ada.client.headers["sec-fetch-site"]
    forged = {"origin": "https://evil.example"}
    refused = await ada.client.post(form.action, data=agreed, headers=forged)
    assert refused.status_code == 403
    ada.client.headers["sec-fetch-site"] = SAME_ORIGIN["sec-fetch-site"]
    must.is_authorization_error(site, await site.ask(ada, prompt="none"), "consent_required")


async def test_4_7_what_waits_for_one_person_is_not_agreed_to_by_an_address(
    op: Provider, ada: Browser
) -> None:
    """A GET changes nothing: consent is given by a form and by nothing else."""
    site = await careful(op)
    await ada.sign_in()
    page = await ada.look(site.url(site.request()))
    form = next(form for form in Page(page.text).forms if ("decision", "allow") in form.buttons)
    answer = await ada.client.get(form.action, params={**form.fields, "decision": "allow"})
    assert answer.status_code in (404, 405)
    assert REDIRECT not in answer.text
