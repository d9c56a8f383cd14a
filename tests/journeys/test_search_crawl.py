"""A crawl of real documentation on several hosts: polite, complete, and found in two languages."""

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.corpora.mini_web import (
    PACKAGES,
    Answer,
    MiniWeb,
    Visit,
    documentation,
    html,
    not_found,
    pages,
    serve,
    traps,
)

from synfonium.testing.client import Installation, installation

MISSING = [name for name, path in PACKAGES.items() if not path.is_dir()]
needs_documentation = pytest.mark.skipif(
    bool(MISSING) and not os.environ.get("CI"), reason=f"Debian packages not installed: {', '.join(MISSING)}"
)
OWN = {"allow_private_network": True, "same_host": True}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


async def found(house: Installation, query: str) -> list[str]:
    async with house.client() as client:
        answer = (await client.get("/api/search", params={"q": query})).json()
    return [result["url"] for result in answer["results"]]


def violations(web: MiniWeb) -> list[Visit]:
    """Visits that the documentation's robots.txt files forbid."""
    closed = {
        "cahier.localhost": ("/Common_Content/", "/sect.apache"),
        "handbook.localhost": ("/Common_Content/", "/sect.apache"),
        "python.localhost": ("/whatsnew/", "/c-api"),
    }
    return [visit for visit in web.visits if visit.path.startswith(closed.get(visit.host, ("\n",)))]


@pytest.fixture
def documents() -> Iterator[MiniWeb]:
    with serve(documentation()) as web:
        yield web


@needs_documentation
async def test_documentation_in_french_and_english_is_crawled_politely_and_found(
    house: Installation, documents: MiniWeb
) -> None:
    seeds = [documents.url(host) for host in documents.sites]
    plan = {"seeds": seeds, "max_pages": 480, "delay_s": 0.01, **OWN}
    report = await house.call("search.crawl", plan)
    assert report["indexed"] > 400
    assert report["forbidden"] > 0
    assert violations(documents) == []
    assert documents.overlaps() == 0
    assert documents.shortest_wait_s() >= 0.01
    assert {host for host, visits in documents.by_host().items() if visits[0].path == "/robots.txt"} == set(
        documents.sites
    ), "every host was asked for its rules first"
    assert all("SynfoniumBot" in visit.agent and "/bot)" in visit.agent for visit in documents.visits)
    for query, page in (
        ("gestion des droits", "cahier.localhost"),
        ("configuration du réseau", "cahier.localhost"),
        ("développeur debian responsable", "reference.localhost"),
        ("managing rights", "handbook.localhost"),
        ("network configuration", "handbook.localhost"),
        ("python tutorial", "python.localhost"),
    ):
        urls = await found(house, query)
        assert any(page in url for url in urls[:5]), (query, urls)
    rights = await found(house, "droits")
    assert documents.url("cahier.localhost", "/sect.rights-management.html") in rights


@pytest.mark.full
@pytest.mark.alone
async def test_hosts_made_to_catch_a_crawler_cost_little_and_end(house: Installation) -> None:
    hub = pages({"/": html("<title>Hub</title><p>an honest page about marmots")})
    with serve({"hub.localhost": hub, **traps()}) as web:
        begun_s = time.monotonic()
        plan = {"seeds": [web.url(host) for host in web.sites], "max_pages": 40, "delay_s": 0.0, **OWN}
        report = await house.call("search.crawl", plan)
        assert time.monotonic() - begun_s < 90
        assert report["fetched"] <= 40
        assert len(web.paths("loop.localhost")) < 15, "endless redirects end"
        assert len(web.paths("calendar.localhost")) <= 45, "endless links are bounded by the plan"
        assert web.paths("bomb.localhost").count("/") == 1
    assert await found(house, "marmots") != []


