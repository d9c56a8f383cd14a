"""Where a page leads: links with their words, other languages, feeds."""

from selectolax.lexbor import LexborNode

from synfonium.apps.search.children.structured import Page
from synfonium.apps.search.model import Link, normal_url

MOST_LINKS = 2000
LONGEST_ANCHOR = 200
MOST_ALTERNATES = 50
MOST_FEEDS = 5
_FEED_TYPES = frozenset(("application/rss+xml", "application/atom+xml", "application/feed+json"))


def links_of(page: Page) -> tuple[Link, ...]:
    """Links that may be followed, each address once, with the first words it is written on."""
    followed: dict[str, str] = {}
    for node in page.tree.css("a[href], area[href]"):
        attributes = node.attributes
        if "nofollow" not in (attributes.get("rel") or "").lower().split():
            href = (attributes.get("href") or "").partition("#")[0]
            if not followed.get(href):
                followed[href] = _words(node)
        if len(followed) >= MOST_LINKS:
            break
    links: dict[str, Link] = {}
    for href, words in followed.items():
        if href and (url := normal_url(href, page.base)):
            links.setdefault(url, Link(url=url, anchor=words))
    return tuple(links.values())


def _words(node: LexborNode) -> str:
    """What a person would read on it: its text, else its label, else what its picture shows."""
    if words := " ".join(node.text().split()):
        return words[:LONGEST_ANCHOR]
    attributes = node.attributes
    picture = node.css_first("img[alt]") if node.first_child else None
    said = attributes.get("aria-label") or attributes.get("title") or attributes.get("alt") or ""
    said = said or (picture.attributes.get("alt") or "" if picture else "")
    return " ".join(said.split())[:LONGEST_ANCHOR]


def alternates_of(page: Page) -> dict[str, str]:
    """The page in other languages, by the lower-case language tag."""
    found: dict[str, str] = {}
    for node in page.tree.css("link[hreflang][href]")[: 2 * MOST_ALTERNATES]:
        attributes = node.attributes
        lang = (attributes.get("hreflang") or "").strip().lower()[:35]
        url = normal_url(attributes.get("href") or "", page.base)
        if lang and lang.isascii() and url and "alternate" in (attributes.get("rel") or "").lower():
            found.setdefault(lang, url)
        if len(found) >= MOST_ALTERNATES:
            break
    return found


def feeds_of(page: Page) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for node in page.tree.css("link[type][href]")[:200]:
        attributes = node.attributes
        if (attributes.get("type") or "").strip().lower() in _FEED_TYPES:
            found.update(dict.fromkeys(filter(None, [normal_url(attributes.get("href") or "", page.base)])))
    return tuple(found)[:MOST_FEEDS]
