"""An outside provider's id tokens: what does not hold lets nobody in."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey
from joserfc.registry import HeaderParameter

from synfonium.apps.identity.service.outside import upstream
from synfonium.testing.client import Installation

from .conftest import MovedClock
from .outside_provider import CLIENT_ID, OutsideProvider, counts, outside_provider
from .test_outside import come_in, known_here

Knob = Callable[[OutsideProvider], None]


@pytest.fixture
async def school(house: Installation) -> AsyncIterator[OutsideProvider]:
    async with outside_provider() as provider:
        await known_here(house, provider)
        yield provider


def unsigned(header: dict[str, Any], payload: bytes) -> str:
    parts = (json.dumps({**header, "alg": "none"}).encode(), payload, b"")
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def signed_by_public_key(provider: OutsideProvider) -> Callable[[dict[str, Any], bytes], str]:
    """HS256 with the provider's public key as the secret: an old confusion of algorithms."""

    def sign(header: dict[str, Any], payload: bytes) -> str:
        parts = (json.dumps({**header, "alg": "HS256"}).encode(), payload)
        text = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
        mac = hmac.digest(provider.keys[0].as_pem(private=False), text.encode(), hashlib.sha256)
        return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    return sign


def with_payload(provider: OutsideProvider, payload: bytes) -> Callable[[dict[str, Any], bytes], str]:
    return lambda header, _payload: provider._sign(header, payload)


def with_critical_header(provider: OutsideProvider) -> Callable[[dict[str, Any], bytes], str]:
    registry = jws.JWSRegistry(header_registry={"x": HeaderParameter("a test's", "str")})

    def sign(header: dict[str, Any], payload: bytes) -> str:
        header = {**header, "crit": ["x"], "x": "y"}
        return jws.serialize_compact(header, payload, provider.keys[0], registry=registry)

    return sign


def claims(**changes: Any) -> Knob:
    return lambda provider: provider.claims.update(changes)


def with_another_key(provider: OutsideProvider) -> None:
    mine, other = provider.keys, RSAKey.generate_key(2048, parameters={"kid": "first"})

    def sign(header: dict[str, Any], payload: bytes) -> str:
        provider.keys = [other]
        token = provider._sign(header, payload)
        provider.keys = mine
        return token

    provider.sign = sign


def with_a_key_in_the_header(provider: OutsideProvider) -> None:
    other = RSAKey.generate_key(2048, parameters={"kid": "mine"})
    mine = provider.keys
    provider.header = {"kid": "mine", "jwk": other.as_dict(private=False), "jku": "http://127.0.0.1:1/jwks"}

    def sign(header: dict[str, Any], payload: bytes) -> str:
        provider.keys = [other]
        token = provider._sign(header, payload)
        provider.keys = mine
        return token

    provider.sign = sign


BAD_TOKENS: dict[str, Knob] = {
    "another issuer": claims(iss="https://evil.example"),
    "issuer with a slash more": lambda p: p.claims.update(iss=f"{p.issuer}/"),
    "another audience": claims(aud="somebody else"),
    "no audience": claims(aud=None),
    "several audiences without azp": claims(aud=[CLIENT_ID, "somebody else"]),
    "authorized for another": claims(azp="somebody else"),
    "another nonce": claims(nonce="another"),
    "no nonce": claims(nonce=None),
    "expired": claims(exp=1_000_000_000),
    "no end": claims(exp=None),
    "an end that is no number": claims(exp="tomorrow"),
    "made long ago": claims(iat=1_000_000_000),
    "made in the future": claims(iat=9_000_000_000),
    "not valid yet": claims(nbf=9_000_000_000),
    "no subject": claims(sub=None),
    "a subject that is no text": claims(sub=12),
    "an endless subject": claims(sub="x" * 256),
    "a subject with control characters": claims(sub="ada\x00there"),
    "another access token's hash": claims(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "alg none": lambda p: setattr(p, "sign", unsigned),
    "HS256 with the public key": lambda p: setattr(p, "sign", signed_by_public_key(p)),
    "another key under the same kid": with_another_key,
    "its own key in the header": with_a_key_in_the_header,
    "an unknown critical header": lambda p: setattr(p, "sign", with_critical_header(p)),
    "no JWS": lambda p: setattr(p, "sign", lambda header, payload: "not.a"),
    "claims that are no UTF-8": lambda p: setattr(p, "sign", with_payload(p, b'{"sub": "\xff\xfe"}')),
    "claims without end": lambda p: setattr(p, "sign", with_payload(p, b'{"a":' + b"[" * 9000)),
    "a huge token": lambda p: p.claims.update(x="x" * 40_000),
}


async def test_an_id_token_that_does_not_hold_lets_nobody_in(
    house: Installation,
    browser: httpx.AsyncClient,
    school: OutsideProvider,
    capfd: pytest.CaptureFixture[str],
) -> None:
    answered = {}
    for name, knob in BAD_TOKENS.items():
        school.behave()
        knob(school)
        answered[name] = (await come_in(browser, school)).status_code
        assert "synfonium" not in browser.cookies
    assert answered == dict.fromkeys(BAD_TOKENS, 403)
    assert await counts(house) == (0, 0, 0)
    logged = capfd.readouterr().err
    assert logged.count("identity.outside_refused") == len(BAD_TOKENS)
    assert not any(word in logged for word in ("ada", "Lovelace", "school.example", school.issuer))


@pytest.mark.parametrize("algorithm", ["PS256", "ES256"])
async def test_other_sound_algorithms_are_understood(
    browser: httpx.AsyncClient, school: OutsideProvider, algorithm: str
) -> None:
    if algorithm == "ES256":
        school.keys.insert(0, ECKey.generate_key("P-256", parameters={"kid": "curve"}))
    school.header = {"alg": algorithm}
    assert (await come_in(browser, school)).status_code == 200


async def test_a_header_member_that_is_not_understood_is_ignored(
    browser: httpx.AsyncClient, school: OutsideProvider
) -> None:
    """RFC 7515, section 4: real providers add their own."""

    def sign(header: dict[str, Any], payload: bytes) -> str:
        registry = jws.JWSRegistry(strict_check_header=False)
        return jws.serialize_compact({**header, "xms": 1}, payload, school.keys[0], registry=registry)

    school.sign = sign
    assert (await come_in(browser, school)).status_code == 200


async def test_a_new_key_is_fetched_but_not_at_every_bidding(
    browser: httpx.AsyncClient, school: OutsideProvider, clock: MovedClock
) -> None:
    assert (await come_in(browser, school)).status_code == 200
    school.keys = [RSAKey.generate_key(2048, parameters={"kid": "second"})]
    school.header = {"kid": "second"}
    fetched = school.asked.count("/jwks")
    assert (await come_in(browser, school)).status_code == 403
    clock.ahead_s = upstream.REFETCH_S
    assert (await come_in(browser, school)).status_code == 200
    school.header = {"kid": "unheard of"}
    for _ in range(5):
        assert (await come_in(browser, school)).status_code == 403
    assert school.asked.count("/jwks") == fetched + 1
