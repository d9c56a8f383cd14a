"""RFC 8725 (and RFC 9700, 4.9–4.10): signed things that lie about their algorithm, key, audience or time.

Three doors read JWTs from outside: client assertions, DPoP proofs, and `id_token_hint`.
"""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc.jwk import OctKey

from . import conditions as must
from .browser import Browser
from .network import Network
from .proofs import (
    base64url,
    hmac_signed,
    merged,
    new_key,
    public,
    read,
    signed,
    spoiled,
    unbase64url,
    unsigned,
)
from .provider import ISSUER, Provider
from .relying_party import RP_ORIGIN, RelyingParty, careful, register, register_fapi

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEEP = json.loads('{"a":' * 90 + "1" + "}" * 90)


def assertions(site: RelyingParty, now: int) -> dict[str, str]:
    """What pretends to be `site`."""
    key, thief = site.key, new_key("ES256")
    assert key is not None
    header, claims = read(site.assertion())
    pem, jwk = key.as_pem(private=False), json.dumps(public(key)).encode()
    hs256 = {**header, "alg": "HS256"}

    def said(**changes: Any) -> str:
        return site.assertion(**changes)

    def by(other: Any, alg: str, **head: Any) -> str:
        return signed(merged({**header, "alg": alg}, head), {**claims, "jti": base64url(alg.encode())}, other)

    return {
        "none": unsigned({"alg": "none"}, claims),
        "None in other letters": unsigned({"alg": "nOnE", "kid": key.kid}, claims),
        "none with a signature": unsigned({"alg": "none"}, claims) + "AAAA",
        "no algorithm": unsigned({"typ": "JWT"}, claims),
        "no signature": said().rpartition(".")[0] + ".",
        "two parts": said().rpartition(".")[0],
        "HS256 with the public key as PEM": hmac_signed(hs256, claims, pem),
        "HS256 with the public key as JWK": hmac_signed(hs256, claims, jwk),
        "a key in the header": by(thief, "ES256", jwk=public(thief), kid=None),
        "a key in the header under the right name": by(thief, "ES256", jwk=public(thief)),
        "an address of keys": by(thief, "ES256", jku=f"{RP_ORIGIN}/evil-keys", kid=thief.kid),
        "an address of certificates": by(thief, "ES256", x5u=f"{RP_ORIGIN}/evil-cert", kid=thief.kid),
        "a chain of certificates": by(thief, "ES256", x5c=["AAAA"], kid=thief.kid),
        "a key that is not there": by(thief, "ES256", kid="nobody"),
        "a path for a key": by(thief, "ES256", kid="../../../../dev/null"),
        "a query for a key": by(thief, "ES256", kid="' union select 'x"),
        "a list for a key": by(thief, "ES256", kid=["a"]),
        "critical and unknown": signed({**header, "crit": ["exp"], "exp": 1}, claims, key),
        "unencoded": signed({**header, "b64": False, "crit": ["b64"]}, claims, key),
        "compressed": signed({**header, "zip": "DEF"}, b"x\x9c\x03\x00\x00\x00\x00\x01", key),
        "spoiled": spoiled(said()),
        "another issuer": said(iss="https://evil.example"),
        "another subject": said(sub="ada"),
        "no issuer": said(iss=None),
        "another audience": said(aud="https://other.example"),
        "no audience": said(aud=None),
        "an audience that begins alike": said(aud=f"{ISSUER}.evil.example"),
        "an empty audience": said(aud=""),
        "an object for an audience": said(aud={"a": ISSUER}),
        "no end": said(exp=None),
        "an end that is past": said(exp=now - 120),
        "an end that is no number": said(exp="tomorrow"),
        "an end that is true": said(exp=True),
        "an end that is endless": said(exp=1e308),
        "an end that is too large": said(exp=10**40),
        "a beginning to come": said(nbf=now + 3600),
        "made in the future": said(iat=now + 3600),
        "no name of its own": said(jti=None),
        "a number for a name": said(jti=5),
        "a very long name": said(jti="a" * 5_000),
        "a list instead of claims": signed(header, json.dumps([claims]).encode(), key),
        "text instead of claims": signed(header, b'"text"', key),
        "nothing instead of claims": signed(header, b"", key),
        "no UTF-8": signed(header, b"\xff\xfe", key),
        "a claim given twice": signed(header, _twice(claims), key),
        "deep": signed(header, {**claims, "deep": DEEP, "aud": "x"}, key),
        "not even JSON in the header": f"{base64url(b'x')}.{base64url(b'y')}.{base64url(b'z')}",
        "deep brackets": f"{base64url(b'[' * 9000)}.{base64url(b'[' * 9000)}.AAAA",
        "five parts": "a.b.c.d.e",
        "dots": "...." * 200,
        "nothing": "",
    }


def _twice(claims: dict[str, Any]) -> bytes:
    return (json.dumps(claims)[:-1] + ', "sub": "ada"}').encode()


async def test_no_client_assertion_that_lies_is_believed(op: Provider, network: Network) -> None:
    site = await register_fapi(op)
    for why, wrong in assertions(site, int(op.clock.now_s())).items():
        answer = await site.push(site.request(), client_assertion=wrong)
        assert answer.status_code in (400, 401), (why, answer.text)
        assert answer.json()["error"] in ("invalid_client", "invalid_request"), why
    assert (await site.push(site.request())).status_code == 201
    assert not network.calls


