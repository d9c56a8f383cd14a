"""The words of web search: addresses, pages, crawls. Pure."""

import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

import msgspec

LONGEST_URL = 1500
DEEPEST_PATH = 25
_DEFAULT_PORTS = {"http": 80, "https": 443}
_BLANK = re.compile(r"[\x00-\x20\x7f]+")
_BAD_HOST = re.compile(r"[^a-z0-9.\-:\[\]_]")
# Parameters that make endless addresses of one page or say where a reader came from.
_NOISE = re.compile(
    r"^(utm_\w+|fbclid|gclid|mc_[ce]id|phpsessid|jsessionid|sessionid|session_id|sid|aspsessionid\w*)$",
    re.IGNORECASE,
)
_SESSION_IN_PATH = re.compile(r";jsessionid=[^/?#]*", re.IGNORECASE)

# Most links are written so already: to take them apart costs ten times more.
_SEGMENT = r"[A-Za-z0-9_~%:@!$&'()*+,=-]+"
_PLAIN_PATH = rf"(?:/{_SEGMENT}(?:\.{_SEGMENT})*)*/?"
_PLAIN_QUERY = r"(?:\?[A-Za-z0-9_]+=[A-Za-z0-9_.~-]*(?:&[A-Za-z0-9_]+=[A-Za-z0-9_.~-]*)*)?"
_PLAIN_ORIGIN = r"(https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z][a-z0-9-]*)"
_PLAIN = re.compile(rf"{_PLAIN_ORIGIN}({_PLAIN_PATH})({_PLAIN_QUERY})")
_ORIGIN = re.compile(rf"{_PLAIN_ORIGIN}(?=/)")
_RELATIVE = re.compile(rf"()({_PLAIN_PATH})({_PLAIN_QUERY})")
_MAYBE_NOISE = re.compile(r"[?&](?:utm_|fbclid|gclid|mc_|php|jse|ses|sid|asp)", re.IGNORECASE)

CrawlState = Literal["running", "done", "stopped", "paused"]
FetchState = Literal["waiting", "done", "failed"]
VisitKind = Literal["page", "sitemap", "feed"]
HostState = Literal["reading", "waiting", "slowed", "rested", "closed"]


def normal_url(url: str, base: str = "") -> str | None:
    """The one way to write a web address, or None for what is no address of a page.

    Lower-case scheme and ASCII host, no default port, dot segments, fragment, credentials
    or session ids (RFC 3986 section 6.2; WHATWG URL for blanks and IDNA). At most 1500
    characters, and no path that repeats one segment more than three times (a trap).
    """
    return _plain_url(url, base) or _parsed_url(url, base)


def _plain_url(url: str, base: str) -> str | None:
    """The same for addresses of the commonest form, None for all others."""
    found = (_RELATIVE if url.startswith("/") else _PLAIN).fullmatch(url)
    origin = (found if found[1] else _ORIGIN.match(base)) if found else None
    if found is None or origin is None or len(url) + len(base) > LONGEST_URL:
        return None
    path, query, slashes = found[2] or "/", found[3], found[2].count("/")
    is_trap = slashes > 4 or (slashes == 4 and len(set(path.split("/"))) == 2)
    return None if is_trap or (query and _MAYBE_NOISE.search(query)) else origin[1] + path + query


