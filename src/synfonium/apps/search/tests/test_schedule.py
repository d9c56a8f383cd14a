"""A page that changes is visited more often, and one that does not costs next to nothing."""

from synfonium.apps.search.service.fetch import Fetched
from synfonium.apps.search.service.schedule import next_interval_s, pack, unchanged, unpack, visit_of

DAY_S = 86400.0


def test_the_interval_halves_with_a_change_and_doubles_without_within_bounds() -> None:
    assert next_interval_s("page", 0, is_changed=True) == DAY_S
    assert next_interval_s("page", DAY_S, is_changed=True) == DAY_S / 2
    assert next_interval_s("page", DAY_S, is_changed=False) == DAY_S * 2
    shortest = longest = DAY_S
    for _ in range(30):
        shortest = next_interval_s("feed", shortest, is_changed=True)
        longest = next_interval_s("page", longest, is_changed=False)
    assert shortest == 300
    assert longest == 60 * DAY_S


def test_a_visit_remembers_validators_links_and_the_next_moment() -> None:
    answer = Fetched(url="http://a.example/", status=200, etag='"x"', last_modified="yesterday")
    links = ["http://a.example/é", "http://b.example/"]
    first = visit_of(answer, None, kind="page", digest=b"1", links=links, now_s=1000)
    assert (first.etag, first.last_modified, first.due_s) == ('"x"', "yesterday", 1000 + DAY_S)
    assert unpack(first.links) == links
    again = visit_of(answer, first, kind="page", digest=b"2", links=links, now_s=2000)
    assert again.due_s == 2000 + DAY_S / 2
    assert unchanged(again, 3000).due_s == 3000 + DAY_S
    assert unpack(pack([])) == []
