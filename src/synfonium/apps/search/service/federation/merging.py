"""One list of our results and those of others, each with where it comes from."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

import msgspec

from synfonium.apps.search.model import host_of
from synfonium.apps.search.service.federation.engine import FederatedHit
from synfonium.apps.search.service.federation.words import Outside
from synfonium.ports.index import IndexHit

MOST_PER_HOST = 2
_MOST_FOREIGN = 10
_WORD = re.compile(r"\w+")
_MARKUP = re.compile(r"</?b>")
# What a place further down costs, and what it is worth to be our own or found by several.
_PLACE, _OWN, _AGREED = 0.1, 0.15, 0.1


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    """One result: `own` of our index, `foreign` of another engine, or both of one page.

    sources: names of the engines that found it, ours (`""`) first; titles, credits likewise of
    those that are not ours.
    """

    own: IndexHit | None = None
    foreign: FederatedHit | None = None
    sources: tuple[str, ...]
    titles: tuple[str, ...] = ()
    score: float = 0.0

    @property
    def url(self) -> str:
        return self.own.key if self.own else self.foreign.url if self.foreign else ""

    @property
    def host(self) -> str:
        return host_of(self.url)


def merge(query: str, own: Sequence[IndexHit], outside: Outside) -> list[Merged]:
    """All of `own` and at most ten others, best first; at most two others a host, ours counted.

    Scores of engines cannot be compared, so every result is measured by the same rule: the
    share of the words asked for that its title, address and snippet show, less the further
    down its engine had it; ours and what several found gain a little. Our own keep their order.
    """
    words = _words(query)
    found: dict[str, Merged] = {}
    for place, hit in enumerate(own):
        score = _value(words, place, hit.title, hit.key, _MARKUP.sub("", hit.snippet)) + _OWN
        found[_same(hit.key)] = Merged(own=hit, sources=("",), score=score)
    for told in outside.told:
        for place, other in enumerate(told.hits):
            key = _same(other.url)
            score = _value(words, place, other.title, other.url, other.snippet)
            found[key] = _joined(found.get(key), other, told.name, told.title, score)
    return _chosen([*found.values()])


def _joined(known: Merged | None, hit: FederatedHit, name: str, title: str, score: float) -> Merged:
    if known is None:
        return Merged(foreign=hit, sources=(name,), titles=(title,), score=score)
    if name in known.sources:
        return known
    return msgspec.structs.replace(
        known,
        foreign=known.foreign or hit,
        sources=(*known.sources, name),
        titles=(*known.titles, title),
        score=max(known.score, score) + _AGREED,
    )


def _chosen(found: list[Merged]) -> list[Merged]:
    ours = [one for one in found if one.own]
    hosts = Counter(host_of(one.url) for one in ours)
    others: list[Merged] = []
    for one in sorted((o for o in found if not o.own), key=lambda o: -o.score):
        host = one.host
        if hosts[host] < MOST_PER_HOST and len(others) < _MOST_FOREIGN:
            hosts[host] += 1
            others.append(one)
    return _interleaved(ours, others)


def _interleaved(ours: list[Merged], others: list[Merged]) -> list[Merged]:
    """Two orders become one; where equal, ours comes first."""
    merged: list[Merged] = []
    ours, others = list(reversed(ours)), list(reversed(others))
    while ours and others:
        merged.append((ours if ours[-1].score >= others[-1].score else others).pop())
    return [*merged, *reversed(ours), *reversed(others)]


def _same(url: str) -> str:
    """Equal for addresses of one page, whatever the scheme, `www.` and a slash at the end."""
    bare = url.partition("://")[2] or url
    return bare.removeprefix("www.").rstrip("/")


def _value(words: frozenset[str], place: int, *texts: str) -> float:
    shown = _words(" ".join(texts))
    share = len(words & shown) / len(words) if words else 1.0
    return share / (1.0 + _PLACE * place)


def _words(text: str) -> frozenset[str]:
    flat = unicodedata.normalize("NFKD", text.casefold())
    return frozenset(_WORD.findall("".join(c for c in flat if not unicodedata.combining(c))))
