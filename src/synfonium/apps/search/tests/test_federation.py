"""Asking others at once: what they learn, and what they cannot do to us."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from synfonium.apps.search.config import SearchConfig
from synfonium.apps.search.service.federation.discovery import choose
from synfonium.apps.search.service.federation.engine import Asking
from synfonium.apps.search.service.federation.federation import Federation
from synfonium.apps.search.service.federation.words import Told
from synfonium.apps.search.tests.engine_server import EngineServer, answer, engine_server
from synfonium.apps.search.tests.recorded_answers import ANSWERS

ASKING = Asking(query="mairie", lang="fr")
DEADLINE_S = 0.6


@pytest.fixture
async def server() -> AsyncIterator[EngineServer]:
    async with engine_server() as running:
        yield running


@pytest.fixture
async def clock() -> list[float]:
    return [1000.0]


@pytest.fixture
async def asked(server: EngineServer, clock: list[float]) -> AsyncIterator[Federation]:
    """One engine, SearXNG, at the server."""
    federation = _federation(f"searxng={server.url}", clock=clock)
    yield federation
    await federation.close()


def _federation(*outside: str, clock: list[float], local: bool = True) -> Federation:
    return Federation(
        choose(SearchConfig(outside=outside)).chosen,
        user_agent="Synfonium/0.1 (+https://cloud.example/bot)",
        deadline_s=DEADLINE_S,
        is_local_allowed=local,
        now_s=lambda: clock[0],
    )


async def _one(federation: Federation, asking: Asking = ASKING) -> Told:
    [told] = (await federation.ask(asking)).told
    return told


async def test_an_engine_answers_over_http(server: EngineServer, asked: Federation) -> None:
    server.said = answer(ANSWERS["searxng"].encode())
    told = await _one(asked)
    assert told.outcome == "answered"
    assert [hit.url for hit in told.hits] == ["https://ville.example/mairie", "https://autre.example/"]
    [head] = server.received
    headers = {line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:] if line}
    assert headers == {b"host", b"user-agent", b"accept", b"accept-encoding"}


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        (answer(b"<html>are you human?</html>"), "unreadable"),
        (answer(b'{"results": "none"}'), "unreadable"),
        (answer(b"[" * 200_000), "unreadable"),
        (answer(b"{}", status="429 Too Many Requests"), "refused"),
        (answer(b"{}", status="500 Oh"), "refused"),
        (answer(b"", status="302 Found", headers="location: http://127.0.0.1:1/\r\n"), "refused"),
        (answer(b"", status="302 Found", headers="location: http://169.254.169.254/\r\n"), "refused"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n" + b"x" * 2_000_000, "too_large"),
        (answer(b"\x1f\x8b", headers="content-encoding: gzip\r\n"), "broken"),
        (b"not http at all\r\n\r\n", "broken"),
    ],
)
async def test_an_engine_that_misbehaves_is_left_out_and_said(
    server: EngineServer, asked: Federation, said: bytes, failure: str
) -> None:
    server.said = said
    told = await _one(asked)
    assert (told.outcome, told.failure, told.hits) == ("failed", failure, ())
    assert len(server.received) == 1, "no redirect is followed"


async def test_a_slow_engine_is_dropped_at_the_deadline_and_the_quick_one_is_not(
    server: EngineServer, clock: list[float]
) -> None:
    async with engine_server() as slow:
        slow.wait_s = 30.0
        server.said = answer(ANSWERS["mwmbl"].encode())
        federation = _federation(f"searxng={slow.url}", f"mwmbl={server.url}", clock=clock)
        began_s = time.monotonic()
        outside = await federation.ask(ASKING)
        took_s = time.monotonic() - began_s
        await federation.close()
    assert [(t.name, t.outcome) for t in outside.told] == [("searxng", "slow"), ("mwmbl", "answered")]
    assert took_s < DEADLINE_S + 1.0


async def test_an_endless_answer_ends(server: EngineServer, asked: Federation) -> None:
    server.said, server.is_endless = b"HTTP/1.1 200 OK\r\n\r\n", True
    assert (await _one(asked)).failure in ("too_large", "slow")


async def test_an_engine_that_fails_thrice_rests_and_comes_back(
    server: EngineServer, asked: Federation, clock: list[float]
) -> None:
    server.said = answer(b"{}", status="500 Oh")
    for _ in range(3):
        assert (await _one(asked)).outcome == "failed"
    assert (await _one(asked)).outcome == "resting"
    assert len(server.received) == 3
    assert asked.health("searxng").rests_s == 30.0
    clock[0] += 31
    server.said = answer(ANSWERS["searxng"].encode())
    assert (await _one(asked)).outcome == "answered"
    assert asked.health("searxng").failures == 0


async def test_an_engine_that_says_when_to_come_again_is_believed(
    server: EngineServer, asked: Federation, clock: list[float]
) -> None:
    server.said = answer(b"{}", status="429 Slow down", headers="retry-after: 120\r\n")
    await _one(asked)
    clock[0] += 100
    assert (await _one(asked)).outcome == "resting"
    clock[0] += 30
    assert (await _one(asked)).outcome == "failed"


async def test_the_rule_of_openstreetmap_of_one_request_a_second_is_kept(
    server: EngineServer, clock: list[float]
) -> None:
    server.said = answer(ANSWERS["nominatim"].encode())
    federation = _federation(f"nominatim={server.url}", clock=clock)
    place = Asking(query="mairie", lang="fr", vertical="places")
    both = await asyncio.gather(_one(federation, place), _one(federation, place))
    assert sorted(told.outcome for told in both) == ["answered", "busy"]
    clock[0] += 1.0
    assert (await _one(federation, place)).outcome == "answered"
    await federation.close()
    assert len(server.received) == 2


@pytest.mark.parametrize("local", [True, False])
async def test_an_address_of_our_own_network_is_met_only_where_the_operator_allows_it(
    server: EngineServer, clock: list[float], local: bool
) -> None:
    server.said = answer(ANSWERS["searxng"].encode())
    federation = _federation(f"searxng={server.url}", clock=clock, local=local)
    told = await _one(federation)
    await federation.close()
    assert (told.outcome, told.failure) == (("answered", "") if local else ("failed", "address"))
    assert len(server.received) == (1 if local else 0)


async def test_who_asks_for_another_kind_or_too_much_asks_nobody(
    server: EngineServer, asked: Federation
) -> None:
    for asking in (
        Asking(query="mairie", lang="fr", vertical="places"),
        Asking(query="x" * 401, lang="fr"),
        Asking(query="", lang="fr"),
    ):
        assert (await asked.ask(asking)).told == ()
    assert server.received == []
