"""The pages that were read and are in the index."""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select

from synfonium.apps.search.store.chunks import chunks
from synfonium.apps.search.store.tables import BANDS, pages

_UNSIGNED = (1 << 64) - 1
_MOST_ALIKE = 2000


class PageRow(msgspec.Struct, frozen=True, kw_only=True):
    """digest: equal for equal texts. simhash, bands: near for texts that are nearly equal
    (libraries/simhash); no bands for a short text."""

    url: str
    host: str
    lang: str
    digest: bytes
    read_s: float
    simhash: int = 0
    bands: tuple[int, ...] = ()


def rows_alike(connection: Connection, rows: Sequence[PageRow]) -> list[PageRow]:
    """Known pages that have the digest or one band in common with one of `rows`; at most two
    thousand for three hundred rows."""
    found: dict[str, PageRow] = {}
    for some in chunks(list(rows)):
        alike = [pages.c.digest.in_([row.digest for row in some])]
        for place, name in enumerate(BANDS):
            values = [row.bands[place] for row in some if row.bands]
            alike += [pages.c[name].in_(values)] if values else []
        # Each by its own index, and not a scan for any of them.
        for one in alike:
            for row in connection.execute(select(pages).where(one).limit(_MOST_ALIKE)):
                found[row.url] = _page(row)
    return list(found.values())


def _page(row: Row[tuple[object, ...]]) -> PageRow:
    bands = tuple(getattr(row, name) for name in BANDS)
    return PageRow(
        url=row.url,
        host=row.host,
        lang=row.lang,
        digest=row.digest,
        read_s=row.read_s,
        simhash=row.simhash & _UNSIGNED,
        bands=() if None in bands else bands,
    )


def _values(row: PageRow) -> dict[str, object]:
    bands = row.bands or (None,) * len(BANDS)
    signed = row.simhash - (1 << 64) if row.simhash >> 63 else row.simhash
    return {
        "url": row.url,
        "host": row.host,
        "lang": row.lang,
        "digest": row.digest,
        "read_s": row.read_s,
        "simhash": signed,
        **dict(zip(BANDS, bands, strict=True)),
    }


def put_pages(connection: Connection, rows: Sequence[PageRow]) -> None:
    remove_pages(connection, [row.url for row in rows])
    latest = {row.url: _values(row) for row in rows}
    if latest:
        connection.execute(insert(pages), list(latest.values()))


def remove_pages(connection: Connection, urls: Iterable[str]) -> None:
    for some in chunks(list(urls)):
        connection.execute(delete(pages).where(pages.c.url.in_(some)))


def sources(connection: Connection, limit: int) -> list[tuple[str, int, float]]:
    """Hosts with most pages: (host, pages, last read, UTC seconds)."""
    count = func.count()
    found = connection.execute(
        select(pages.c.host, count, func.max(pages.c.read_s))
        .group_by(pages.c.host)
        .order_by(count.desc(), pages.c.host)
        .limit(limit)
    )
    return [(host, number, read_s) for host, number, read_s in found]