def _parsed_url(url: str, base: str) -> str | None:
    try:
        parts = urlsplit(urljoin(base, _BLANK.sub("", url) if "\n" in url or "\t" in url else url.strip()))
        scheme, host, port = parts.scheme.lower(), _ascii_host(parts.hostname or ""), parts.port
    except (ValueError, UnicodeError):
        return None
    if scheme not in _DEFAULT_PORTS or not host or parts.username or parts.password:
        return None
    path = quote(_SESSION_IN_PATH.sub("", parts.path) or "/", safe="/%:@!$&'()*+,;=~-._")
    segments = [s for s in path.split("/") if s]
    if len(segments) > DEEPEST_PATH or any(segments.count(s) > 3 for s in set(segments)):
        return None
    netloc = host if port in (None, _DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    normal = urlunsplit((scheme, netloc, _without_dots(path), _query(parts.query), ""))
    return normal if len(normal) <= LONGEST_URL else None


def _ascii_host(host: str) -> str:
    host = host.rstrip(".").lower()
    if not host.isascii():
        host = host.encode("idna").decode()
    if _BAD_HOST.search(host):
        return ""
    return f"[{host}]" if ":" in host else host


def _without_dots(path: str) -> str:
    return urlsplit(urljoin("http://x/", path)).path or "/"


def _query(query: str) -> str:
    if not query:
        return ""
    kept = [(k, v) for k, v in parse_qsl(query, keep_blank_values=True) if not _NOISE.match(k)]
    return urlencode(kept)


def authority_of(url: str) -> str:
    """`host` or `host:port` of a normal address: what robots.txt and politeness go by."""
    parts = url.split("/", 3)
    return parts[2] if len(parts) > 2 else ""


def host_of(url: str) -> str:
    """The host of a normal address alone; empty for what has none."""
    authority = authority_of(url)
    return authority[1:].partition("]")[0] if authority.startswith("[") else authority.partition(":")[0]


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link that may be followed: a normal address, and the words it is written on."""

    url: str
    anchor: str = ""


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of a page; alt: what it shows in words; caption: what stands under it. Sizes in
    pixels, 0 if unsaid."""

    url: str
    alt: str = ""
    caption: str = ""
    width: int = 0
    height: int = 0


class Film(msgspec.Struct, frozen=True, kw_only=True):
    """A video of a page; url is where it is watched. duration_s 0: unsaid."""

    url: str
    title: str = ""
    picture: str = ""
    duration_s: float = 0.0


class Extract(msgspec.Struct, frozen=True, kw_only=True):
    """What a page says. links are those that may be followed, without nofollow.

    published_s: UTC seconds, 0 if unsaid. alternates: the page in other languages (hreflang),
    by language. feeds: addresses of RSS and Atom. simhash: 64 bits of its text (Charikar 2002);
    bands: numbers of which near duplicates have one in common (libraries/simhash). schema_types:
    what JSON-LD, microdata or Open Graph calls the page (Article, Recipe …). spam, adult: 0 to 1.
    """

    title: str
    text: str
    lang: str
    canonical: str = ""
    links: tuple[Link, ...] = ()
    is_hidden: bool = False
    """The page asks not to be indexed."""
    headings: tuple[str, ...] = ()
    description: str = ""
    author: str = ""
    site_name: str = ""
    published_s: float = 0.0
    main_picture: str = ""
    pictures: tuple[Picture, ...] = ()
    films: tuple[Film, ...] = ()
    alternates: Mapping[str, str] = {}
    feeds: tuple[str, ...] = ()
    schema_types: tuple[str, ...] = ()
    simhash: int = 0
    bands: tuple[int, ...] = ()
    trackers: int = 0
    spam: float = 0.0
    adult: float = 0.0


FILE_TYPES = {"application/pdf": "pdf"}
"""Media types of files that are read as documents, and their extensions."""
MEDIA_TYPES = ("text/html", "application/xhtml+xml", "text/plain", *FILE_TYPES)
"""What can be read as a page."""


class ReadPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page as it was read at `read_s`, UTC seconds. url: normal; the page's key in the index.
    file_type: see documents_of."""

    url: str
    extract: Extract
    read_s: float
    file_type: str = ""


class ParseJob(msgspec.Struct, frozen=True, kw_only=True):
    """A page as it came; charset: what its transport said."""

    url: str
    body: bytes
    charset: str = ""
    media_type: str = "text/html"


class CrawlScope(msgspec.Struct, frozen=True, kw_only=True):
    """What a crawl may enter: a town, a language, a list. What is empty bounds nothing.

    hosts: these and those below them. prefixes: addresses that begin so, besides those hosts.
    languages: of the pages that are kept. seeds: where it begins by itself. most_depth: links
    away from a seed. most_pages_per_host: addresses of one host.
    """

    hosts: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    seeds: tuple[str, ...] = ()
    most_depth: int = 50
    most_pages_per_host: int = 50_000


class CrawlPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What to crawl. is_local_allowed: private and loopback addresses may be visited.

    is_endless: pages are visited again when they are due, until the crawl is stopped;
    max_pages then bounds nothing. scope, scope_name: what it may enter, as it was when it began.
    """

    seeds: tuple[str, ...]
    max_pages: int
    delay_s: float = 1.0
    is_local_allowed: bool = False
    same_host: bool = False
    is_endless: bool = False
    scope_name: str = ""
    scope: CrawlScope = CrawlScope()


class CrawlReport(msgspec.Struct, frozen=True, kw_only=True):
    """How far a crawl is. Pages indexed, answers that were none, and refusals we obeyed.

    unchanged: pages that are still as they were (304) and cost nothing.
    """

    indexed: int = 0
    fetched: int = 0
    failed: int = 0
    forbidden: int = 0
    skipped: int = 0
    waiting: int = 0
    unchanged: int = 0


class GraphReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was ranked; pages are those that link or are linked to, read or not. reindexed: pages
    whose ranks or anchors moved."""

    hosts: int = 0
    host_links: int = 0
    pages: int = 0
    page_links: int = 0
    reindexed: int = 0


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did; `broken` records were left out."""

    indexed: int = 0
    skipped: int = 0
    broken: int = 0
