"""Hits as pages and programs show them."""

import html
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import msgspec

from synfonium.apps.search.service.answers.asked import Entry, InstantAnswer
from synfonium.apps.search.service.preferences import Preferences, Rule
from synfonium.apps.search.service.reasons import why
from synfonium.apps.search.service.search import Question, most_per_host
from synfonium.ports.index import IndexHit

LANGUAGES = {"fr": "Français", "en": "English", "de": "Deutsch", "es": "Español", "it": "Italiano"}
_TAG = re.compile(r"</?b>")
_LONGEST_CRUMBS = 4

PictureAddress = Callable[[str], str]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One thing found; `snippet` is plain text.

    kind: page, news, image, video or document. time_s: when it was published, else read, UTC
    seconds. picture: where this installation shows a small picture of it. shown: what else is
    known of it (`author`, `duration` …). reasons: what each signal added to its score. sources:
    the engines that found it, by name; "" is our own index.
    """

    url: str
    title: str
    snippet: str
    host: str
    lang: str
    kind: str = "page"
    time_s: float = 0.0
    picture: str = ""
    shown: dict[str, str] = {}
    reasons: dict[str, float] = {}
    sources: tuple[str, ...] = ("",)


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """`total` counts all that was found; `results` are those of the page asked for. corrected:
    what was probably meant, where little was found and that finds more. ignored:
    parts of `prefs` that were not understood. answers: worked out here. infobox: what an imported
    encyclopedia says of exactly this. outside: the other engines that were asked, each with what
    became of it: answered, slow, failed, resting or busy."""

    query: str
    total: int
    took_ms: float
    results: tuple[Result, ...]
    vertical: str = "web"
    page: int = 1
    corrected: str = ""
    ignored: tuple[str, ...] = ()
    answers: tuple[InstantAnswer, ...] = ()
    infobox: Entry | None = None
    outside: dict[str, str] = {}


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A hit as the page shows it. pieces: the snippet as text, each with whether it was found.

    time_s: when it was published, UTC seconds; 0 when nobody said. site: what the site calls
    itself, else its host. rule: what the person wants of the site. has_others: the site may have
    more, which this page has no room for. why: what the ranking added up, in words, each with
    its share (0 to 1).
    """

    url: str
    title: str
    host: str
    site: str
    path: str
    lang: str
    pieces: tuple[tuple[str, bool], ...]
    kind: str
    time_s: float
    file_type: str
    picture: str
    duration: str
    facts: dict[str, str]
    trackers: int
    why: tuple[tuple[str, float], ...]
    rule: Rule | None
    has_others: bool = False

    @property
    def iso_day(self) -> str:
        return datetime.fromtimestamp(self.time_s, UTC).date().isoformat()


def result(hit: IndexHit, picture_address: PictureAddress) -> Result:
    return Result(
        url=hit.shown.get("page", hit.key),
        title=hit.title or hit.key,
        snippet=html.unescape(_TAG.sub("", hit.snippet)),
        host=hit.host,
        lang=hit.lang,
        kind=hit.kind,
        time_s=hit.time_s,
        picture=_picture(hit, picture_address),
        shown=dict(hit.shown),
        reasons={name: round(added, 4) for name, added in hit.reasons.items()},
    )


def shown_all(hits: Sequence[IndexHit], asked: Question, picture_address: PictureAddress) -> list[Shown]:
    """The hits of a page; the last of a host that may have no more on it leads to the others."""
    counts = Counter(hit.host for hit in hits)
    last = {hit.host: number for number, hit in enumerate(hits)}
    most = most_per_host(asked)
    full = {last[host] for host, count in counts.items() if host and most and count >= most}
    return [
        shown(hit, asked.preferences, picture_address, has_others=number in full)
        for number, hit in enumerate(hits)
    ]


def shown(
    hit: IndexHit, preferences: Preferences, picture_address: PictureAddress, *, has_others: bool = False
) -> Shown:
    url = hit.shown.get("page", hit.key)
    is_web = url.startswith(("http://", "https://"))
    return Shown(
        url=url if is_web else "",
        title=hit.title or unquote(hit.key),
        host=hit.host,
        site=hit.shown.get("site", "") or hit.host,
        path=crumbs(url) if is_web else "",
        lang=hit.lang,
        pieces=pieces(hit.snippet),
        kind=hit.kind,
        time_s=hit.time_s if hit.kind == "news" or "published" in hit.shown else 0.0,
        file_type=_file_type(url) if hit.kind == "document" else "",
        picture=_picture(hit, picture_address),
        duration=_duration(hit.shown.get("duration", "")),
        facts=dict(hit.shown),
        trackers=hit.signals.trackers,
        why=why(hit.reasons),
        rule=preferences.rule_for(hit.host) if hit.host else None,
        has_others=has_others,
    )


def _picture(hit: IndexHit, picture_address: PictureAddress) -> str:
    url = hit.shown.get("image", "")
    return picture_address(url) if url else ""


def _file_type(url: str) -> str:
    """The extension of a document, for people: `PDF`."""
    extension = PurePosixPath(urlsplit(url).path).suffix.removeprefix(".")
    return extension.upper() if extension.isalnum() and len(extension) <= 5 else ""


def _duration(seconds: str) -> str:
    """`7:04`, `1:02:33`; empty when it is not known."""
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 7):
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def crumbs(url: str) -> str:
    """The path of an address as a reader takes it in: `vivre-ici › déchets`."""
    parts = [part for part in unquote(urlsplit(url).path, errors="replace").split("/") if part]
    if len(parts) > _LONGEST_CRUMBS:
        parts = [*parts[:2], "…", parts[-1]]
    return " › ".join(parts)


def pieces(snippet: str) -> tuple[tuple[str, bool], ...]:
    """The snippet's `<b>` as data, so that the template escapes everything itself."""
    parts = _TAG.split(snippet)
    return tuple((html.unescape(part), number % 2 == 1) for number, part in enumerate(parts) if part)
