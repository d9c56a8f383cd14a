"""How much a page tracks, and how likely it is spam or for adults only; by rules and word lists."""

import re
from collections import Counter
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from synfonium.apps.search.children.structured import Page

_MOST_LOADED = 500
_MOST_WORDS = 3000
_WORD = re.compile(r"[^\W\d_]{2,40}")
_HIDING = re.compile(r"(?:text-indent:-\d{3,}|font-size:0(?:px|;|$)|visibility:hidden|display:none)")
_HOST = re.compile(r"\s*(?:https?:)?//([A-Za-z0-9.-]{1,255})", re.IGNORECASE)
_AT_ONCE = re.compile(r"^\s*0\s*;\s*url\s*=\s*['\"]?(https?://[^\s'\"]+)", re.IGNORECASE)
# One clear word in two hundred is a text about the matter; one in thirty is the matter.
_FULLY_ADULT_SHARE = 1 / 30
_FEWEST_ADULT_WORDS = 2


@cache
def _words(name: str) -> frozenset[str]:
    lines = files(__package__).joinpath("words", name).read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def trackers_of(page: Page) -> int:
    """How many different hosts of known trackers and advertisers the page loads from."""
    here = urlsplit(page.url).hostname or ""
    found = set()
    for node in page.tree.css("script[src], iframe[src], img[src], link[href]")[:_MOST_LOADED]:
        attributes = node.attributes
        host = _host(attributes.get("src") or attributes.get("href") or "")
        if host and host != here and _is_tracker(host):
            found.add(host)
    return len(found)


def _host(said: str) -> str:
    found = _HOST.match(said)
    return found[1].lower() if found else ""


def _is_tracker(host: str) -> bool:
    labels = host.split(".")
    return any(
        ".".join(labels[at:]) in _words("trackers.txt") for at in range(max(0, len(labels) - 5), len(labels))
    )


def adult_of(page: Page, title: str, text: str) -> float:
    """0 to 1: how likely the page is for adults only; a label of its own is believed (RTA, ICRA)."""
    rating = page.meta("rating").lower()
    if rating in ("adult", "mature", "restricted", "rta-5042-1996-1400-1577-rta"):
        return 1.0
    host = (urlsplit(page.url).hostname or "").replace("-", ".").split(".")
    named = [*_WORD.findall(title.lower()), *host]
    words = _WORD.findall(text[: 8 * _MOST_WORDS].lower())[:_MOST_WORDS]
    known = _words("adult.txt")
    inside, in_name = sum(word in known for word in words), sum(word in known for word in named)
    share = inside / max(60, len(words)) if inside >= _FEWEST_ADULT_WORDS else 0.0
    return round(min(1.0, share / _FULLY_ADULT_SHARE + 0.35 * min(in_name, 2)), 3)


def spam_of(page: Page, title: str, text: str, links: int) -> float:
    """0 to 1: links without text, one word over and over, hidden text, a door to elsewhere."""
    words = _WORD.findall(text[: 8 * _MOST_WORDS].lower())[:_MOST_WORDS]
    parts = (
        0.25 * _excess(links / max(1, len(words)), 0.5, 2.0) * (links > 50),
        0.5 * _stuffing(words),
        0.3 * _excess(_most_often(_WORD.findall(title.lower())), 2, 5),
        0.2 * _excess(page.meta("keywords").count(","), 30, 100),
        0.5 * _hidden_share(page, len(text)),
        0.7 * _is_doorway(page, len(words)),
    )
    return round(min(1.0, sum(parts)), 3)


def _excess(value: float, usual: float, much: float) -> float:
    return min(1.0, max(0.0, (value - usual) / (much - usual)))


def _most_often(words: list[str]) -> int:
    return Counter(words).most_common(1)[0][1] if words else 0


def _stuffing(words: list[str]) -> float:
    """No word of a language but its shortest makes up a twelfth of a text."""
    long = [word for word in words if len(word) > 4]
    return _excess(_most_often(long) / len(long), 0.08, 0.25) if len(long) >= 80 else 0.0


def _hidden_share(page: Page, shown: int) -> float:
    hidden = 0
    for node in page.tree.css("p[style], div[style], span[style], a[style]")[:_MOST_LOADED]:
        if _HIDING.search((node.attributes.get("style") or "").replace(" ", "").lower()):
            hidden += len(node.text())
    # Menus and dialogues are hidden too: it counts from what would be a text of its own.
    return _excess(hidden / max(1, shown + hidden), 0.5, 0.9) if hidden > 3000 else 0.0


def _is_doorway(page: Page, words: int) -> bool:
    node = page.tree.css_first('meta[http-equiv="refresh" i]')
    sent = _AT_ONCE.match((node.attributes.get("content") or "")[:2000]) if node else None
    return (
        bool(sent) and words < 100 and _host(sent[1]) != (urlsplit(page.url).hostname or "")
        if sent
        else False
    )
