"""What an engine of somebody else is to us, and how its answers become harmless."""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, Protocol, TypeVar

import msgspec

from synfonium.apps.search.model import normal_url

Vertical = Literal["web", "news", "places"]
MOST_HITS = 20
"""Of one answer; the rest is not read."""
_LONGEST_TITLE, _LONGEST_SNIPPET = 200, 400
_MARKUP = re.compile(r"<[^<>]*>")
# Control characters, and those that turn the direction of what follows.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")
T = TypeVar("T")


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator and a person may know of an engine.

    name: in the settings. home_page, terms: links. sent: what it is given, in words (English
    gettext source). credit: how its terms wish to be named beside its results. base_url: where
    it is asked unless the operator says another; empty: the operator must say one. least_wait_s:
    between two requests, as its terms ask; who comes sooner is answered without it.
    """

    name: str
    title: str
    home_page: str
    terms: str
    sent: str
    credit: str
    base_url: str = ""
    verticals: tuple[Vertical, ...] = ("web",)
    needs_key: bool = False
    least_wait_s: float = 0.0


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """All that an engine may know: the words, the language (`fr`) and the page, from 1."""

    query: str
    lang: str
    page: int = 1
    vertical: Vertical = "web"


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator gave an engine: its address without a slash at the end, and a key."""

    base_url: str
    key: str = ""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request; with a body it is a POST."""

    url: str
    headers: Mapping[str, str] = {}
    body: bytes = b""


class FederatedHit(msgspec.Struct, frozen=True, kw_only=True):
    """A result of somebody else: a normal http or https address, plain texts."""

    url: str
    title: str
    snippet: str = ""
    lang: str = ""


class Engine(Protocol):
    """`parse` raises ValueError (msgspec's included) or RecursionError for what is no answer."""

    about: About

    def request(self, asking: Asking, given: Given) -> Request: ...
    def parse(self, body: bytes, asking: Asking) -> list[FederatedHit]: ...


def each(results: Iterable[msgspec.Raw], kind: type[T]) -> Iterator[T]:
    """Those of the first results that are as documented; one bad result spoils no other."""
    for number, raw in enumerate(results):
        if number >= MOST_HITS:
            return
        try:
            yield msgspec.json.decode(raw, type=kind)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            continue


def hit(url: str, title: str, snippet: str = "", lang: str = "") -> list[FederatedHit]:
    """The hit, or nothing when its address is none of the web's."""
    safe = normal_url(url[:3000])
    if safe is None:
        return []
    named = plain(title, _LONGEST_TITLE) or safe
    return [FederatedHit(url=safe, title=named, snippet=plain(snippet, _LONGEST_SNIPPET), lang=lang)]


def plain(text: str, longest: int) -> str:
    """Text without markup, entities, control characters or turned directions, on one line."""
    bare = html.unescape(_MARKUP.sub("", text[: 4 * longest]))
    bare = " ".join(_UNSEEN.sub(" ", bare).split())
    return bare if len(bare) <= longest else bare[: longest - 1].rstrip() + "…"
