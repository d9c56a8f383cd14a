"""Installations whose bundles we take in, and which documents came from each."""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from synfonium.apps.search.model import LONGEST_URL
from synfonium.apps.search.store.chunks import chunks
from synfonium.apps.search.store.tables import metadata, pages

LONGEST_KEY = LONGEST_URL + 40

peers = Table(
    "search_peer",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("origin", String(300), nullable=False, unique=True),
    Column("key", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("scope", Text, nullable=False),
    Column("added_s", Float, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("pulled_s", Float, nullable=False),
    Column("failure", String(20), nullable=False),
    info={"personal": {}},
)

given = Table(
    "search_peer_document",
    metadata,
    Column("key", String(LONGEST_KEY), primary_key=True),
    Column("peer_id", String(26), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("time_s", Float, nullable=False),
    Index("search_peer_document_peer", "peer_id", "epoch"),
    info={"personal": {}},
)


class PeerRow(msgspec.Struct, frozen=True, kw_only=True):
    """An installation that we follow. origin: as it says, for instance https://town.example.

    key: PEM, with its fingerprint as it was confirmed. scope: the hosts that it may speak for,
    as they were confirmed. epoch, number, digest: of the last bundle that was taken in; 0 and
    empty before the first. failure: why the last pull failed, in one word.
    """

    id: str
    origin: str
    key: str
    fingerprint: str
    scope: tuple[str, ...]
    added_s: float
    epoch: int = 0
    number: int = 0
    digest: str = ""
    pulled_s: float = 0.0
    failure: str = ""


class GivenRow(msgspec.Struct, frozen=True, kw_only=True):
    """A document of a peer that is in our index; time_s: what the document says."""

    key: str
    peer_id: str
    epoch: int
    time_s: float


def add_peer(connection: Connection, peer: PeerRow) -> None:
    row = {**msgspec.structs.asdict(peer), "scope": " ".join(peer.scope)}
    connection.execute(insert(peers), [row])


def all_peers(connection: Connection) -> list[PeerRow]:
    found = connection.execute(select(peers).order_by(peers.c.id))
    return [PeerRow(**{**row._mapping, "scope": tuple(row.scope.split())}) for row in found]


def pulled(connection: Connection, peer: PeerRow) -> None:
    """Remembers how far a peer was read, and how its last pull went."""
    values = {name: getattr(peer, name) for name in ("epoch", "number", "digest", "pulled_s", "failure")}
    connection.execute(update(peers).where(peers.c.id == peer.id).values(**values))


def remove_peer(connection: Connection, peer_id: str) -> None:
    connection.execute(delete(given).where(given.c.peer_id == peer_id))
    connection.execute(delete(peers).where(peers.c.id == peer_id))


def documents_of_peers(connection: Connection) -> dict[str, int]:
    """Peer to how many documents of it there are."""
    found = connection.execute(select(given.c.peer_id, func.count()).group_by(given.c.peer_id))
    return {row.peer_id: row[1] for row in found}


def given_before(connection: Connection, keys: Sequence[str]) -> dict[str, GivenRow]:
    rows = (
        row
        for some in chunks(list(keys))
        for row in connection.execute(select(given).where(given.c.key.in_(some)))
    )
    return {row.key: GivenRow(**row._mapping) for row in rows}


def own_pages(connection: Connection, urls: Iterable[str]) -> set[str]:
    """Which of the addresses our own crawls have read."""
    return {
        url
        for some in chunks(list(urls))
        for url in connection.scalars(select(pages.c.url).where(pages.c.url.in_(some)))
    }


def put_given(connection: Connection, rows: Sequence[GivenRow]) -> None:
    forget_given(connection, [row.key for row in rows])
    if rows:
        connection.execute(insert(given), [msgspec.structs.asdict(row) for row in rows])


def forget_given(connection: Connection, keys: Iterable[str]) -> None:
    for some in chunks(list(keys)):
        connection.execute(delete(given).where(given.c.key.in_(some)))


def given_by(connection: Connection, peer_id: str, *, before_epoch: int | None, limit: int) -> list[str]:
    """Keys of a peer's documents, or of those that came in an earlier epoch."""
    keys = select(given.c.key).where(given.c.peer_id == peer_id)
    if before_epoch is not None:
        keys = keys.where(given.c.epoch < before_epoch)
    return list(connection.scalars(keys.limit(limit)))
