"""What a page of ours loads, and where it leads: read from its HTML."""

from collections.abc import Iterable
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import msgspec

_LOADS = {"src", "data", "poster", "action", "formaction", "background", "manifest"}
_LEADS_BY_HREF = {"a", "area"}
# They name something without loading it.
_NAMES_BY_HREF = {"canonical", "alternate", "search", "prev", "next"}
_RUNS = {"application/ld+json", "application/json"}


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """rel: in small letters. has_ping: whether following it tells somebody (HTML, 4.6.2)."""

    url: str
    rel: frozenset[str]
    has_ping: bool


class Markup(HTMLParser):
    """loads: addresses that a browser asks for by itself, or sends a form to. inline: scripts and styles
    within the page. links: where a reader may go."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base
        self.loads, self.links, self.inline = list[str](), list[Link](), 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.loads += [self._whole(given[name]) for name in _LOADS & given.keys()]
        for part in (given.get("srcset") or given.get("imagesrcset") or "").split(","):
            self.loads += [self._whole(word) for word in part.split()[:1]]
        if "href" in given:
            self._href(tag, given)
        is_script = tag == "script" and not given.get("src") and given.get("type") not in _RUNS
        self.inline += is_script + (tag == "style") + ("style" in given)
        self.inline += sum(name.startswith("on") for name in given)

    def _href(self, tag: str, given: dict[str, str]) -> None:
        rel = frozenset(given.get("rel", "").lower().split())
        if tag in _LEADS_BY_HREF:
            self.links.append(Link(url=self._whole(given["href"]), rel=rel, has_ping="ping" in given))
        elif not (tag == "link" and rel <= _NAMES_BY_HREF and rel):
            self.loads.append(self._whole(given["href"]))

    def _whole(self, address: str) -> str:
        return urljoin(self._base, address.strip())


def read(body: bytes, base: str) -> Markup:
    """Reads one page. Raises UnicodeDecodeError for what is not UTF-8."""
    markup = Markup(base)
    markup.feed(body.decode())
    markup.close()
    return markup


def strangers(addresses: Iterable[str], own: Iterable[str]) -> list[str]:
    """Those of the addresses that lead to none of our own origins."""
    ours = {*own}
    return [a for a in addresses if urlsplit(a).scheme not in ("data", "blob") and origin(a) not in ours]


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
