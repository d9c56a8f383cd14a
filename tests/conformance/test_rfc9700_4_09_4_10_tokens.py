"""RFC 9700, sections 4.9 and 4.10: a token opens what it was given for, to whom it was given."""

import base64
import secrets
from typing import Any

import pytest

from . import conditions as must
from .browser import Browser
from .proofs import new_key, read
from .provider import Provider
from .relying_party import RelyingParty, careful, register, register_fapi

pytestmark = pytest.mark.asyncio(loop_scope="module")

OTHER_DOORS = (
    "/settings/security",
    "/admin/people",
    "/drive",
    "/dav/files/ada/",
    "/api/fabric/grants",
    "/fabric/grants",
    "/",
)


async def test_4_9_a_sites_token_opens_no_other_door(op: Provider, ada: Browser) -> None:
    """Section 4.9.1 and 4.10.2: the audience is the userinfo endpoint."""
    site = await careful(op)
    tokens = await site.sign_in(ada)
    pair = base64.b64encode(f"ada:{tokens.access_token}".encode()).decode()
    for door in OTHER_DOORS:
        nobody = await op.get(door)
        for scheme in (f"Bearer {tokens.access_token}", f"Basic {pair}", f"Bearer {tokens.id_token}"):
            answer = await op.get(door, {"authorization": scheme})
            assert answer.status_code in (nobody.status_code, 401, 403), door
            assert "Ada" not in answer.text


async def test_4_9_an_id_token_a_code_and_a_refresh_token_are_no_access_tokens(
    op: Provider, ada: Browser
) -> None:
    site = await careful(op)
    tokens = await site.sign_in(ada)
    code = (await site.ask(ada)).code
    for wrong in (tokens.id_token, code, tokens.body.get("refresh_token", "x"), site.secret, site.id):
        must.is_refused_token(await site.userinfo(wrong))


