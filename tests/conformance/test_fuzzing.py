"""Whatever comes to the provider's endpoints: never a crash, never a secret, always OAuth's own refusal.

A few seconds in the quick ring; `SYNFONIUM_FUZZ_EXAMPLES=20000` looks longer.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from .browser import Browser
from .proofs import Key, base64url, new_key, read, signed
from .provider import ISSUER, Provider
from .relying_party import REDIRECT, RelyingParty, careful, register_fapi

EXAMPLES = int(os.environ.get("SYNFONIUM_FUZZ_EXAMPLES", "10"))
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=EXAMPLES < 1000,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(0 if EXAMPLES > 1000 else 120)]

WORDS = (
    *("", "x", "0", "-1", "openid", "openid profile", "code", "token", "query", "form_post"),
    *("none", "login", "authorization_code", "refresh_token", "client_credentials", "S256"),
    *("plain", "null", "true", "[]", "{}", "urn:ietf:params:oauth:grant-type:device_code"),
    *("urn:ietf:params:oauth:grant-type:token-exchange",),
    *("urn:ietf:params:oauth:token-type:access_token", "urn:ietf:params:oauth:request_uri:x"),
    *("DPoP", "Bearer", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
    *("https://evil.example/", "javascript:1", "a.b.c", "e30.e30.", "eyJhbGciOiJub25lIn0.e30."),
    *("\0", "\r\n", "é", "🙂", "\ud7ff", "%00", "' or 1=1 --", "9" * 30, "1e999", "-0", "NaN"),
    *("2026-02-30", '{"userinfo":1}', '[{"type":"x"}]', '{"id_token":{"a":'),
)
NAMES = (
    *("client_id", "client_secret", "redirect_uri", "response_type", "response_mode", "scope"),
    *("state", "nonce", "code_challenge", "code_challenge_method", "prompt", "max_age"),
    *("id_token_hint", "login_hint", "claims", "acr_values", "ui_locales", "display", "request"),
    *("request_uri", "registration", "dpop_jkt", "resource", "grant_type", "code", "code_verifier"),
    *("refresh_token", "client_assertion", "client_assertion_type", "token", "token_type_hint"),
    *("device_code", "user_code", "subject_token", "subject_token_type", "audience", "actor_token"),
    *("requested_token_type", "authorization_details", "post_logout_redirect_uri", "logout_hint"),
    *("access_token", "username", "password", "assertion", "iss", "sid", "x"),
)
VALUES = st.one_of(
    st.sampled_from(WORDS),
    st.text(max_size=40),
    st.integers().map(str),
    st.builds(lambda word, times: word * times, st.text(min_size=1, max_size=3), st.integers(1, 1500)),
)
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=12)
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.sampled_from(WORDS)
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
METADATA = (
    *("redirect_uris", "client_name", "client_uri", "logo_uri", "policy_uri", "tos_uri", "jwks"),
    *("jwks_uri", "grant_types", "response_types", "token_endpoint_auth_method"),
    *("token_endpoint_auth_signing_alg", "subject_type", "sector_identifier_uri"),
    *("id_token_signed_response_alg", "scope", "contacts", "userinfo_signed_response_alg"),
    *("post_logout_redirect_uris", "backchannel_logout_uri", "request_uris"),
    *("backchannel_logout_session_required", "dpop_bound_access_tokens", "default_max_age"),
    *("software_id", "require_pushed_authorization_requests", "software_statement"),
    *("authorization_details_types", "x"),
)


@pytest_asyncio.fixture(loop_scope="module")
async def sites(op: Provider, ada: Browser) -> list[RelyingParty]:
    """A site with a secret and one with a key, both of which Ada knows."""
    both = [await careful(op)]
    await both[0].sign_in(ada)
    if "registration_endpoint" in op.metadata:
        both.append(await register_fapi(op))
        await both[1].sign_in(ada)
    return both


def is_fair(answer: httpx.Response, *hidden: str) -> None:
    """No crash, no trace of one, none of `hidden`, and a refusal in the protocol's words."""
    assert answer.status_code < 500, (answer.status_code, answer.text[:500])
    said = answer.text + str(answer.headers)
    assert "Traceback" not in said
    assert "sqlalchemy" not in said.lower()
    assert not [word for word in hidden if word and word in said]
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if answer.status_code >= 400 and answer.text and kind.endswith("json"):
        body = answer.json()
        assert body.get("error") or body.get("code"), body
        assert "access_token" not in body


