"""A crawl stays where the operator lets it: a town, a language, a list."""

from pathlib import Path

import pytest
from tests.corpora.mini_web import html, pages, serve

from synfonium.apps.search.errors import BadScope
from synfonium.apps.search.model import CrawlPlan, CrawlScope
from synfonium.apps.search.service.bounds import Bounds, domain_of
from synfonium.apps.search.service.scopes import lines_of, parse_scope
from synfonium.apps.search.store import FrontierRow
from synfonium.testing.client import installation

TOWN = """# the town
town.example
https://region.example/town/   # only this part
+https://start.example/list
"""


def test_a_list_becomes_a_scope_and_a_list_again() -> None:
    scope = parse_scope(TOWN, languages="fr, en")
    assert scope.hosts == ("town.example",)
    assert scope.prefixes == ("https://region.example/town/",)
    assert scope.seeds == (
        "https://town.example/",
        "https://region.example/town/",
        "https://start.example/list",
    )
    assert scope.languages == ("fr", "en")
    assert parse_scope(lines_of(scope), languages="fr en") == scope


@pytest.mark.parametrize("line", ["ftp://a.example/", "https://u:p@a.example/", "a b", "*", "x" * 3000])
def test_a_line_that_is_no_host_and_no_address_is_named(line: str) -> None:
    with pytest.raises(BadScope) as refused:
        parse_scope(f"a.example\n{line}")
    assert refused.value.values["line"] == 2


@pytest.mark.parametrize(
    ("url", "is_inside"),
    [
        ("https://town.example/x", True),
        ("http://www.town.example/", True),
        ("https://nottown.example/", False),
        ("https://region.example/town/hall", True),
        ("https://region.example/elsewhere", False),
        ("https://start.example/other", False),
    ],
)
def test_links_are_followed_within_the_scope_alone(url: str, is_inside: bool) -> None:
    scope = parse_scope(TOWN)
    bounds = Bounds(CrawlPlan(seeds=scope.seeds, max_pages=10, scope=scope))
    assert bounds.admits(FrontierRow(url=url)) == is_inside


def test_depth_pages_of_a_host_and_hosts_of_a_domain_are_bounded() -> None:
    scope = CrawlScope(most_depth=2, most_pages_per_host=3)
    bounds = Bounds(CrawlPlan(seeds=("https://a.example/",), max_pages=10, scope=scope))
    assert not bounds.admits(FrontierRow(url="https://a.example/deep", depth=3))
    admitted = [bounds.admits(FrontierRow(url=f"https://a.example/{n}")) for n in range(4)]
    assert admitted == [True, True, True, False]
    endless = sum(bounds.admits(FrontierRow(url=f"https://h{n}.wild.example/")) for n in range(1000))
    assert endless == 200, "a wildcard in the DNS makes no endless crawl"
    assert domain_of("a.b.example.co.uk") == "example.co.uk"


async def test_pages_in_another_language_are_not_kept(tmp_path: Path) -> None:
    french = "<p>Le conseil municipal se réunit ce soir pour voter le budget de la commune. " * 4
    english = "<p>The council of the town meets this evening to vote about what it may spend. " * 4
    site = {
        "/": html(f'<html lang="fr"><title>Mairie</title>{french}<a href="/en">en</a> <a href="/fr">fr</a>'),
        "/en": html(f'<html lang="en"><title>Council</title>{english}'),
        "/fr": html(f'<html lang="fr"><title>Budget</title>{french}'),
    }
    async with installation(tmp_path / "home") as house:
        with serve({"town.localhost": pages(site)}) as web:
            lines = web.url("town.localhost")
            await house.call("search.put_scope", {"name": "Mairie", "lines": lines, "languages": "fr"})
            wish = {"seeds": [], "scope": "Mairie", "delay_s": 0.0, "allow_private_network": True}
            report = await house.call("search.crawl", wish)
            assert report["fetched"] == 3
            assert report["skipped"] >= 1
        async with house.client() as client:
            answer = (await client.get("/api/search", params={"q": "evening meets"})).json()
            assert [hit["url"] for hit in answer["results"]] == []
