"""The installations that we follow: added by hand, read by and by, removed with all they gave."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec

from synfonium.apps.search.errors import NoPeer, PeerKnown, PeerRefused
from synfonium.apps.search.model import normal_url
from synfonium.apps.search.service.bundles.fetching import BundleFetcher
from synfonium.apps.search.service.bundles.files import Limits, NoBundle, Opened, open_bundle
from synfonium.apps.search.service.bundles.format import Feed, Listed
from synfonium.apps.search.service.bundles.keys import fingerprint_of
from synfonium.apps.search.service.bundles.taking import Taken, Taking
from synfonium.apps.search.store import peers as store
from synfonium.apps.search.store.peers import PeerRow
from synfonium.common.ids import new_id
from synfonium.kernel import logs
from synfonium.ports.clock import Clock
from synfonium.ports.database import Database
from synfonium.ports.index import SearchIndex

log = logs.get("search")


class Peers:
    """folder: for downloads that are under way. index: the bare one, as what peers give is
    given on to nobody."""

    def __init__(
        self,
        database: Database,
        index: SearchIndex,
        fetcher: BundleFetcher,
        folder: Path,
        clock: Clock,
        limits: Limits = Limits(),  # noqa: B008
    ) -> None:
        self._database, self._fetcher, self._folder, self._clock = database, fetcher, folder, clock
        self._index, self._limits = index, limits
        self._taking = Taking(database, index, clock.now_s)
        self._turn = asyncio.Lock()

    async def close(self) -> None:
        await self._fetcher.close()

    async def all(self) -> list[PeerRow]:
        return await self._database.read(store.all_peers)

    async def look(self, address: str) -> Feed:
        """What an installation publishes, before anything of it is trusted. Raises PeerRefused."""
        try:
            return await self._fetcher.feed(origin_of(address))
        except NoBundle as refused:
            raise PeerRefused(reason=str(refused)) from None

    async def add(self, address: str, fingerprint: str, scope: Sequence[str] = ()) -> PeerRow:
        """Follows an installation whose key has this fingerprint, for the hosts of `scope`, else
        for all that its feed names now. Raises PeerRefused, PeerKnown."""
        feed = await self.look(address)
        if fingerprint_of(feed.key) != fingerprint.replace(" ", "").replace(":", "").lower():
            raise PeerRefused(reason="key")
        if any(peer.origin == feed.origin for peer in await self.all()):
            raise PeerKnown
        now_s = self._clock.now_s()
        peer = PeerRow(
            id=new_id(now_s),
            origin=feed.origin,
            key=feed.key,
            fingerprint=fingerprint_of(feed.key),
            scope=tuple(host.lower() for host in scope or feed.scope),
            added_s=now_s,
        )
        await self._database.write(lambda c: store.add_peer(c, peer))
        return peer

    async def remove(self, origin: str) -> int:
        """Forgets a peer and takes out all that it gave. Raises NoPeer."""
        async with self._turn:
            peer = await self.known(origin)
            count = await self._taking.remove(peer.id)
            await self._database.write(lambda c: store.remove_peer(c, peer.id))
            return count

    async def pull(self, origin: str) -> Taken:
        """Takes in all new bundles of a peer. Raises NoPeer, PeerRefused."""
        async with self._turn:
            peer = await self.known(origin)
            try:
                return await self._pull(peer)
            except NoBundle as refused:
                reason = str(refused)
                await self._failed(origin, reason)
                raise PeerRefused(reason=reason) from None

    async def take_file(self, origin: str, path: Path) -> Taken:
        """Takes in a bundle of a peer that came as a file. Raises NoPeer, PeerRefused, OSError."""
        async with self._turn:
            peer = await self.known(origin)
            try:
                opened = await asyncio.to_thread(open_bundle, path, peer.key, self._limits)
                return await self._taking.take(peer, opened)
            except NoBundle as refused:
                raise PeerRefused(reason=str(refused)) from None

    async def known(self, origin: str) -> PeerRow:
        """The peer at this address, as it is now. Raises NoPeer."""
        found = [peer for peer in await self.all() if peer.origin == origin.rstrip("/")]
        if not found:
            raise NoPeer
        return found[0]

    async def _pull(self, peer: PeerRow) -> Taken:
        feed = await self._fetcher.feed(peer.origin)
        if feed.key != peer.key:
            raise NoBundle("key")
        total = Taken()
        for listed in _wanted(peer, feed):
            opened = await self._download(peer, listed)
            total = _sum(total, await self._taking.take(peer, opened))
            opened.path.unlink()
            peer = await self.known(peer.origin)
        done = msgspec.structs.replace(peer, pulled_s=self._clock.now_s(), failure="")
        await self._database.write(lambda c: store.pulled(c, done))
        log.info("peer.pulled", count=total.added)
        return total

    async def _download(self, peer: PeerRow, listed: Listed) -> Opened:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{peer.id}-{listed.epoch}-{listed.number}.part"
        await self._fetcher.fetch(peer.origin, listed, path, largest_bytes=self._limits.file_bytes)
        try:
            return await asyncio.to_thread(open_bundle, path, peer.key, self._limits)
        except NoBundle:
            path.unlink()
            raise

    async def _failed(self, origin: str, reason: str) -> None:
        now = msgspec.structs.replace(await self.known(origin), failure=reason, pulled_s=self._clock.now_s())
        await self._database.write(lambda c: store.pulled(c, now))
        log.warning("peer.failed", reason=reason)


def origin_of(address: str) -> str:
    """`https://town.example` of whatever was typed. Raises PeerRefused."""
    typed = address.strip()
    url = normal_url(typed if "://" in typed else f"https://{typed}")
    if url is None:
        raise PeerRefused(reason="unreachable")
    return "/".join(url.split("/")[:3])


def _wanted(peer: PeerRow, feed: Feed) -> list[Listed]:
    """The bundles that follow what was read. Raises NoBundle (`old`, `chain`) when it goes back."""
    listed = sorted(feed.bundles, key=lambda one: (one.epoch, one.number))
    if not listed:
        if peer.number:
            raise NoBundle("old")
        return []
    last = listed[-1]
    if (last.epoch, last.number) < (peer.epoch, peer.number):
        raise NoBundle("old")
    new = [one for one in listed if one.epoch == last.epoch]
    first = peer.number + 1 if last.epoch == peer.epoch else 1
    new = [one for one in new if one.number >= first]
    if [one.number for one in new] != list(range(first, first + len(new))):
        raise NoBundle("chain")
    return new


def _sum(one: Taken, other: Taken) -> Taken:
    return Taken(**{name: getattr(one, name) + getattr(other, name) for name in Taken.__struct_fields__})
