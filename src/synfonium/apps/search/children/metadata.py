"""Title, description, author, site and headings of a page."""

import re
from urllib.parse import urlsplit

from synfonium.apps.search.children.structured import MOST_THINGS, Page, types_of, words_of

LONGEST_TITLE = 300
LONGEST_DESCRIPTION = 500
LONGEST_NAME = 100
LONGEST_HEADING = 200
MOST_HEADINGS = 50
MOST_TYPES = 10
_SEPARATOR = re.compile(r"\s+(?:[|–—·•»«:]+|::|-)\s+")
_NOT_LETTERS = re.compile(r"[\W_]+")
_BYLINE = re.compile(r"^(?:by|par|von|por|di|da)\s+", re.IGNORECASE)


def title_of(page: Page) -> str:
    """What the page is called, without the name of its site; on a site's first page with it."""
    for said in (
        page.meta("og:title"),
        _first(page, "title"),
        _first(page, "h1"),
        page.meta("twitter:title"),
    ):
        title = _without_site(page, said) if urlsplit(page.url).path.strip("/") else said
        if title:
            return title[:LONGEST_TITLE]
    return (_first(page, "title") or page.meta("og:title"))[:LONGEST_TITLE]


def _first(page: Page, selector: str) -> str:
    # Pictures inside the page have titles too: only what stands before any svg counts.
    for found in page.tree.css(selector)[:3]:
        words = " ".join(found.text().split())
        if words and (selector != "title" or found.parent is None or found.parent.tag != "svg"):
            return words
    return ""


def _without_site(page: Page, title: str) -> str:
    """Empty where nothing but the site's name stands there."""
    parts = _SEPARATOR.split(title[: 2 * LONGEST_TITLE])
    if _is_site(page, title):
        return ""
    if len(parts) > 1 and _is_site(page, parts[-1]):
        return title[: title.rindex(parts[-1])].rstrip(" |–—·•»«:-")
    if len(parts) > 1 and _is_site(page, parts[0]):
        return title[len(parts[0]) :].lstrip(" |–—·•»«:-")
    return title


def _is_site(page: Page, words: str) -> bool:
    said = _NOT_LETTERS.sub("", words.lower())
    host = (urlsplit(page.url).hostname or "").removeprefix("www.")
    names = {_NOT_LETTERS.sub("", page.meta("og:site_name").lower()), _NOT_LETTERS.sub("", host)}
    names |= {_NOT_LETTERS.sub("", label) for label in host.split(".")[:-1]}
    return bool(said) and said in names


def description_of(page: Page) -> str:
    return page.meta("description", "og:description", "twitter:description")[:LONGEST_DESCRIPTION]


def author_of(page: Page) -> str:
    """A person's name as the page writes it; empty for an address or what is no name."""
    said = [words_of(thing.get("author")) for thing in page.things if "author" in thing]
    said += [page.meta("author"), page.meta("article:author"), page.meta("dc.creator", "parsely-author")]
    if node := page.tree.css_first('[rel="author"], [itemprop="author"] [itemprop="name"]'):
        said.append(" ".join(node.text().split()))
    for words in said:
        name = _BYLINE.sub("", words)
        if name and len(name) <= LONGEST_NAME and "://" not in name and "@" not in name:
            return name
    return ""


def site_of(page: Page) -> str:
    said = [page.meta("og:site_name", "application-name")]
    said += [words_of(thing.get("name")) for thing in page.things if "WebSite" in types_of(thing)]
    said += [words_of(thing["publisher"]) for thing in page.things if "publisher" in thing]
    return next((name[:LONGEST_NAME] for name in said if name and "://" not in name), "")


def headings_of(page: Page) -> tuple[str, ...]:
    nodes = page.tree.css("h1, h2, h3")[: 3 * MOST_HEADINGS]
    words = (" ".join(node.text().split())[:LONGEST_HEADING] for node in nodes)
    return tuple(dict.fromkeys(heading for heading in words if heading))[:MOST_HEADINGS]


def types_of_page(page: Page) -> tuple[str, ...]:
    """What JSON-LD, microdata and Open Graph call the page; an `article` of Open Graph is an Article."""
    found = [name for thing in page.things[:MOST_THINGS] for name in types_of(thing)]
    nodes = page.tree.css("[itemtype]")[:MOST_TYPES]
    found += [(node.attributes.get("itemtype") or "").rpartition("/")[2][:60] for node in nodes]
    if page.meta("og:type").lower() == "article":
        found.append("Article")
    return tuple(dict.fromkeys(name for name in found if name))[:MOST_TYPES]
