"""Sitemaps (sitemaps.org 0.9): what a host says it has, and when each page changed."""

import msgspec

from synfonium.apps.search.model import authority_of, normal_url
from synfonium.apps.search.service.moments import moment_s
from synfonium.apps.search.service.robots import Rules, robots_url
from synfonium.apps.search.service.xml_texts import items, unpacked

MOST_ENTRIES = 50_000
MOST_SITEMAPS = 20
_NAMES = frozenset(("url", "sitemap"))


class SitemapEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the host, or another sitemap. changed_s: UTC seconds, 0 if unsaid."""

    url: str
    changed_s: float = 0.0
    is_sitemap: bool = False


def sitemap_urls(url: str, rules: Rules) -> list[str]:
    """Where the sitemaps of the host of `url` are: as robots.txt says, else at the usual place."""
    named = (normal_url(said, url) for said in rules.sitemaps)
    own = [found for found in named if found and authority_of(found) == authority_of(url)]
    return own[:MOST_SITEMAPS] or [robots_url(url).removesuffix("robots.txt") + "sitemap.xml"]


def parse_sitemap(url: str, body: bytes) -> list[SitemapEntry]:
    """At most 50 000 entries, all on the sitemap's own host; XML, plain text, or gzip of these.
    Raises BadXml."""
    plain = unpacked(body)
    if not plain.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        lines = plain.decode("utf-8", "replace").split("\n")[:MOST_ENTRIES]
        found = [SitemapEntry(url=normal_url(line) or "") for line in lines if line.startswith("http")]
    else:
        found = [
            SitemapEntry(
                url=normal_url(item.texts.get("loc", "")) or "",
                changed_s=moment_s(item.texts.get("lastmod", "")),
                is_sitemap=item.name == "sitemap",
            )
            for item in items(plain, _NAMES, MOST_ENTRIES)
        ]
    return [entry for entry in found if entry.url and authority_of(entry.url) == authority_of(url)]
