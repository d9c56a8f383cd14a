"""Whatever an outside provider, or somebody between it and us, sends: refused, and nothing half done."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from synfonium.apps.identity.service.outside import attempts
from synfonium.libraries.network.client import GuardedClient
from synfonium.testing.client import Installation

from .conftest import SAME_ORIGIN, MovedClock
from .outside_provider import ADA, OutsideProvider, counts, json_answer, outside_provider, start
from .test_outside import come_in, known_here, welcomed

Knob = Callable[[OutsideProvider], None]


@pytest.fixture
async def school(house: Installation) -> AsyncIterator[OutsideProvider]:
    async with outside_provider() as provider:
        await known_here(house, provider)
        yield provider


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
