"""Publishing and following, side by side with crawling: what the worker does every few hours."""

import asyncio
from contextlib import suppress

from synfonium.apps.search.config import SearchConfig
from synfonium.apps.search.errors import NothingShared
from synfonium.apps.search.service.bundles.fetching import BundleFetcher
from synfonium.apps.search.service.bundles.format import Feed, Listed
from synfonium.apps.search.service.bundles.journal import Journal, JournaledIndex
from synfonium.apps.search.service.bundles.keys import BundleKey
from synfonium.apps.search.service.bundles.peers import Peers
from synfonium.apps.search.service.bundles.publishing import Publisher
from synfonium.common.problem import Problem
from synfonium.kernel import logs
from synfonium.kernel.context import Context
from synfonium.ports.index import SearchIndex

log = logs.get("search")
_FOLDER = "bundles"
_FIRST_S = 60.0
"""After a start: not before everything else is up."""


def publisher_of(context: Context) -> Publisher | None:
    """Where the settings name hosts to share; else nothing is published."""
    config: SearchConfig = context.config
    if not config.share_hosts:
        return None
    folder = context.folder / _FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Publisher(
        folder,
        origin=context.site.public_url,
        scope=tuple(host.lower() for host in config.share_hosts),
        key=BundleKey(context.secrets),
        clock=context.clock,
    )


class Exchange:
    """The worker's side. index: what crawls and imports write to. peers: whom we follow."""

    def __init__(self, context: Context, index: SearchIndex) -> None:
        config: SearchConfig = context.config
        self._publisher = publisher_of(context)
        self._every_s = 3600 * config.share_every_hours
        self._journal: Journal | None = None
        self.index = index
        if self._publisher is not None:
            self._journal = Journal(context.folder / _FOLDER, tuple(config.share_hosts))
            self.index = JournaledIndex(index, self._journal)
        fetcher = BundleFetcher(
            f"Synfonium/0.1 (+{context.site.public_url}/bot)", is_local_allowed=config.outside_local
        )
        self.peers = Peers(context.database, index, fetcher, context.folder / "pulls", context.clock)
        self._task: asyncio.Task[None] | None = None
        self._exporting = asyncio.Lock()

    def feed(self) -> Feed:
        """Raises NothingShared."""
        if self._publisher is None:
            raise NothingShared
        return self._publisher.feed()

    async def export(self, *, anew: bool = False) -> Listed | None:
        """The next bundle, or None when nothing changed. Raises NothingShared."""
        if self._publisher is None or self._journal is None:
            raise NothingShared
        async with self._exporting:
            return await asyncio.to_thread(self._publisher.export, self._journal, anew=anew)

    def begin(self) -> None:
        """Publishes and pulls every few hours, until `close`. What a crash or a stop cuts short
        goes on at the next start: how far each peer was read is a row, and a download is a file."""
        self._task = asyncio.create_task(self._go_on())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def close(self) -> None:
        await self.stop()
        await self.peers.close()

    async def _go_on(self) -> None:
        await asyncio.sleep(min(_FIRST_S, self._every_s))
        while True:
            try:
                await self._turn()
            except Exception as failure:
                log.error("exchange.failed", failure)
            await asyncio.sleep(self._every_s)

    async def _turn(self) -> None:
        if self._publisher is not None:
            await self.export()
        for peer in await self.peers.all():
            with suppress(Problem):
                await self.peers.pull(peer.origin)
