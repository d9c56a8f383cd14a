"""Pages that say nearly the same: the better one stays in the index."""

from collections.abc import Sequence
from hashlib import blake2b
from urllib.parse import urlsplit

from sqlalchemy import Connection

from synfonium.apps.search import store
from synfonium.apps.search.model import ReadPage, host_of
from synfonium.apps.search.store import PageRow
from synfonium.libraries.simhash import NEAR, distance

_TWIN_FROM = 200


def row_of(page: ReadPage) -> PageRow:
    """What tells that another page says the same."""
    extract = page.extract
    return PageRow(
        url=page.url,
        host=host_of(page.url),
        lang=extract.lang,
        digest=digest_of(page.url, extract.text),
        read_s=page.read_s,
        simhash=extract.simhash,
        bands=extract.bands,
    )


def digest_of(url: str, text: str) -> bytes:
    """Equal for pages with the same long text; short texts are equal too easily."""
    same = text if len(text) >= _TWIN_FROM else url
    return blake2b(same.encode("utf-8", "replace"), digest_size=16).digest()


def worse_twins(connection: Connection, rows: Sequence[PageRow]) -> set[str]:
    """Addresses that leave the index, among `rows` and among the known pages: each says nearly
    what a better page says that stays.

    On one host the better page is the one under https, with the shorter address. Between hosts it
    is the one that was known first: else anybody could drive a page out by copying it.
    """
    latest = {row.url: row for row in rows}
    known = [row for row in store.rows_alike(connection, rows) if row.url not in latest]
    kept, gone = _Kept(known), set[str]()
    for row in latest.values():
        twins = kept.like(row)
        if any(not _is_better(row, twin) for twin in twins):
            gone.add(row.url)
            continue
        for twin in twins:
            kept.remove(twin)
            gone.add(twin.url)
        kept.add(row)
    return gone


class _Kept:
    """Pages by what they can have in common."""

    def __init__(self, rows: Sequence[PageRow]) -> None:
        self._by_mark: dict[object, dict[str, PageRow]] = {}
        for row in rows:
            self.add(row)

    def add(self, row: PageRow) -> None:
        for mark in _marks(row):
            self._by_mark.setdefault(mark, {})[row.url] = row

    def remove(self, row: PageRow) -> None:
        for mark in _marks(row):
            self._by_mark[mark].pop(row.url, None)

    def like(self, row: PageRow) -> list[PageRow]:
        alike = {u: other for mark in _marks(row) for u, other in self._by_mark.get(mark, {}).items()}
        return [other for other in alike.values() if _is_twin(row, other)]


def _marks(row: PageRow) -> list[object]:
    return [row.digest, *enumerate(row.bands)]


def _is_twin(one: PageRow, other: PageRow) -> bool:
    if one.digest == other.digest:
        return True
    return bool(one.bands and other.bands) and distance(one.simhash, other.simhash) <= NEAR


def _is_better(fresh: PageRow, known: PageRow) -> bool:
    is_same_site = fresh.host.removeprefix("www.") == known.host.removeprefix("www.")
    return is_same_site and _badness(fresh.url) < _badness(known.url)


def _badness(url: str) -> tuple[bool, bool, int, str]:
    parts = urlsplit(url)
    return (parts.scheme != "https", bool(parts.query), len(url), url)