async def test_a_page_that_asks_to_be_left_out_is_left_out_and_its_links_unfollowed(
    house: Installation,
) -> None:
    site = pages(
        {
            "/": html(
                '<p>capybara start <a href="/hidden">h</a> <a href="/header">x</a>'
                '<a href="/shut" rel="nofollow">s</a>'
            ),
            "/hidden": html(
                '<meta name="robots" content="noindex,nofollow"><p>capybara hidden <a href="/behind">b</a>'
            ),
            "/header": html("<p>capybara header", x_robots_tag="noindex"),
            "/shut": html("<p>capybara shut"),
            "/behind": html("<p>capybara behind"),
        }
    )
    with serve({"zoo.localhost": site}) as web:
        await house.call("search.crawl", {"seeds": [web.url("zoo.localhost")], "delay_s": 0.0, **OWN})
        assert await found(house, "capybara") == [web.url("zoo.localhost")]
        assert sorted(web.paths("zoo.localhost")) == [
            "/",
            "/header",
            "/hidden",
            "/robots.txt",
            "/sitemap.xml",
        ]


async def test_a_page_that_is_gone_leaves_the_index_at_the_next_visit(house: Installation) -> None:
    found_pages = {"/": html('<p>okapi home <a href="/old">old</a>'), "/old": html("<p>okapi old")}
    with serve({"zoo.localhost": lambda path: found_pages.get(path, not_found())}) as web:
        plan = {"seeds": [web.url("zoo.localhost")], "delay_s": 0.0, **OWN}
        await house.call("search.crawl", plan)
        assert len(await found(house, "okapi")) == 2
        del found_pages["/old"]
        await house.call("search.crawl", plan)
        assert await found(house, "okapi") == [web.url("zoo.localhost")]


async def test_a_page_that_did_not_change_costs_nothing_and_still_leads_on(house: Installation) -> None:
    bodies = {"/": b'<p>okapi home <a href="/a">a</a>', "/a": b'<p>okapi a <a href="/b">b</a>', "/b": b"<p>b"}
    asked: list[tuple[str, str]] = []

    def site(path: str, headers: Mapping[str, str]) -> Answer:
        if path not in bodies:
            return not_found()
        etag = f'"{hash(bodies[path])}"'
        asked.append((path, "304" if headers.get("if-none-match") == etag else "200"))
        same = headers.get("if-none-match") == etag
        return (
            (304, {"etag": etag}, b"")
            if same
            else (200, {"content-type": "text/html", "etag": etag}, bodies[path])
        )

    with serve({"zoo.localhost": site}) as web:
        plan = {"seeds": [web.url("zoo.localhost")], "delay_s": 0.0, **OWN}
        assert (await house.call("search.crawl", plan))["indexed"] == 3
        asked.clear()
        bodies["/b"] = b"<p>quagga now"
        report = await house.call("search.crawl", plan)
    assert asked == [("/", "304"), ("/a", "304"), ("/b", "200")]
    assert (report["unchanged"], report["indexed"]) == (2, 1)
    assert len(await found(house, "okapi")) == 2
    assert await found(house, "quagga") != []


async def test_pages_that_only_a_sitemap_names_are_found_and_old_ones_not_asked_again(
    house: Installation,
) -> None:
    with serve({}) as web:
        port = web.url("map.localhost", "")

        def sitemap(lastmod: str) -> str:
            entries = "".join(
                f"<url><loc>{port}{path}</loc><lastmod>{lastmod}</lastmod></url>" for path in ("/a", "/b")
            )
            return f"<urlset>{entries}<url><loc>{port}/closed</loc></url></urlset>"

        found_pages = {
            "/": html("<p>start"),
            "/robots.txt": html(f"User-agent: *\nDisallow: /closed\nSitemap: {port}/index.xml"),
            "/index.xml": html(f"<sitemapindex><sitemap><loc>{port}/s.xml</loc></sitemap></sitemapindex>"),
            "/s.xml": html(sitemap("2024-01-01")),
            "/a": html("<title>A</title><p>a bongo"),
            "/b": html("<title>B</title><p>b bongo"),
        }
        web.sites["map.localhost"] = lambda path: found_pages.get(path, not_found())
        plan = {"seeds": [web.url("map.localhost")], "delay_s": 0.0, **OWN}
        await house.call("search.crawl", plan)
        assert len(await found(house, "bongo")) == 2
        assert "/closed" not in web.paths("map.localhost")
        web.visits.clear()
        await house.call("search.crawl", plan)
        assert sorted(web.paths("map.localhost")) == ["/", "/index.xml", "/s.xml"]
        found_pages["/s.xml"] = html(sitemap("2099-01-01"))
        await house.call("search.crawl", plan)
        assert {"/a", "/b"} <= set(web.paths("map.localhost"))


