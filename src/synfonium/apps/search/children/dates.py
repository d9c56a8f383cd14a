"""When a page was published, as it says itself."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from synfonium.apps.search.children.structured import Page, words_of

_METAS = (
    "article:published_time", "og:article:published_time", "datepublished", "date", "dc.date",
    "dc.date.issued", "dcterms.created", "dcterms.issued", "pubdate", "publishdate", "parsely-pub-date",
    "sailthru.date", "og:pubdate", "citation_publication_date", "article:modified_time", "last-modified",
)  # fmt: skip
_TIMES = (
    'time[itemprop="datePublished"]',
    "time[pubdate]",
    "time.entry-date",
    "time.published",
    "article time[datetime]",
    "time[datetime]",
)
_IN_URL = re.compile(r"/((?:19|20)\d\d)[/-](0?[1-9]|1[0-2])[/-](0?[1-9]|[12]\d|3[01])(?=[/_.-]|$)")
_LONGEST = 40
# The first page of the web stood in August 1991.
_EARLIEST_S = 680_000_000.0


def published_s(page: Page, now_s: float) -> float:
    """UTC seconds, 0 if unsaid. A date before the web or after now is not believed; one without
    a zone is in UTC."""
    for said in _said(page):
        at_s = parse_date(said)
        if _EARLIEST_S <= at_s <= now_s:
            return at_s
    return 0.0


def parse_date(said: str) -> float:
    """UTC seconds of a date of ISO 8601 or RFC 5322; 0 for anything else."""
    said = said.strip()[:_LONGEST]
    for read in (_iso, parsedate_to_datetime):
        try:
            at = read(said)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
    return 0.0


def _iso(said: str) -> datetime:
    return datetime.fromisoformat(said.replace("/", "-"))


def _said(page: Page) -> Iterator[str]:
    for thing in page.things:
        yield words_of(thing.get("datePublished"))
    for thing in page.things:
        yield words_of(thing.get("dateCreated") or thing.get("uploadDate"))
    yield from (page.metas.get(name, "") for name in _METAS)
    for selector in _TIMES:
        node = page.tree.css_first(selector)
        if node:
            yield node.attributes.get("datetime") or node.text(deep=True)[:_LONGEST]
    if found := _IN_URL.search(urlsplit(page.url).path):
        year, month, day = found.groups()
        yield f"{year}-{month:0>2}-{day:0>2}"
