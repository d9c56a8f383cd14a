"""The pages that were read and are in the index."""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection, delete, func, insert, select

from synfonium.apps.search.store.chunks import chunks
from synfonium.apps.search.store.tables import pages


class PageRow(msgspec.Struct, frozen=True, kw_only=True):
    url: str
    host: str
    lang: str
    digest: bytes
    read_s: float


def twins(connection: Connection, rows: Sequence[PageRow]) -> set[str]:
    """Addresses among `rows` whose content is known under another address, or came earlier
    in `rows`."""
    owner: dict[bytes, str] = {}
    for some in chunks([row.digest for row in rows]):
        for url, digest in connection.execute(
            select(pages.c.url, pages.c.digest).where(pages.c.digest.in_(some))
        ):
            owner.setdefault(digest, url)
    own = {row.url for row in rows}
    owner = {digest: url for digest, url in owner.items() if url not in own}
    return {row.url for row in rows if owner.setdefault(row.digest, row.url) != row.url}


def put_pages(connection: Connection, rows: Sequence[PageRow]) -> None:
    remove_pages(connection, [row.url for row in rows])
    latest = {row.url: msgspec.structs.asdict(row) for row in rows}
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