def is_no_way_out(answer: httpx.Response) -> None:
    where = answer.headers.get("location", "/")
    assert where.startswith(("/", ISSUER, REDIRECT)), where
    assert not where.startswith("//")
    assert "\r" not in where
    assert "\n" not in where


class Fuzzer:
    """Runs one coroutine for each example on the loop of the installation."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()

    async def each(self, strategy: st.SearchStrategy[Any], check: Callable[[Any], Awaitable[None]]) -> None:
        @FUZZ
        @given(strategy)
        def one(example: Any) -> None:
            asyncio.run_coroutine_threadsafe(_awaited(check, example), self.loop).result(60)

        await asyncio.to_thread(one)


async def _awaited(check: Callable[[Any], Awaitable[None]], example: Any) -> None:
    await check(example)


@pytest_asyncio.fixture(loop_scope="module")
async def fuzzer() -> Fuzzer:
    return Fuzzer()


async def test_the_authorization_endpoint(
    op: Provider, ada: Browser, sites: list[RelyingParty], fuzzer: Fuzzer
) -> None:
    site = sites[0]
    where = op.endpoint("authorization_endpoint")

    async def check(pairs: list[tuple[str, str]]) -> None:
        base = list(site.request().items())
        for query, client in ((_changed(base, pairs), ada.client), (base + pairs, visitor)):
            # httpx sends no address of more than 64 KiB.
            answer = await client.get(f"{where}?{_encoded(query)[:60_000]}")
            is_fair(answer, site.secret)
            is_no_way_out(answer)

    async with op.client(accept="text/html") as visitor:
        await fuzzer.each(PAIRS, check)


FORMS = (
    *("token_endpoint", "pushed_authorization_request_endpoint", "introspection_endpoint"),
    *("revocation_endpoint", "device_authorization_endpoint", "userinfo_endpoint", "end_session_endpoint"),
    "authorization_endpoint",
)


@pytest.mark.parametrize("endpoint", FORMS)
async def test_an_endpoint_that_takes_forms(
    op: Provider, sites: list[RelyingParty], fuzzer: Fuzzer, endpoint: str
) -> None:
    where = op.endpoint(endpoint)

    async def check(pairs: list[tuple[str, str]]) -> None:
        for site in sites:
            headers: dict[str, str] = {}
            own = list(site.credentials(headers, endpoint).items())
            for body, sent in ((pairs, {}), (own + pairs, headers), (_changed(own, pairs), headers)):
                kind = {"content-type": "application/x-www-form-urlencoded", "accept": "text/html"}
                answer = await client.post(where, content=_encoded(body), headers={**kind, **sent})
                is_fair(answer, site.secret)
                is_no_way_out(answer)

    async with op.client() as client:
        await fuzzer.each(PAIRS, check)


@pytest.mark.parametrize("endpoint", [*FORMS, "registration_endpoint"])
async def test_bytes_that_are_nothing(op: Provider, fuzzer: Fuzzer, endpoint: str) -> None:
    where = op.endpoint(endpoint)
    kinds = st.sampled_from(
        ["application/x-www-form-urlencoded", "application/json", "multipart/form-data", "x/y", ""]
    )
    methods = st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])

    async def check(example: tuple[str, str, bytes]) -> None:
        method, kind, body = example
        headers = {"content-type": kind} if kind else {}
        for content in (body, b'{"a": "' + body + b'"}', b"a=" + body):
            is_fair(await client.request(method, where, content=content, headers=headers))

    async with op.client() as client:
        await fuzzer.each(st.tuples(methods, kinds, st.binary(max_size=200)), check)


async def test_client_assertions_and_proofs(op: Provider, sites: list[RelyingParty], fuzzer: Fuzzer) -> None:
    site = sites[-1]
    assert site.is_fapi
    site.proof("POST", "token_endpoint")
    assert site.key is not None
    assert site.dpop_key is not None

    async def check(example: tuple[dict[str, Any], dict[str, Any]]) -> None:
        for token in forged(*example, site.key, read(site.assertion())):  # type: ignore[arg-type]
            is_fair(await site.push(site.request(), client_assertion=token))
        proof = read(site.proof("POST", "token_endpoint"))
        for token in forged(*example, site.dpop_key, proof):  # type: ignore[arg-type]
            header = {"dpop": token.encode("ascii", "replace").decode()}
            is_fair(await site.exchange("x", headers=header))
            is_fair(await site.userinfo("x", headers=header))

    await fuzzer.each(st.tuples(HEADS, CLAIMS), check)


async def test_hints(op: Provider, ada: Browser, sites: list[RelyingParty], fuzzer: Fuzzer) -> None:
    site, key = sites[0], new_key("ES256")
    mine = read((await site.sign_in(ada)).id_token)

    async def check(example: tuple[dict[str, Any], dict[str, Any]]) -> None:
        for token in forged(*example, key, ({**mine[0], "alg": "ES256"}, mine[1])):
            answer = await ada.client.get(site.url(site.request(prompt="none", id_token_hint=token[:1900])))
            is_fair(answer)
            assert "code=" not in answer.headers.get("location", "")
            ends = op.endpoint("end_session_endpoint")
            answer = await ada.client.get(ends, params={"id_token_hint": token})
            is_fair(answer)
            assert not answer.is_redirect or answer.headers["location"].startswith(("/", ISSUER))

    await fuzzer.each(st.tuples(HEADS, CLAIMS), check)


async def test_authorization_headers(op: Provider, sites: list[RelyingParty], fuzzer: Fuzzer) -> None:
    schemes = st.sampled_from(["Basic ", "Bearer ", "DPoP ", "basic", "", "Digest ", "Basic  "])
    words = st.one_of(st.binary(max_size=60).map(base64url), st.text(max_size=60), st.sampled_from(WORDS))

    async def check(example: tuple[str, str]) -> None:
        sent = {
            "authorization": "".join(example).replace("\0", "").replace("\n", "").replace("\r", "").encode()
        }
        for endpoint in ("token_endpoint", "introspection_endpoint", "userinfo_endpoint"):
            answer = await client.post(
                op.endpoint(endpoint), data={"grant_type": "x", "token": "x"}, headers=sent
            )
            is_fair(answer, sites[0].secret)
            assert answer.status_code >= 400

    async with op.client() as client:
        await fuzzer.each(st.tuples(schemes, words), check)


# The last, since a long run uses up what may register in an hour.
async def test_registration(op: Provider, fuzzer: Fuzzer) -> None:
    good = {"client_name": "Tea Club", "redirect_uris": [REDIRECT]}
    changes = st.dictionaries(st.sampled_from(METADATA), JSON_VALUES, max_size=5)

    async def check(changed: dict[str, Any]) -> None:
        for body in ({**good, **changed}, changed):
            answer = await op.post_json("registration_endpoint", body)
            is_fair(answer)
            if answer.status_code == 201:
                kept = answer.json()
                assert all(uri.startswith(("https://", "http://", REDIRECT)) or "." in uri.partition(":")[0]
                           for uri in kept["redirect_uris"])  # fmt: skip
                assert not any(uri.startswith(("javascript:", "data:")) for uri in kept["redirect_uris"])

    await fuzzer.each(changes, check)


HEADS = st.dictionaries(
    st.sampled_from(["alg", "kid", "typ", "jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "cty", "enc"]),
    JSON_VALUES,
    max_size=4,
)
CLAIMS = st.dictionaries(
    st.sampled_from(
        ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "htm", "htu", "ath", "nonce", "cnf", "x"]
    ),
    JSON_VALUES,
    max_size=6,
)


def forged(header: dict[str, Any], claims: dict[str, Any], key: Key, whole: tuple[Any, Any]) -> list[str]:
    """Signed, whatever they say; and with a signature that is none."""
    base_header, base_claims = whole
    tokens = []
    for head in ({**base_header, **header}, header):
        for body in ({**base_claims, **claims}, claims):
            tokens.append(signed({**head, "alg": base_header["alg"]}, body, key))
            parts = (json.dumps(part).encode() for part in (head, body))
            tokens.append(".".join([*map(base64url, parts), "AAAA"]))
    return tokens


def _changed(base: list[tuple[str, str]], pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return list({**dict(base), **dict(pairs)}.items())


def _encoded(pairs: list[tuple[str, str]]) -> str:
    return urlencode(pairs, errors="replace")
