"""What the shell's pages show."""

import html
import re
import unicodedata

import msgspec

from synfonium.apps.shell.contract import Glance

LONGEST_QUERY = 400


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """An app in the list of apps. title, summary: English gettext sources."""

    name: str
    title: str
    summary: str
    path: str
    icon: str
    glance: Glance


class WebHit(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the web, as the installation's own search answers it."""

    url: str
    title: str
    snippet: str = ""
    host: str = ""
    lang: str = ""


class WebResults(msgspec.Struct, frozen=True, kw_only=True):
    results: tuple[WebHit, ...] = ()
    total: int = 0
    took_ms: float = 0.0


class OwnHit(msgspec.Struct, frozen=True, kw_only=True):
    """Something of the person's own, found by an app; `snippet` is escaped HTML with `<b>`."""

    title: str
    url: str
    snippet: str = ""
    app: str = ""
    time_s: float = 0.0


class OwnResults(msgspec.Struct, frozen=True, kw_only=True):
    hits: tuple[OwnHit, ...] = ()
    total: int = 0


def clean_query(text: str) -> str:
    """What was asked, in one line of at most 400 characters, without control characters."""
    kept = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text[: 4 * LONGEST_QUERY])
    return " ".join(kept.split())[:LONGEST_QUERY]


def marked(text: str, query: str) -> list[tuple[str, bool]]:
    """`text` cut into pieces, each with whether it is a word of the query.

    Words compare without case and accents; at most 300 pieces.
    """
    wanted = {_plain(word) for word in re.findall(r"\w+", query) if len(word) > 1}
    pieces: list[tuple[str, bool]] = []
    for piece in re.split(r"(\w+)", text)[:300]:
        is_hit = _plain(piece) in wanted
        if pieces and pieces[-1][1] == is_hit:
            pieces[-1] = (pieces[-1][0] + piece, is_hit)
        elif piece:
            pieces.append((piece, is_hit))
    return pieces


def bolded(snippet: str) -> list[tuple[str, bool]]:
    """Escaped HTML with `<b>` around the words found, as plain pieces; at most 300."""
    pieces = re.split(r"<b>(.*?)</b>", snippet, flags=re.DOTALL)[:300]
    return [(html.unescape(text), bool(at % 2)) for at, text in enumerate(pieces) if text]


def _plain(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))