async def test_4_9_a_persons_own_token_is_no_sites_token(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    given = await op.house.call("identity.user_token", {"name": "ada", "label": "t", "scopes": []})
    must.is_refused_token(await site.userinfo(str(given["token"])))


async def test_4_9_a_token_that_nobody_gave_is_refused(op: Provider) -> None:
    site = await careful(op)
    for wrong in ("", "x", "null", "a" * 4000, "é", "../../etc/passwd", "' or 1=1 --", "a b"):
        async with op.client() as client:
            header = f"Bearer {wrong}".encode()
            answer = await client.get(op.endpoint("userinfo_endpoint"), headers={"authorization": header})
        must.is_refused_token(answer)
        assert answer.headers["www-authenticate"].startswith(("Bearer", "DPoP"))
    assert site.id


async def test_4_10_1_a_bound_token_is_nothing_without_its_key(op: Provider, ada: Browser) -> None:
    """RFC 9449, section 7.1."""
    site = await register_fapi(op)
    token = (await site.sign_in(ada)).access_token
    assert (await site.userinfo(token)).status_code == 200
    thief = new_key("ES256")
    stolen = site.proof("GET", "userinfo_endpoint", token, key=thief)
    must.is_refused_token(await site.userinfo(token, headers={"dpop": stolen}))
    must.is_refused_token(await site.userinfo(token, headers={"dpop": ""}))
    must.is_refused_token(await site.userinfo(token, scheme="Bearer"))
    must.is_refused_token(await site.userinfo(token, scheme="Bearer", headers={"dpop": ""}))
    body = await op.post("userinfo_endpoint", {"access_token": token})
    must.is_refused_token(body)


async def test_4_10_1_a_proof_is_good_for_one_request(op: Provider, ada: Browser) -> None:
    site = await register_fapi(op)
    token = (await site.sign_in(ada)).access_token
    proof = site.proof("GET", "userinfo_endpoint", token)
    assert (await site.userinfo(token, headers={"dpop": proof})).status_code == 200
    must.is_refused_token(await site.userinfo(token, headers={"dpop": proof}))
    for_tokens = site.proof("POST", "token_endpoint")
    must.is_refused_token(await site.userinfo(token, "POST", headers={"dpop": for_tokens}))
    for_post = site.proof("POST", "userinfo_endpoint", token)
    must.is_refused_token(await site.userinfo(token, "GET", headers={"dpop": for_post}))


async def test_4_10_1_a_proof_is_good_for_one_token_request(op: Provider, ada: Browser) -> None:
    site = await register_fapi(op)
    used = site.proof("POST", "token_endpoint")
    assert (await site.exchange((await site.ask(ada)).code, headers={"dpop": used})).status_code == 200
    again = await site.exchange((await site.ask(ada)).code, headers={"dpop": used})
    must.is_oauth_error(again, "invalid_dpop_proof", "invalid_request", "invalid_grant")


async def test_4_10_1_a_client_assertion_is_good_for_one_request(op: Provider, ada: Browser) -> None:
    """RFC 7523, section 3: the jti is remembered as long as the assertion lives, at every endpoint."""
    site = await register_fapi(op)
    used = site.assertion()
    assert (await site.push(site.request(), client_assertion=used)).status_code == 201
    must.is_oauth_error(await site.push(site.request(), client_assertion=used), "invalid_client")
    code = (await site.ask(ada)).code
    must.is_oauth_error(await site.exchange(code, client_assertion=used), "invalid_client")


async def test_4_10_1_another_clients_jti_may_be_the_same(op: Provider) -> None:
    one, two = await register_fapi(op), await register_fapi(op)
    jti = secrets.token_urlsafe()
    for site in (one, two):
        pushed = await site.push(site.request(), client_assertion=site.assertion(jti=jti))
        assert pushed.status_code == 201


async def test_4_10_1_an_assertion_that_lives_long_is_refused_or_remembered(op: Provider) -> None:
    site = await register_fapi(op)
    late = int(op.clock.now_s()) + 3600
    used = site.assertion(exp=late)
    first = await site.push(site.request(), client_assertion=used)
    op.clock.ahead_s += 1800
    must.is_oauth_error(await site.push(site.request(), client_assertion=used), "invalid_client")
    assert first.status_code in (201, 400, 401)


async def test_4_10_a_token_ends(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    tokens = await site.sign_in(ada)
    op.clock.ahead_s += tokens.body["expires_in"] + 1
    must.is_refused_token(await site.userinfo(tokens.access_token))


async def test_4_10_what_a_person_takes_back_ends_at_once(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    tokens = await site.sign_in(ada)
    taken = await ada.client.post(f"/settings/security/sites/{site.id}/withdraw")
    assert taken.status_code == 303
    must.is_refused_token(await site.userinfo(tokens.access_token))
    must.is_authorization_error(site, await site.ask(ada, prompt="none"), "consent_required")


async def _all_that_was_given(op: Provider, ada: Browser, site: RelyingParty) -> list[str]:
    site.scope = "openid profile offline_access"
    answer = await site.ask(ada, prompt="consent")
    tokens = (await site.exchange(answer.code)).json()
    wanted: list[Any] = [site.secret, answer.code, site.verifier, *tokens.values()]
    return [text for text in wanted if isinstance(text, str) and len(text) > 20]


async def test_4_9_no_secret_is_logged(
    op: Provider, ada: Browser, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    site = await careful(op)
    secrets_given = await _all_that_was_given(op, ada, site)
    await site.exchange(secrets_given[1])
    await site.userinfo("wrong-" + secrets_given[-1])
    out, err = capfd.readouterr()
    said = out + err + caplog.text
    assert not [text for text in secrets_given if text in said]
    assert "ada-password-1" not in said


async def test_4_9_no_secret_lies_readable_in_the_home(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    given = await _all_that_was_given(op, ada, site)
    for path in op.home.rglob("*"):
        if path.is_file() and not path.is_socket():
            raw = path.read_bytes()
            assert not [text for text in given if text.encode() in raw], path.name


async def test_4_10_two_sites_know_a_person_by_two_names(op: Provider, ada: Browser) -> None:
    """Core 1.0, section 8.1; RFC 9700 leaves it open, our promise does not."""
    subs = set()
    for host in ("one", "two"):
        site = await register(op, redirect_uris=[f"https://{host}.example/cb"])
        site.uses_pkce = True
        subs.add(read((await site.sign_in(ada)).id_token)[1]["sub"])
    assert len(subs) == 2
