"""Preferences in a token: readable, bounded, and harmless whoever wrote it."""

import time

import msgspec
import pytest

from synfonium.apps.search.service.ordering import AsFound, Newest, Preferring
from synfonium.apps.search.service.preferences import (
    LONGEST_TOKEN,
    MOST_HOSTS,
    Preferences,
    host_name,
    read,
    token_in,
)
from synfonium.ports.index import Candidate, IndexQuery, Scored, Signals

FULL = "v1;lang=fr,en;region=FR;safe=strict;theme=dark;send=post;pin=a.example;block=b.example,c.example"


def test_a_person_can_read_a_token_and_it_comes_back_the_same() -> None:
    known = read(FULL)
    assert known.ignored == ()
    assert known.preferences.token == FULL
    assert known.preferences.ruled("block") == ("b.example", "c.example")
    assert Preferences().token == ""
    assert read("").preferences == Preferences()


def test_parts_in_any_order_and_spaces_are_understood() -> None:
    assert read(" v1; block=b.example ; lang=FR ").preferences == Preferences(
        languages=("fr",), hosts={"b.example": "block"}
    )


@pytest.mark.parametrize(
    ("token", "left_out"),
    [
        ("v2;lang=fr", "v2;lang=fr"),
        ("hello", "hello"),
        ("v1;colour=red", "colour=red"),
        ("v1;safe=maybe", "safe=maybe"),
        ("v1;block=../etc", "block=../etc"),
        ("v1;block=<script>", "block=<script>"),
        ("v1;lang=fr;region=FRANCE", "region=FRANCE"),
        ("v1;pin=" + "a" * 300, "pin=" + "a" * 36 + "…"),
    ],
)
def test_a_hostile_part_is_left_out_and_named(token: str, left_out: str) -> None:
    known = read(token)
    assert known.ignored == (left_out,)
    assert "<" not in known.preferences.token


def test_a_token_has_its_limits() -> None:
    many = "v1;block=" + ",".join(f"h{n}.example" for n in range(MOST_HOSTS + 5))
    known = read(many)
    assert len(known.preferences.hosts) == MOST_HOSTS
    assert len(known.ignored) == 5
    long = read("v1;lang=fr;" + ";" * LONGEST_TOKEN + "block=late.example")
    assert long.preferences == Preferences(languages=("fr",))
    assert long.ignored
    full = known.preferences.with_rule("one-more.example", "raise")
    assert full.hosts == known.preferences.hosts


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_sent_as_a_token_is_read_without_harm(seed: int) -> None:
    import random

    chance = random.Random(seed)
    token = "v1;" + "".join(chance.choice("v1;=,blockpinlang\x00é .\n%🦑") for _ in range(500))
    again = read(token).preferences
    assert read(again.token).preferences == again


def test_a_site_is_named_by_its_name_or_its_address() -> None:
    assert host_name("https://www.Example.org:8443/path?q=1") == "example.org"
    assert host_name("WWW.example.org/") == "example.org"
    assert host_name("déchets.example") == "xn--dchets-bva.example"
    assert [host_name(typed) for typed in ("", "a b", "-", "http://[", "..", "x" * 64)] == [None] * 6


def test_a_rule_holds_for_names_below_and_the_nearest_wins() -> None:
    known = read("v1;block=example.org;raise=good.example.org").preferences
    assert known.rule_for("www.example.org") == "block"
    assert known.rule_for("bad.example.org") == "block"
    assert known.rule_for("fr.good.example.org") == "raise"
    assert known.rule_for("notexample.org") is None
    assert known.with_rule("www.example.org", None).rule_for("example.org") is None


def test_a_token_is_found_in_its_link() -> None:
    assert token_in("https://cloud.example/search?q=a&prefs=v1;lang=fr&page=2") == "v1;lang=fr"
    assert token_in(" v1;lang=fr ") == "v1;lang=fr"
    assert token_in("https://cloud.example/search?q=a") == ""


def candidate(host: str, score: float, time_s: float = 0.0) -> Candidate:
    return Candidate(
        key=f"https://{host}/", title="", text="", headings="", anchors="", lang="fr", host=host,
        time_s=time_s, signals=Signals(), score=score,
    )  # fmt: skip


FOUND = [
    candidate(host, score)
    for host, score in [("a.example", -1.0), ("b.fr", -2.0), ("c.example", -3.0), ("d.example", -5.0)]
]


def hosts(scored: "list[Scored]") -> list[str]:
    return [FOUND[one.number].host for one in scored]


def test_pinned_stands_first_and_raised_and_lowered_move_whatever_the_scores_are() -> None:
    known = read("v1;pin=d.example;raise=c.example;lower=a.example").preferences
    scored = list(Preferring(AsFound(), known).order(IndexQuery(), FOUND, lambda word: 0.1))
    assert hosts(scored) == ["d.example", "c.example", "b.fr", "a.example"]
    assert scored[0].reasons["pin"] > 0
    assert scored[-1].reasons["lower"] < 0
    assert sorted(one.number for one in scored) == [0, 1, 2, 3]


def test_a_country_s_sites_stand_a_little_higher() -> None:
    known = read("v1;region=FR").preferences
    near = [candidate("a.example", 1.0), candidate("b.fr", 0.95), candidate("c.example", 0.0)]
    scored = Preferring(AsFound(), known).order(IndexQuery(), near, lambda word: 0.1)
    assert [near[one.number].host for one in scored] == ["b.fr", "a.example", "c.example"]


def test_news_stand_by_their_time() -> None:
    news = [candidate("a.example", 3.0, 100.0), candidate("b.example", 2.0, 300.0)]
    scored = Newest(AsFound()).order(IndexQuery(), news, lambda word: 0.1)
    assert [one.number for one in scored] == [1, 0]


def test_the_fullest_preferences_cost_less_than_a_millisecond() -> None:
    """Reading the token and moving a hundred candidates, beyond the order that they move."""
    token = "v1;region=FR;raise=" + ",".join(f"h{n}.example" for n in range(MOST_HOSTS))
    found = [candidate(f"www.h{n}.example", float(n)) for n in range(100)]

    def once() -> float:
        begun_s = time.perf_counter()
        known = read(token).preferences
        read_s = time.perf_counter() - begun_s
        order = Preferring(AsFound(), known)
        begun_s = time.perf_counter()
        order.order(IndexQuery(), found, lambda word: 0.1)
        return read_s + time.perf_counter() - begun_s

    assert min(once() for _ in range(30)) < 0.001
    assert msgspec.structs.asdict(read(token).preferences)["hosts"]
