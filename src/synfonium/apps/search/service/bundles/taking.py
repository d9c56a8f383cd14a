"""Takes a bundle of a peer into the index, after all of it was found to be true."""

import asyncio
from collections.abc import Callable, Iterator

import msgspec

from synfonium.apps.search.service.bundles.files import NoBundle, Opened, lines_of
from synfonium.apps.search.service.bundles.format import Line, is_acceptable, page_of, taken_in
from synfonium.apps.search.store.peers import (
    GivenRow,
    PeerRow,
    forget_given,
    given_before,
    given_by,
    own_pages,
    pulled,
    put_given,
)
from synfonium.ports.database import Database
from synfonium.ports.index import IndexDocument, SearchIndex

_AT_ONCE = 300


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a bundle. kept_ours: our own crawl, or a newer one of another peer, has the
    page; outside: it is of no host that the peer may speak for, or is not within limits."""

    added: int = 0
    removed: int = 0
    kept_ours: int = 0
    outside: int = 0


class _Batch(msgspec.Struct, frozen=True, kw_only=True):
    documents: list[IndexDocument]
    rows: list[GivenRow]
    deleted: list[str]
    forgotten: list[str]
    kept_ours: int
    outside: int


class Taking:
    """Writes into the public index what peers give; what our own crawls read always wins."""

    def __init__(self, database: Database, index: SearchIndex, clock_s: Callable[[], float]) -> None:
        self._database, self._index, self._clock_s = database, index, clock_s

    async def take(self, peer: PeerRow, opened: Opened) -> Taken:
        """Raises NoBundle before anything was written. May be run again after a crash.

        Which peer a document is from is durable before the document is in the index, and the
        bundle counts as read after that: nothing is ever in the index that nobody can remove.
        """
        manifest = opened.manifest
        follows(peer, opened)
        await asyncio.to_thread(_read_all, opened)
        taken = Taken()
        lines = lines_of(opened)
        while some := await asyncio.to_thread(_some, lines):
            batch = await self._sort(peer, manifest.epoch, some)
            await self._write(batch)
            taken = Taken(
                added=taken.added + len(batch.documents),
                removed=taken.removed + len(batch.deleted),
                kept_ours=taken.kept_ours + batch.kept_ours,
                outside=taken.outside + batch.outside,
            )
        removed = await self.remove(peer.id, before_epoch=manifest.epoch) if manifest.number == 1 else 0
        await asyncio.to_thread(self._index.commit)
        now = msgspec.structs.replace(
            peer,
            epoch=manifest.epoch,
            number=manifest.number,
            digest=opened.sha256,
            pulled_s=self._clock_s(),
            failure="",
        )
        await self._database.write(lambda c: pulled(c, now))
        return msgspec.structs.replace(taken, removed=taken.removed + removed)

    async def remove(self, peer_id: str, *, before_epoch: int | None = None) -> int:
        """Takes out what a peer gave, or what came in earlier epochs."""
        count = 0
        while keys := await self._database.read(
            lambda c: given_by(c, peer_id, before_epoch=before_epoch, limit=_AT_ONCE)
        ):
            own = await self._database.read(lambda c, k=keys: own_pages(c, {page_of(key) for key in k}))  # type: ignore[misc]
            deleted = [key for key in keys if page_of(key) not in own]
            await asyncio.to_thread(self._index.delete, deleted)
            await asyncio.to_thread(self._index.commit)
            await self._database.write(lambda c, k=keys: forget_given(c, k))  # type: ignore[misc]
            count += len(deleted)
        return count

    async def _sort(self, peer: PeerRow, epoch: int, lines: list[Line]) -> _Batch:
        keys = [line.key for line in lines]
        known = await self._database.read(lambda c: given_before(c, keys))
        own = await self._database.read(lambda c: own_pages(c, {page_of(key) for key in keys}))
        added = [line.add for line in lines if line.add]
        fit = [one for one in added if is_acceptable(one, peer.scope)]
        ours = [one for one in fit if page_of(one.key) not in own]
        won = [one for one in ours if _wins(known.get(one.key), peer, one.time_s)]
        gone = [line.key for line in lines if line.gone and _is_of(known.get(line.gone), peer)]
        return _Batch(
            documents=[taken_in(one, peer.origin) for one in won],
            rows=[GivenRow(key=one.key, peer_id=peer.id, epoch=epoch, time_s=one.time_s) for one in won],
            deleted=[key for key in gone if page_of(key) not in own],
            forgotten=gone,
            kept_ours=len(fit) - len(won),
            outside=len(added) - len(fit),
        )

    async def _write(self, batch: _Batch) -> None:
        await self._database.write(lambda c: put_given(c, batch.rows))
        await asyncio.to_thread(self._index.delete, batch.deleted)
        await asyncio.to_thread(self._index.add, batch.documents)
        if batch.forgotten:
            await asyncio.to_thread(self._index.commit)
            await self._database.write(lambda c: forget_given(c, batch.forgotten))


def follows(peer: PeerRow, opened: Opened) -> None:
    """Raises NoBundle unless it is the next one of this peer: `origin`, `old` (replayed), `chain`."""
    manifest = opened.manifest
    if manifest.origin != peer.origin:
        raise NoBundle("origin")
    if (manifest.epoch, manifest.number) <= (peer.epoch, peer.number):
        raise NoBundle("old")
    if manifest.number == 1:
        previous = ""
    elif (manifest.epoch, manifest.number) == (peer.epoch, peer.number + 1):
        previous = peer.digest
    else:
        raise NoBundle("chain")
    if manifest.previous != previous:
        raise NoBundle("chain")


def _read_all(opened: Opened) -> None:
    for _line in lines_of(opened):
        pass


def _some(lines: Iterator[Line]) -> list[Line]:
    """The next few, each key once."""
    some: dict[str, Line] = {}
    for line in lines:
        some[line.key] = line
        if len(some) >= _AT_ONCE:
            break
    return list(some.values())


def _wins(known: GivenRow | None, peer: PeerRow, time_s: float) -> bool:
    return known is None or known.peer_id == peer.id or known.time_s < time_s


def _is_of(known: GivenRow | None, peer: PeerRow) -> bool:
    return known is not None and known.peer_id == peer.id
