"""What hosts say they have: sitemaps and feeds, well-formed or not."""

import gzip

import pytest

from synfonium.apps.search.service.feeds import parse_feed
from synfonium.apps.search.service.moments import moment_s
from synfonium.apps.search.service.robots import Rules
from synfonium.apps.search.service.sitemaps import parse_sitemap, sitemap_urls
from synfonium.apps.search.service.xml_texts import BadXml, unpacked
from synfonium.apps.search.store import HostRow

HERE = "https://a.example/sitemap.xml"
SITEMAP = b"""<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc> https://a.example/one?x=1&amp;y=2 </loc><lastmod>2024-05-01</lastmod></url>
<url><loc>https://stranger.example/</loc></url><url><loc>javascript:alert(1)</loc></url>
<url><loc>https://a.example/two</loc><lastmod>never</lastmod></url></urlset>"""
INDEX = b"<sitemapindex><sitemap><loc>https://a.example/s2.xml.gz</loc></sitemap></sitemapindex>"
RSS = b"""<rss version="2.0"><channel><title>T</title><link>https://a.example/</link>
<item><title>Marmots</title><link>/n/1</link><pubDate>Wed, 01 May 2024 10:00:00 +0200</pubDate></item>
<item><title>no link</title></item><item><guid>https://a.example/n/2</guid></item></channel></rss>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><link rel="self" href="https://a.example/f"/>
<entry><title>A</title><link rel="edit" href="/no"/><link href="/n/3"/>
<updated>2024-05-01T08:00:00Z</updated></entry>
</feed>"""


@pytest.mark.parametrize("body", [SITEMAP, gzip.compress(SITEMAP)])
def test_a_sitemap_names_pages_of_its_own_host_alone(body: bytes) -> None:
    found = parse_sitemap(HERE, body)
    assert [entry.url for entry in found] == ["https://a.example/one?x=1&y=2", "https://a.example/two"]
    assert [entry.changed_s for entry in found] == [1714521600, 0]


def test_an_index_and_a_plain_list_are_read_too() -> None:
    assert parse_sitemap(HERE, INDEX)[0].is_sitemap
    assert [e.url for e in parse_sitemap(HERE, b"https://a.example/x\nnonsense\n")] == ["https://a.example/x"]


def test_robots_txt_says_where_sitemaps_are_else_it_is_the_usual_place() -> None:
    def urls(robots: str) -> list[str]:
        rules = Rules(HostRow(authority="a.example", robots=robots, robots_read_s=0))
        return sitemap_urls("https://a.example/x/y", rules)

    assert urls("") == ["https://a.example/sitemap.xml"]
    assert urls("Sitemap: https://a.example/m.xml\nSitemap: https://b.example/m.xml") == [
        "https://a.example/m.xml"
    ]


def test_a_feed_gives_entries_with_the_moment_they_came_out() -> None:
    rss = parse_feed("https://a.example/feed", RSS)
    assert [(e.url, e.published_s) for e in rss] == [
        ("https://a.example/n/1", 1714550400),
        ("https://a.example/n/2", 0),
    ]
    atom = parse_feed("https://a.example/f", ATOM)
    assert [(e.url, e.title, e.published_s) for e in atom] == [("https://a.example/n/3", "A", 1714550400)]


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>'


@pytest.mark.parametrize(
    "body", [BOMB, b"<" * 100, b"<a>" * 500, b"\x1f\x8bno gzip", b"<?xml version='1.0' encoding='x'?><a/>"]
)
def test_what_is_broken_or_a_bomb_is_refused(body: bytes) -> None:
    with pytest.raises(BadXml):
        parse_sitemap(HERE, body)


def test_a_packed_sitemap_is_unpacked_to_ten_megabytes_at_most() -> None:
    with pytest.raises(BadXml):
        unpacked(gzip.compress(bytes(11 << 20)))


@pytest.mark.parametrize("text", ["", "soon", "9999999-01-01", "Wed, 99 Foo 2024", "0001-01-01T00:00:00Z"])
def test_a_date_that_is_none_is_no_date(text: str) -> None:
    assert moment_s(text) == 0
