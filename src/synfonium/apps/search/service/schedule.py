"""When a page is due again: by how often it changed."""

import zlib
from collections.abc import Iterable

from synfonium.apps.search.model import VisitKind, authority_of
from synfonium.apps.search.service.fetch import Fetched
from synfonium.apps.search.store import VisitRow

_HOUR_S, _DAY_S = 3600.0, 86400.0
_FIRST_S: dict[VisitKind, float] = {"page": _DAY_S, "sitemap": _DAY_S, "feed": _HOUR_S}
_SHORTEST_S: dict[VisitKind, float] = {"page": _HOUR_S / 6, "sitemap": _HOUR_S, "feed": _HOUR_S / 12}
_LONGEST_S: dict[VisitKind, float] = {"page": 60 * _DAY_S, "sitemap": 7 * _DAY_S, "feed": _DAY_S}
_MOST_LINKS = 2000
_LARGEST_LINKS_BYTES = 4 << 20


def next_interval_s(kind: VisitKind, before_s: float, *, is_changed: bool) -> float:
    """Twice as long when it was still the same, half as long when it had changed; within
    bounds. before_s: the last interval, 0 at the first visit."""
    if not before_s:
        return _FIRST_S[kind]
    wished_s = before_s / 2 if is_changed else before_s * 2
    return min(_LONGEST_S[kind], max(_SHORTEST_S[kind], wished_s))


def visit_of(
    answer: Fetched,
    before: VisitRow | None,
    *,
    kind: VisitKind,
    digest: bytes,
    links: Iterable[str],
    now_s: float,
) -> VisitRow:
    """What to remember of an answer with content."""
    is_changed = before is None or before.digest != digest
    interval_s = next_interval_s(kind, before.interval_s if before else 0.0, is_changed=is_changed)
    return VisitRow(
        url=answer.url,
        authority=authority_of(answer.url),
        kind=kind,
        etag=answer.etag,
        last_modified=answer.last_modified,
        digest=digest,
        links=pack(links),
        visited_s=now_s,
        interval_s=interval_s,
        due_s=now_s + interval_s,
    )


def unchanged(before: VisitRow, now_s: float) -> VisitRow:
    """What to remember when the host says that nothing changed (304)."""
    interval_s = next_interval_s(before.kind, before.interval_s, is_changed=False)
    return VisitRow(
        **{
            **{name: getattr(before, name) for name in VisitRow.__struct_fields__},
            "visited_s": now_s,
            "interval_s": interval_s,
            "due_s": now_s + interval_s,
        }
    )


def pack(links: Iterable[str]) -> bytes:
    """Addresses in little room: a page that is unchanged still leads to all of them."""
    some = [link for link, _ in zip(links, range(_MOST_LINKS), strict=False)]
    return zlib.compress("\n".join(some).encode(), 1) if some else b""


def unpack(packed: bytes) -> list[str]:
    """The addresses again."""
    if not packed:
        return []
    return zlib.decompressobj().decompress(packed, _LARGEST_LINKS_BYTES).decode().split("\n")