async def make_everything_due(house: Installation) -> None:
    """As if months had passed."""
    statement = text("UPDATE search_visit SET due_s = 0")
    await house.context("search").database.write(lambda c: c.execute(statement))


async def seconds_until_found(house: Installation, query: str, longest_s: float = 30) -> float:
    begun_s = time.monotonic()
    while not await found(house, query):
        assert time.monotonic() - begun_s < longest_s, f"{query} was not found"
        await asyncio.sleep(0.1)
    return time.monotonic() - begun_s


@pytest.mark.full
@pytest.mark.alone
async def test_a_kept_site_is_visited_again_and_its_news_are_found_within_ten_seconds(
    house: Installation,
) -> None:
    def feed(*numbers: int) -> Answer:
        entries = "".join(
            f"<item><link>/news/{n}</link><pubDate>Wed, 0{n} May 2024 10:00:00 GMT</pubDate></item>"
            for n in numbers
        )
        return (
            200,
            {"content-type": "application/rss+xml"},
            f"<rss><channel>{entries}</channel></rss>".encode(),
        )

    head = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    found_pages = {
        "/": html(f"<head>{head}</head><p>jerboa home"),
        "/feed": feed(1),
        "/news/1": html("<p>kudu"),
    }
    with serve({"news.localhost": lambda path: found_pages.get(path, not_found())}) as web:
        seed = web.url("news.localhost")
        wanted = {
            "seeds": [seed, web.url("news.localhost", "/feed")],
            "delay_s": 0.0,
            "is_endless": True,
            **OWN,
        }
        crawl = await house.call("search.want_crawl", wanted)
        await seconds_until_found(house, "jerboa")
        found_pages["/"] = html(f"<head>{head}</head><p>lemming home")
        found_pages |= {"/feed": feed(1, 2), "/news/2": html("<title>Two</title><p>markhor arrived")}
        await make_everything_due(house)
        assert await seconds_until_found(house, "lemming") <= 10
        assert await seconds_until_found(house, "markhor") <= 10
        await house.call("search.stop_crawl", crawl)


async def test_an_address_for_each_visit_does_not_lead_on_for_ever(house: Installation) -> None:
    count = itertools.count()
    words = "The numbat eats termites and nothing but termites, twenty thousand of them each day. " * 4

    def site(path: str) -> Answer:
        links = "".join(f'<a href="/?visit={next(count)}">next</a>' for _ in range(5))
        return not_found() if path == "/robots.txt" else html(f"<title>Numbat</title><p>{words}{links}")

    with serve({"maze.localhost": site}) as web:
        plan = {"seeds": [web.url("maze.localhost")], "delay_s": 0.0, "max_pages": 200, **OWN}
        await house.call("search.crawl", plan)
        assert len(web.visits) <= 10
    assert len(await found(house, "numbat")) == 1


