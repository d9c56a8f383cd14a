"""Feeds: RSS 0.9 to 2.0, RDF and Atom (RFC 4287). Their entries are news."""

import msgspec

from synfonium.apps.search.model import normal_url
from synfonium.apps.search.service.moments import moment_s
from synfonium.apps.search.service.xml_texts import Item, items, unpacked

MOST_ENTRIES = 500
_NAMES = frozenset(("item", "entry"))
_DATES = ("pubdate", "published", "date", "issued", "updated", "modified")


class FeedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """published_s: UTC seconds, 0 if unsaid."""

    url: str
    title: str
    published_s: float


def parse_feed(url: str, body: bytes) -> list[FeedEntry]:
    """At most 500 entries that lead to a page. Raises BadXml."""
    found = (_entry(url, item) for item in items(unpacked(body), _NAMES, MOST_ENTRIES))
    return [entry for entry in found if entry is not None]


def _entry(base: str, item: Item) -> FeedEntry | None:
    url = normal_url(_link(item), base) if _link(item) else None
    if url is None:
        return None
    said = (moment_s(item.texts[name]) for name in _DATES if item.texts.get(name))
    return FeedEntry(url=url, title=item.texts.get("title", ""), published_s=next(said, 0.0))


def _link(item: Item) -> str:
    """RSS writes the address as text, Atom as an attribute of the link without another relation."""
    if text := item.texts.get("link"):
        return text
    for link in item.links:
        if link.get("rel", "alternate") == "alternate" and link.get("href"):
            return link["href"]
    guid = item.texts.get("guid", "")
    return guid if guid.startswith(("http://", "https://")) else ""