async def test_no_client_assertion_that_lies_gets_a_token(op: Provider, ada: Browser) -> None:
    site = await register_fapi(op)
    code = (await site.ask(ada)).code
    for why, wrong in assertions(site, int(op.clock.now_s())).items():
        answer = await site.exchange(code, client_assertion=wrong)
        assert answer.status_code in (400, 401), (why, answer.text)
        assert answer.json()["error"] in ("invalid_client", "invalid_request"), why
    must.is_token_answer(await site.exchange(code), "DPoP")


async def test_an_assertion_of_the_right_client_with_another_client_id_beside_it(op: Provider) -> None:
    one, two = await register_fapi(op), await register_fapi(op)
    answer = await one.push(one.request(), client_id=two.id)
    assert answer.status_code in (400, 401)
    kind = await one.push(
        one.request(), client_assertion_type="urn:ietf:params:oauth:client-assertion-type:saml2"
    )
    must.is_oauth_error(kind, "invalid_client", "invalid_request")


async def test_a_client_with_a_key_does_not_get_in_by_a_word(op: Provider, ada: Browser) -> None:
    """Section 3.1 of RFC 8725, and OpenID Core 9: a client has one way of authentication."""
    site = await register_fapi(op)
    code = (await site.ask(ada)).code
    for word in ("", "x", str(site.registration.get("client_secret") or "y")):
        answer = await site.exchange(
            code, client_assertion=None, client_assertion_type=None, client_secret=word
        )
        assert answer.status_code in (400, 401)
    secret = await careful(op)
    secret.key, secret.alg, secret.auth = OctKey.import_key(secret.secret), "HS256", "private_key_jwt"
    must.is_oauth_error(await secret.exchange((await secret.ask(ada)).code), "invalid_client")


async def test_a_hint_that_lies_is_no_hint(op: Provider, ada: Browser, network: Network) -> None:
    site = await careful(op)
    tokens = await site.sign_in(ada)
    header, claims = read(tokens.id_token)
    thief = new_key("ES256")
    keys = {key["kid"]: key for key in await op.keys()}
    published = json.dumps(keys[header["kid"]]).encode()
    for why, wrong in {
        "none": unsigned({"alg": "none"}, claims),
        "HS256": hmac_signed({"alg": "HS256", "kid": header["kid"]}, claims, published),
        "another key": signed({"alg": "ES256", "kid": header["kid"]}, claims, thief),
        "a key in the header": signed({"alg": "ES256", "jwk": public(thief)}, claims, thief),
        "an address": signed({"alg": "ES256", "jku": f"{RP_ORIGIN}/evil", "kid": thief.kid}, claims, thief),
        "spoiled": spoiled(tokens.id_token),
        "another issuer": signed({"alg": "ES256"}, {**claims, "iss": "https://evil.example"}, thief),
        "an access token": tokens.access_token,
        "deep brackets": f"{base64url(b'[' * 900)}.{base64url(b'[' * 900)}.AAAA",
        "critical and nothing": unsigned({**header, "crit": None}, claims) + "AAAA",
        "critical and a number": unsigned({**header, "crit": 5}, claims) + "AAAA",
        "a list for a key": unsigned({**header, "kid": ["a"]}, claims) + "AAAA",
        "nothing like it": "x.y.z",
    }.items():
        answer = await site.ask(ada, prompt="none", id_token_hint=wrong)
        assert "code" not in answer.fields, why
        ends = await op.get(f"{op.endpoint('end_session_endpoint')}?{urlencode({'id_token_hint': wrong})}")
        assert ends.status_code < 500, why
    assert not network.calls
    assert (await site.ask(ada, prompt="none", id_token_hint=tokens.id_token)).code


async def test_a_key_of_a_client_is_a_public_and_a_strong_one(op: Provider) -> None:
    from joserfc.jwk import RSAKey

    strong = new_key("RS256")
    weak = public(RSAKey.generate_key(1024, {"kid": "weak", "use": "sig", "alg": "RS256"}))
    private = dict(strong.as_dict(private=True))
    secret = dict(OctKey.generate_key(256).as_dict(private=True))
    for why, keys in {
        "weak": [weak],
        "private": [private],
        "a secret": [secret],
        "none": [],
        "no point": [{"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA", "kid": "a"}],
        "another curve": [{"kty": "EC", "crv": "secp256k1", "x": "AAAA", "y": "AAAA", "kid": "a"}],
        "text": ["x"],
        "very many": [public(strong)] * 2000,
    }.items():
        from .relying_party import ask_to_register

        body = {
            "client_name": "Tea Club",
            "redirect_uris": [f"{RP_ORIGIN}/cb"],
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": keys},
        }
        answer = await ask_to_register(op, body)
        assert answer.status_code in (400, 413), (why, answer.text)


async def test_another_persons_id_token_is_no_hint_at_this_one(
    op: Provider, ada: Browser, bob: Browser
) -> None:
    one = await register(op)
    one.uses_pkce = True
    two = await careful(op)
    await two.sign_in(bob)
    tokens = await one.sign_in(ada)
    answer = await two.ask(bob, prompt="none", id_token_hint=tokens.id_token)
    assert answer.error == "login_required"


async def test_an_id_token_holds_nothing_that_was_not_asked_for(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    header, claims = read((await site.sign_in(ada)).id_token)
    assert set(header) <= {"alg", "kid", "typ"}
    text = json.dumps(claims)
    assert "ada" not in text.lower().replace("data", "")
    assert unbase64url(claims["at_hash"])