async def test_canonical_addresses_and_twins_are_indexed_once(house: Installation) -> None:
    words = "The axolotl keeps its gills for its whole life and can grow a lost leg again. " * 5
    page = html(f'<link rel="canonical" href="/axolotl"><title>Axolotl</title><p>{words}')
    links = '<p>start <a href="/axolotl?from=1">a</a> <a href="/axolotl?from=2">b</a> <a href="/copy">c</a>'
    site = {"/": html(links), "/copy": html(f"<title>Copy</title><p>{words}")}
    site |= dict.fromkeys(("/axolotl", "/axolotl?from=1", "/axolotl?from=2"), page)
    with serve({"zoo.localhost": pages(site)}) as web:
        await house.call("search.crawl", {"seeds": [web.url("zoo.localhost")], "delay_s": 0.0, **OWN})
        assert len(await found(house, "axolotl gills")) == 1


@pytest.mark.parametrize("retry_after", ["1", ""])
async def test_a_busy_host_is_left_alone_for_a_while_and_read_then(
    house: Installation, retry_after: str
) -> None:
    asked: list[float] = []

    def busy(path: str) -> Answer:
        if path in ("/robots.txt", "/sitemap.xml"):
            return not_found()
        asked.append(time.monotonic())
        headers = {"retry-after": retry_after} if retry_after else {}
        return (503, headers, b"") if len(asked) == 1 else html("<p>tapir at last")

    with serve({"busy.localhost": busy}) as web:
        await house.call("search.crawl", {"seeds": [web.url("busy.localhost")], "delay_s": 0.0, **OWN})
    assert len(asked) == 2
    assert asked[1] - asked[0] >= (1.0 if retry_after else 0.5)
    assert len(await found(house, "tapir")) == 1


async def test_the_wish_of_a_host_for_a_slower_pace_is_obeyed(house: Installation) -> None:
    site = pages(
        {"/": html('<p>a <a href="/b">b</a>'), "/b": html("<p>b")}, "User-agent: *\nCrawl-delay: 1\n"
    )
    with serve({"slow-pace.localhost": site}) as web:
        await house.call("search.crawl", {"seeds": [web.url("slow-pace.localhost")], "delay_s": 0.0, **OWN})
        assert web.shortest_wait_s() >= 1.0
        assert len(web.visits) == 4


async def test_private_addresses_are_not_visited_unless_the_operator_allows_it(house: Installation) -> None:
    with serve({"inside.localhost": pages({"/": html("<p>secret")})}) as web:
        report = await house.call("search.crawl", {"seeds": [web.url("inside.localhost")], "delay_s": 0.0})
        assert report["indexed"] == 0
        assert web.visits == []
        # The refusal is not remembered against the host once the operator allows it.
        report = await house.call(
            "search.crawl", {"seeds": [web.url("inside.localhost")], "delay_s": 0.0, **OWN}
        )
        assert report["indexed"] == 1


@pytest.mark.full
@pytest.mark.alone
def test_a_crawl_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    count = 120
    links = "".join(f'<a href="/p{n}">{n}</a>' for n in range(count))
    site = {"/": html(f"<p>start {links}")}
    site |= {f"/p{n}": html(f"<title>Page {n}</title><p>number word{n}x quokka") for n in range(count)}
    home = tmp_path / "home"
    with serve({"long.localhost": pages(site)}) as web:
        words = ["search", "crawl", web.url("long.localhost"), "--delay", "0.05", "--allow-private-network"]
        command = [sys.executable, "-m", "synfonium.main", *words, "--home", str(home)]
        first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while len(web.visits) < count * 0.8 and time.monotonic() < deadline:
            time.sleep(0.05)
        first.send_signal(signal.SIGKILL)
        first.wait()
        before = len(web.visits)
        assert count * 0.8 <= before < count + 2
        second = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
        assert second.returncode == 0, second.stderr
        again = len(web.visits) - before
        assert again < count, f"{again} requests: what was durable is not read again"
        assert {f"/p{n}" for n in range(count)} <= set(web.paths("long.localhost"))
        assert web.overlaps() == 0
    asyncio.run(_all_are_found(home, count))


async def _all_are_found(home: Path, count: int) -> None:
    async with installation(home) as house:
        for number in range(0, count, 7):
            assert len(await found(house, f"word{number}x")) == 1
