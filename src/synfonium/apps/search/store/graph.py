"""Links between hosts and between pages, and what follows from them: ranks and anchors.

Addresses are numbers here (see `page_number`): a page has some ten links, and an address 80 bytes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b

import msgspec
from sqlalchemy import Connection, delete, insert, select

from synfonium.apps.search.store.chunks import chunks
from synfonium.apps.search.store.tables import host_links, host_ranks, page_links, page_ranks

MOST_INTO = 30
"""How many links into one page are kept, the first from each host before any other."""
_READ_AT_ONCE = 50_000


class PageLinkRow(msgspec.Struct, frozen=True, kw_only=True):
    """A link; pages by number, host: the source's, by number too."""

    target: int
    source: int
    host: int
    anchor: str


def page_number(url: str) -> int:
    """63 bits of an address's hash: of a thousand million pages, no two are likely to share one."""
    return int.from_bytes(blake2b(url.encode(), digest_size=8).digest(), "big") >> 1


def put_page_links(connection: Connection, sources: Iterable[int], rows: Sequence[PageLinkRow]) -> None:
    """Replaces what these sources link to. At most thirty links into a page are kept; one from a
    host that is new to it takes the place of another host's second."""
    for some in chunks(list(sources)):
        connection.execute(delete(page_links).where(page_links.c.source.in_(some)))
    known = _links_into(connection, {row.target for row in rows})
    fresh, evicted = [], []
    for row in {(row.target, row.source): row for row in rows}.values():
        into = known.setdefault(row.target, {})
        if len(into) >= MOST_INTO:
            second = _second(into) if row.host not in into.values() else None
            if second is None:
                continue
            del into[second]
            evicted.append((row.target, second))
        into[row.source] = row.host
        fresh.append(row)
    _evict(connection, evicted)
    gone = set(evicted)
    values = [msgspec.structs.asdict(row) for row in fresh if (row.target, row.source) not in gone]
    if values:
        connection.execute(insert(page_links), values)


def _links_into(connection: Connection, targets: set[int]) -> dict[int, dict[int, int]]:
    found: dict[int, dict[int, int]] = {}
    for some in chunks(list(targets)):
        columns = select(page_links.c.target, page_links.c.source, page_links.c.host)
        for target, source, host in connection.execute(columns.where(page_links.c.target.in_(some))):
            found.setdefault(target, {})[source] = host
    return found


def _second(into: Mapping[int, int]) -> int | None:
    """A source whose host has another one among them."""
    seen: set[int] = set()
    for source, host in into.items():
        if host in seen:
            return source
        seen.add(host)
    return None


def _evict(connection: Connection, evicted: Sequence[tuple[int, int]]) -> None:
    for target, source in evicted:
        connection.execute(
            delete(page_links).where(page_links.c.target == target, page_links.c.source == source)
        )


def put_host_links(connection: Connection, links: Iterable[tuple[str, str]]) -> None:
    """Adds links from host to host that are not known yet."""
    by_source: dict[str, set[str]] = {}
    for source, target in links:
        by_source.setdefault(source, set()).add(target)
    for source, targets in by_source.items():
        for some in chunks(list(targets)):
            columns = select(host_links.c.target)
            known = columns.where(host_links.c.source == source, host_links.c.target.in_(some))
            targets.difference_update(connection.scalars(known))
    fresh = [
        {"source": source, "target": target} for source, targets in by_source.items() for target in targets
    ]
    if fresh:
        connection.execute(insert(host_links), fresh)


def forget_links_of(connection: Connection, sources: Iterable[int]) -> None:
    for some in chunks(list(sources)):
        connection.execute(delete(page_links).where(page_links.c.source.in_(some)))


def anchors_into(connection: Connection, targets: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
    """(source's host, anchor) of the links into each page that have words."""
    found: dict[int, list[tuple[int, str]]] = {}
    for some in chunks(list(targets)):
        columns = select(page_links.c.target, page_links.c.host, page_links.c.anchor)
        chosen = columns.where(page_links.c.target.in_(some), page_links.c.anchor != "")
        for target, host, anchor in connection.execute(chosen.order_by(page_links.c.source)):
            found.setdefault(target, []).append((host, anchor))
    return found


def read_host_links(connection: Connection) -> Iterator[Sequence[tuple[str, str]]]:
    """All links between hosts, many at a time."""
    result = connection.execute(select(host_links.c.source, host_links.c.target))
    for some in result.partitions(_READ_AT_ONCE):
        yield [(source, target) for source, target in some]


def read_page_links(connection: Connection) -> Iterator[Sequence[tuple[int, int]]]:
    """All links between pages that are kept, many at a time."""
    result = connection.execute(select(page_links.c.source, page_links.c.target))
    for some in result.partitions(_READ_AT_ONCE):
        yield [(source, target) for source, target in some]


def put_host_ranks(connection: Connection, ranks: Mapping[str, float]) -> None:
    """Replaces all ranks of hosts."""
    connection.execute(delete(host_ranks))
    if ranks:
        connection.execute(insert(host_ranks), [{"host": host, "rank": rank} for host, rank in ranks.items()])


def put_page_ranks(connection: Connection, ranks: Mapping[int, float]) -> None:
    """Replaces all ranks of pages."""
    connection.execute(delete(page_ranks))
    if ranks:
        connection.execute(insert(page_ranks), [{"page": page, "rank": rank} for page, rank in ranks.items()])


def ranks_of_hosts(connection: Connection, hosts: Sequence[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for some in chunks(list(hosts)):
        columns = select(host_ranks.c.host, host_ranks.c.rank)
        found.update(
            (host, rank) for host, rank in connection.execute(columns.where(host_ranks.c.host.in_(some)))
        )
    return found


def ranks_of_pages(connection: Connection, numbers: Sequence[int]) -> dict[int, float]:
    found: dict[int, float] = {}
    for some in chunks(list(numbers)):
        columns = select(page_ranks.c.page, page_ranks.c.rank)
        found.update(
            (page, rank) for page, rank in connection.execute(columns.where(page_ranks.c.page.in_(some)))
        )
    return found
