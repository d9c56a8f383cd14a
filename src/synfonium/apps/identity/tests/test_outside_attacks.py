"""Whatever an outside provider, or somebody between it and us, sends: refused, and nothing half done."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey
from joserfc.registry import HeaderParameter
from sqlalchemy import func, select

from synfonium.apps.identity.service.outside import attempts, upstream
from synfonium.apps.identity.store.outside import bindings
from synfonium.apps.identity.store.tables import people, sessions
from synfonium.libraries.network.client import GuardedClient
from synfonium.testing.client import Installation

from .conftest import SAME_ORIGIN, MovedClock
from .outside_provider import ADA, CLIENT_ID, OutsideProvider, json_answer, outside_provider, start
from .test_outside import come_in, known_here, welcomed

Knob = Callable[[OutsideProvider], None]


@pytest.fixture
async def school(house: Installation) -> AsyncIterator[OutsideProvider]:
    async with outside_provider() as provider:
        await known_here(house, provider)
        yield provider


async def counts(house: Installation) -> tuple[int, int, int]:
    """People, links, sessions."""

    def count(connection: Any) -> tuple[int, int, int]:
        tables = (people, bindings, sessions)
        return tuple(connection.execute(select(func.count()).select_from(t)).scalar_one() for t in tables)

    return await house.context("identity").database.read(count)


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


def changed(back: str, **changes: str | None) -> str:
    """The way back with other fields; None takes one away."""
    fields: dict[str, str | None] = {**dict(parse_qsl(urlsplit(back).query)), **changes}
    return f"{urlsplit(back).path}?{urlencode({k: v for k, v in fields.items() if v is not None})}"


CHANGED: list[tuple[dict[str, str | None], int]] = [
    ({"state": "another"}, 403),
    ({"state": None}, 403),
    ({"iss": "https://evil.example"}, 403),
    ({"iss": None}, 403),
    ({"code": None}, 403),
    ({"code": "guessed"}, 503),
    ({"error": "access_denied"}, 403),
]


async def test_an_answer_that_was_changed_on_the_way_is_refused(
    house: Installation, browser: httpx.AsyncClient, school: OutsideProvider
) -> None:
    for changes, status in CHANGED:
        back = school.agree(await start(browser), **ADA)
        assert (await browser.get(changed(back, **changes))).status_code == status, changes
    assert await counts(house) == (0, 0, 0)


async def test_a_field_given_twice_is_refused(browser: httpx.AsyncClient, school: OutsideProvider) -> None:
    back = school.agree(await start(browser), **ADA)
    assert (await browser.get(f"{back}&code=another")).status_code == 422


async def test_an_answer_serves_once(
    house: Installation, browser: httpx.AsyncClient, school: OutsideProvider
) -> None:
    url = await start(browser)
    carried = browser.cookies["synfonium_with_school"]
    back = school.agree(url, **ADA)
    assert (await browser.get(back)).status_code == 200
    async with house.client(headers={**SAME_ORIGIN, "cookie": f"synfonium_with_school={carried}"}) as thief:
        assert (await thief.get(school.agree(url, **ADA))).status_code == 400
    assert await counts(house) == (0, 0, 0)


async def test_a_newcomers_word_serves_once(
    house: Installation, browser: httpx.AsyncClient, school: OutsideProvider
) -> None:
    page = await come_in(browser, school)
    assert (await welcomed(browser, page)).status_code == 303
    async with house.client(headers=SAME_ORIGIN) as another:
        assert (await welcomed(another, page, name="eve")).status_code == 400
    assert await counts(house) == (1, 1, 1)


async def test_another_sites_form_does_not_finish_a_welcome(
    house: Installation, browser: httpx.AsyncClient, school: OutsideProvider
) -> None:
    page = await come_in(browser, school)
    async with house.client(headers={"sec-fetch-site": "cross-site"}) as elsewhere:
        assert (await welcomed(elsewhere, page)).status_code == 403
    assert await counts(house) == (0, 0, 0)


async def test_an_attempt_and_a_welcome_end_by_themselves(
    house: Installation, browser: httpx.AsyncClient, school: OutsideProvider, clock: MovedClock
) -> None:
    back = school.agree(await start(browser), **ADA)
    clock.ahead_s = attempts.ATTEMPT_LIFE_S
    assert (await browser.get(back)).status_code == 400
    clock.ahead_s = 0
    page = await come_in(browser, school)
    clock.ahead_s = attempts.ARRIVAL_LIFE_S
    assert (await welcomed(browser, page)).status_code == 400
    assert await counts(house) == (0, 0, 0)


async def test_a_code_is_worth_nothing_in_another_browser(
    house: Installation, browser: httpx.AsyncClient, school: OutsideProvider
) -> None:
    """Code injection and login CSRF: the attacker's answer, in the victim's browser."""
    attackers = school.agree(await start(browser), **{**ADA, "sub": "attacker"})
    async with house.client(headers=SAME_ORIGIN) as victim:
        assert (await victim.get(attackers)).status_code == 400
        begun = dict(parse_qsl(urlsplit(await start(victim)).query))
        injected = changed(attackers, state=begun["state"])
        answer = await victim.get(injected)
        assert answer.status_code in (403, 503), "the code does not fit this browser's verifier"
    assert await counts(house) == (0, 0, 0)


async def test_two_providers_are_not_mixed_up(
    house: Installation, browser: httpx.AsyncClient, school: OutsideProvider
) -> None:
    """RFC 9700, section 4.4: the attacker's provider wants to be sent the honest one's code."""
    async with outside_provider() as evil:
        await known_here(house, evil, "evil")
        honest = school.agree(await start(browser), **ADA)
        attempt = dict(parse_qsl(urlsplit(await start(browser, "evil")).query))
        swapped = honest.replace("/school/", "/evil/")
        for changes in ({}, {"state": attempt["state"]}, {"state": attempt["state"], "iss": evil.issuer}):
            answer = await browser.get(changed(swapped, **changes))
            assert answer.status_code in (400, 403, 503)
        back = changed(evil.agree(await start(browser, "evil"), **ADA), iss=school.issuer)
        assert (await browser.get(back)).status_code == 403
        assert "/token" not in "".join(school.asked)
    assert await counts(house) == (0, 0, 0)


async def test_one_provider_cannot_speak_for_anothers_people(
    house: Installation, browser: httpx.AsyncClient, school: OutsideProvider
) -> None:
    await welcomed(browser, await come_in(browser, school))
    async with outside_provider() as evil, house.client(headers=SAME_ORIGIN) as another:
        await known_here(house, evil, "evil", newcomers="linked")
        back = await another.get(evil.agree(await start(another, "evil"), **ADA))
        assert back.status_code == 403
        evil.claims = {"iss": school.issuer}
        assert (await another.get(evil.agree(await start(another, "evil"), **ADA))).status_code == 403
    assert await counts(house) == (1, 1, 1)


BAD_METADATA: dict[str, Knob] = {
    "another issuer": lambda p: p.metadata.update(issuer="https://evil.example"),
    "an endpoint that is no address": lambda p: p.metadata.update(token_endpoint="javascript:x"),
    "an endpoint with a password": lambda p: p.metadata.update(jwks_uri="http://a:b@127.0.0.1/"),
    "an endpoint over http in public": lambda p: p.metadata.update(jwks_uri="http://93.184.216.34/jwks"),
    "no token endpoint": lambda p: p.metadata.update(token_endpoint=None),
    "huge JSON": lambda p: p.metadata.update(x="x" * 300_000),
    "deep JSON": lambda p: p.documents.update(
        {"/.well-known/openid-configuration": json_answer(b"[" * 100_000)}
    ),
    "no UTF-8": lambda p: p.documents.update(
        {"/.well-known/openid-configuration": json_answer(b'{"issuer": "\xff\xfe"}')}
    ),
    "keys without end": lambda p: p.documents.update({"/jwks": json_answer(b'{"keys":' + b"[" * 100_000)}),
    "no JSON": lambda p: p.documents.update({"/.well-known/openid-configuration": json_answer(b"hello")}),
    "a redirect to a private address": lambda p: p.documents.update(
        {
            "/.well-known/openid-configuration": b"HTTP/1.1 302 x\r\nlocation: http://10.0.0.1/\r\n"
            b"content-length: 0\r\n\r\n"
        }
    ),
    "keys that are none": lambda p: p.documents.update({"/jwks": json_answer({"keys": [1, {"kty": "x"}]})}),
    "a thousand keys": lambda p: p.documents.update({"/jwks": json_answer({"keys": [{}] * 1000})}),
    "shared secrets as keys": lambda p: p.documents.update(
        {"/jwks": json_answer({"keys": [{"kty": "oct", "k": "AAAA", "kid": "first"}]})}
    ),
}


async def test_a_provider_that_publishes_nonsense_is_not_followed(
    house: Installation, browser: httpx.AsyncClient, school: OutsideProvider
) -> None:
    entered = []
    for number, (name, knob) in enumerate(BAD_METADATA.items()):
        school.behave()
        knob(school)
        await known_here(house, school, f"case-{number}")
        begun = await browser.get(f"/signin/with/case-{number}")
        if begun.status_code == 303:
            begun = await browser.get(school.agree(begun.headers["location"], **ADA))
        if begun.status_code not in (403, 503):
            entered.append(name)
    assert entered == []
    assert await counts(house) == (0, 0, 0)


@pytest.mark.parametrize("told", [{"sub": "somebody else", "name": "Eve"}, {"name": "Eve"}])
async def test_userinfo_of_somebody_else_is_refused(
    house: Installation, browser: httpx.AsyncClient, school: OutsideProvider, told: dict[str, Any]
) -> None:
    school.userinfo = told
    assert (await come_in(browser, school, name=None)).status_code == 403
    assert await counts(house) == (0, 0, 0)


async def test_userinfo_completes_what_the_token_leaves_out(
    browser: httpx.AsyncClient, school: OutsideProvider
) -> None:
    school.userinfo = {"sub": ADA["sub"], "name": "Ada from UserInfo", "preferred_username": "not this"}
    page = await come_in(browser, school, name=None)
    assert "Ada from UserInfo" in page.text
    assert 'value="ada.l"' in page.text


async def test_a_silent_provider_is_not_waited_for(
    house: Installation,
    browser: httpx.AsyncClient,
    school: OutsideProvider,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = house.context("identity").service
    quick = GuardedClient("test", is_local_allowed=True, slowest_s=0.3)
    monkeypatch.setitem(service.outside._clients, True, quick)
    school.wait_s = 5
    assert (await browser.get("/signin/with/school")).status_code == 503
    await quick.close()


async def test_a_private_address_is_met_only_where_the_administrator_said_so(
    house: Installation, browser: httpx.AsyncClient, school: OutsideProvider
) -> None:
    private = school.issuer.replace("http:", "https:")
    await known_here(house, school, "public", issuer=private, is_local=False)
    before = len(school.asked)
    assert (await browser.get("/signin/with/public")).status_code == 503
    assert len(school.asked) == before


async def test_a_wish_never_leads_to_another_site(
    browser: httpx.AsyncClient, school: OutsideProvider
) -> None:
    page = await browser.get(school.agree(await start(browser, wish="//evil.example"), **ADA))
    assert (await welcomed(browser, page)).headers["location"] == "/"


# Back-channel logout ----------------------------------------------------------------------

EVENTS = {upstream.LOGOUT_EVENT: {}}


async def log_out(house: Installation, token: str) -> int:
    async with house.client() as server:
        answer = await server.post("/signin/with/school/logout", data={"logout_token": token})
        return answer.status_code


@pytest.mark.parametrize("by", [{"sub": ADA["sub"]}, {"sid": "there-1"}])
async def test_a_session_that_ends_there_ends_here(
    house: Installation, browser: httpx.AsyncClient, school: OutsideProvider, by: dict[str, str]
) -> None:
    await welcomed(browser, await come_in(browser, school, sid="there-1"))
    token = school.token(jti="one", events=EVENTS, **by)
    assert await log_out(house, token) == 200
    assert (await browser.get("/settings/security")).status_code == 303
    assert (await counts(house))[2] == 0
    await come_in(browser, school)
    assert await log_out(house, token) == 400, "a token serves once"
    assert (await browser.get("/settings/security")).status_code == 200


BAD_LOGOUTS: list[dict[str, Any]] = [
    {"events": {}},
    {"events": None},
    {"nonce": "x"},
    {"jti": None},
    {"sub": None},
    {"aud": "another"},
    {"iss": "https://evil.example"},
    {"exp": 1_000_000_000},
]


async def test_a_logout_token_that_does_not_hold_ends_nothing(
    house: Installation, browser: httpx.AsyncClient, school: OutsideProvider
) -> None:
    await welcomed(browser, await come_in(browser, school))
    for changes in BAD_LOGOUTS:
        told = {"jti": "one", "events": EVENTS, "sub": ADA["sub"], **changes}
        assert await log_out(house, school.token(**told)) == 400, changes
    assert (await browser.get("/settings/security")).status_code == 200
