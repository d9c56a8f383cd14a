"""Whoever asks too much waits, and nobody is remembered."""

import time
from pathlib import Path
from typing import Any

import pytest

from synfonium.kernel.limits import (
    FORGET_S,
    Buckets,
    Limits,
    Rate,
    TooManyQuestions,
    UnknownToken,
    network_of,
)
from synfonium.kernel.site import Site
from synfonium.testing.client import installation

RATE = Rate(2.0, 3)
SITE = Site(public_url="https://a.example", content_url="https://b.example")


class Clock:
    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def asked(peer: str, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"client": (peer, 1), "headers": list(headers)}


def test_a_burst_is_answered_and_then_so_many_a_second() -> None:
    clock = Clock()
    buckets = Buckets(now_s=clock)
    assert [buckets.take(b"a", RATE) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert buckets.take(b"b", RATE) == 0.0, "somebody else's share is theirs"
    clock.now_s += 0.5
    assert [buckets.take(b"a", RATE) for _ in range(2)] == [0.0, 0.5]
    clock.now_s += 1e6
    assert [buckets.take(b"a", RATE) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]


def test_who_stays_away_is_forgotten_within_ten_minutes() -> None:
    clock = Clock()
    buckets = Buckets(now_s=clock)
    oldest_s = 0.0
    for second in range(3_000):
        clock.now_s += 1
        buckets.take(b"%d" % second, RATE)
        if second % 30 == 0:
            oldest_s = max(oldest_s, buckets.sweep())
    assert FORGET_S <= oldest_s <= 600
    clock.now_s += 2 * FORGET_S + 1
    buckets.sweep()
    assert len(buckets) == 0


def test_the_memory_of_a_flood_is_bounded() -> None:
    buckets = Buckets(most=1_000)
    for number in range(20_000):
        buckets.take(b"%d" % number, RATE)
    assert len(buckets) <= 1_000


def test_the_key_is_of_today_and_of_nobody_elses() -> None:
    clock = Clock()
    one, other = Buckets(now_s=clock), Buckets(now_s=clock)
    for buckets in (one, other):
        buckets.take(b"192.0.2.1", RATE)
    assert not one._young.keys() & other._young.keys()
    before = one._key
    clock.now_s += 86_401
    one.take(b"x", RATE)
    assert one._key != before


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("192.0.2.7", b"\xc0\0\2\7"),
        ("::ffff:192.0.2.7", b"\xc0\0\2\7"),
        ("2001:db8:1:2:3:4:5:6", bytes.fromhex("20010db800010002")),
        ("fe80::1%eth0", bytes.fromhex("fe80000000000000")),
        *((peer, b"") for peer in ("127.0.0.1", "127.9.9.9", "::1", "", "unix:", "x" * 999)),
    ],
)
def test_a_household_counts_as_one_and_this_machine_not_at_all(peer: str, network: bytes) -> None:
    assert network_of(peer) == network


async def test_a_token_has_a_share_of_its_own_and_a_wrong_one_is_refused() -> None:
    class Tokens:
        async def rate_of(self, token: str) -> Rate | None:
            return Rate(100.0, 50) if token == "ask_good" else None

    limits = Limits(RATE, Tokens())
    for _ in range(50):
        await limits.check(asked("192.0.2.1", (b"authorization", b"Bearer ask_good")), SITE)
    await limits.check(asked("192.0.2.1", (b"authorization", b"Bearer a-persons-own")), SITE)
    for _ in range(2):
        with pytest.raises(UnknownToken):
            await limits.check(asked("192.0.2.1", (b"authorization", b"Bearer ask_bad")), SITE)
    with pytest.raises(TooManyQuestions):
        await limits.check(asked("192.0.2.1"), SITE)


async def test_it_costs_next_to_nothing() -> None:
    limits, request = Limits(Rate(1e9, 1_000_000)), asked("192.0.2.1", *[(b"accept", b"*/*")] * 12)
    best_s = 1.0
    for _ in range(5):
        begun_s = time.perf_counter()
        for _ in range(1_000):
            await limits.check(request, SITE)
        best_s = min(best_s, (time.perf_counter() - begun_s) / 1_000)
    assert best_s < 20e-6


async def test_a_visitor_who_asks_too_much_is_told_when_to_ask_again(tmp_path: Path) -> None:
    settings = {"SYNFONIUM_QUESTIONS_PER_S": "0.01", "SYNFONIUM_QUESTIONS_AT_ONCE": "2"}
    settings["SYNFONIUM_TRUSTED_PROXIES"] = "127.0.0.0/8"
    async with installation(tmp_path / "home", settings) as house:
        away, other = ({"x-forwarded-for": f"198.51.100.{n}, 127.0.0.1"} for n in (1, 2))
        async with house.client() as client:
            answers = [await client.get("/api/search?q=vent", headers=away) for _ in range(3)]
            assert [one.status_code for one in answers] == [200, 200, 429]
            assert answers[2].headers["content-type"] == "application/problem+json"
            assert answers[2].json()["code"] == "too_many_questions"
            assert 50 <= int(answers[2].headers["retry-after"]) <= 100
            assert (await client.get("/api/search?q=vent", headers=other)).status_code == 200
            page = await client.get("/search?q=vent", headers={**away, "accept": "text/html"})
            assert page.status_code == 429
            assert "<h1" in page.text
            assert (await client.get("/signin", headers=away)).status_code == 200, "no other door is meant"
            token = (await house.call("search.token_issue", {"name": "Mairie"}))["token"]
            known = {**away, "authorization": f"Bearer {token}"}
            more = [await client.get("/api/search?q=vent", headers=known) for _ in range(10)]
            assert {one.status_code for one in more} == {200}
            seen = await client.get("/search/privacy/seen", headers=known)
            assert "authorization" not in seen.json()["headers"]
            assert (
                await client.get("/api/search", headers={"authorization": "Bearer ask_x"})
            ).status_code == 401
