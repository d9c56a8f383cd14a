"""A session that ends at the outside provider ends here (Back-Channel Logout 1.0)."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from synfonium.apps.identity.service.outside import upstream
from synfonium.testing.client import Installation

from .outside_provider import ADA, OutsideProvider, counts, outside_provider
from .test_outside import come_in, known_here, welcomed

Knob = Callable[[OutsideProvider], None]


@pytest.fixture
async def school(house: Installation) -> AsyncIterator[OutsideProvider]:
    async with outside_provider() as provider:
        await known_here(house, provider)
        yield provider


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
