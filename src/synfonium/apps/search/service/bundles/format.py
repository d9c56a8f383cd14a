"""What a bundle is made of, and what of it is taken for true."""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from synfonium.apps.search.model import host_of, normal_url
from synfonium.ports.index import IndexDocument, Signals

FORMAT = "synfonium-index-bundle/1"
LONGEST_LINE_BYTES = 1 << 20
LARGEST_MANIFEST_BYTES = 64 << 10
_LONGEST_TEXT, _LONGEST_TITLE, _LONGEST_SHOWN = 500_000, 1_000, 1_500
_ADDRESSES = frozenset({"image", "watch", "page"})
_SHOWN = _ADDRESSES | {
    "author", "site", "description", "published", "duration", "width", "height", "page_title",
}  # fmt: skip
Counted = Annotated[int, msgspec.Meta(ge=1, le=(1 << 31) - 1)]
Kind = Literal["page", "news", "image", "video", "document"]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The signed first line. origin: whose it is, as an origin. epoch, number: from 1; a new epoch
    begins anew with everything, its first `previous` is empty. previous: SHA-256 of the bundle
    before, in hex. scope: the hosts, with all below them, that it speaks for. body_sha256 and
    body_bytes: of what follows, packed; unpacked_bytes: unpacked. key: fingerprint of the signer.
    """

    format: str
    origin: str
    epoch: Counted
    number: Counted
    previous: str
    made_s: float
    scope: tuple[str, ...]
    documents: int
    removed: int
    body_sha256: str
    body_bytes: int
    unpacked_bytes: int
    key: str


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle as the feed lists it; sha256: of the whole file, in hex."""

    epoch: Counted
    number: Counted
    sha256: str
    size_bytes: int
    made_s: float


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """What an installation publishes at `/search/bundles/index.json`. key: PEM."""

    format: str
    origin: str
    scope: tuple[str, ...]
    key: str
    bundles: tuple[Listed, ...]


class Shared(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A document on its way: an IndexDocument without what means something here alone."""

    key: str
    title: str
    text: str
    lang: str = ""
    time_s: float = 0.0
    headings: str = ""
    anchors: str = ""
    kind: Kind = "page"
    file_type: str = ""
    spam: float = 0.0
    adult: float = 0.0
    trackers: int = 0
    shown: Mapping[str, str] = {}


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a bundle's body or of the journal: a document added, or a key that is gone."""

    add: Shared | None = None
    gone: str = ""

    @property
    def key(self) -> str:
        return self.add.key if self.add else self.gone


def shared(document: IndexDocument) -> Shared:
    return Shared(
        key=document.key,
        title=document.title[:_LONGEST_TITLE],
        text=document.text[:_LONGEST_TEXT],
        lang=document.lang,
        time_s=document.time_s,
        headings=document.headings[:_LONGEST_TEXT],
        anchors=document.anchors[:_LONGEST_TEXT],
        kind=msgspec.convert(document.kind, Kind),
        file_type=document.file_type,
        spam=document.signals.spam,
        adult=document.signals.adult,
        trackers=document.signals.trackers,
        shown=dict(document.shown),
    )


def taken_in(document: Shared, origin: str) -> IndexDocument:
    """The document as our index holds it. What the other says of its rank counts for nothing:
    it knows its own part of the web alone."""
    page = page_of(document.key)
    return IndexDocument(
        key=document.key,
        title=document.title,
        text=document.text,
        lang=document.lang[:20],
        host=host_of(page),
        time_s=document.time_s,
        headings=document.headings,
        anchors=document.anchors,
        kind=document.kind,
        file_type=document.file_type[:20],
        signals=Signals(
            spam=_share(document.spam), adult=_share(document.adult), trackers=max(0, document.trackers)
        ),
        shown={**_shown(document.shown), "from": origin},
    )


def is_acceptable(document: Shared, scope: tuple[str, ...]) -> bool:
    """Whether its address is a normal one within `scope`, and its texts are within limits."""
    page, _hash, _part = document.key.partition("#")
    if normal_url(page) != page or len(document.key) > len(page) + 40:
        return False
    if len(document.title) > _LONGEST_TITLE or document.time_s != document.time_s:
        return False
    if max(map(len, (document.text, document.headings, document.anchors))) > _LONGEST_TEXT:
        return False
    return is_within(host_of(page), scope)


def is_within(host: str, scope: tuple[str, ...]) -> bool:
    """Whether the host is one of `scope` or below it."""
    return any(host == one or host.endswith(f".{one}") for one in scope)


def page_of(key: str) -> str:
    """The address of the page that a document belongs to (its pictures have a `#` after it)."""
    return key.partition("#")[0]


def _share(value: float) -> float:
    return min(1.0, max(0.0, value)) if value == value else 0.0


def _shown(given: Mapping[str, str]) -> dict[str, str]:
    kept = {k: v[:_LONGEST_SHOWN] for k, v in given.items() if k in _SHOWN}
    return {k: v for k, v in kept.items() if k not in _ADDRESSES or normal_url(v)}
