"""Web search, opened in a role: the web role finds, the worker also crawls and imports."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property, partial
from typing import TYPE_CHECKING

from synfonium.apps.search import store
from synfonium.apps.search.service.answers.imported import Imported, KnowledgeImports
from synfonium.apps.search.service.bundles.exchange import Exchange
from synfonium.apps.search.service.crawls import Crawls
from synfonium.apps.search.service.duties.blocks import Blocks, ObedientIndex
from synfonium.apps.search.service.duties.requests import Requests
from synfonium.apps.search.service.federation.open import OutsideSearch
from synfonium.apps.search.service.fetch import Fetcher
from synfonium.apps.search.service.imports import Imports
from synfonium.apps.search.service.pictures import AT_ONCE, SLOWEST_S, PictureSeal, SmallPictures
from synfonium.apps.search.service.places.drawing import Maps
from synfonium.apps.search.service.places.finding import Places
from synfonium.apps.search.service.places.importing import PlaceImports
from synfonium.apps.search.service.search import WebSearch
from synfonium.apps.search.service.young import YoungHosts
from synfonium.kernel.context import Context
from synfonium.ports.index import SearchIndex

if TYPE_CHECKING:
    from synfonium.apps.search.service.ohttp.gateway import Gateway
    from synfonium.apps.search.service.ohttp.relay import Relay
    from synfonium.apps.search.service.proofs.registry import Proofs

INDEX = "web"


class SearchService:
    """find, outside, proofs, blocks: in every role. crawls, imports, exchange, requests: where the index is
    written, else None. young, seal: in every role. pictures: in the worker, which alone speaks to other
    sites.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        is_writer = context.owns_database
        whole = index = context.index(INDEX, writable=is_writer)
        self.blocks = Blocks(context.database)
        self.find = WebSearch(
            ObedientIndex(index, self.blocks), now_s=context.clock.now_s, ready=self.blocks.ready
        )
        self.young = YoungHosts(context.folder)
        self.exchange = Exchange(context, index) if is_writer else None
        if self.exchange is not None:
            index = self.exchange.index
        obedient = ObedientIndex(index, self.blocks)
        self.crawls = Crawls(context, obedient, self.blocks.is_removed) if is_writer else None
        self.imports = Imports(context, obedient) if is_writer else None
        self.imported = Imported(context)
        self.places, self.maps = Places(context), Maps(context)
        self.place_imports = PlaceImports(context) if is_writer else None
        self.knowledge_imports = KnowledgeImports(context) if is_writer else None
        self.requests = self._requests(whole, index) if is_writer else None

    def _requests(self, whole: SearchIndex, index: SearchIndex) -> Requests:
        """What is asked to be left out; it alone sees the whole index."""
        assert self.crawls is not None
        fetcher = partial(Fetcher, self.crawls.user_agent, is_local_allowed=False, connections=2)
        return Requests(self._context, whole, index, self.blocks, fetcher)

    @cached_property
    def seal(self) -> PictureSeal:
        return PictureSeal(self._context.secrets.derive("search pictures"))

    def picture_address(self, url: str) -> str:
        """Where this installation shows the picture at `url`; "" for no web address."""
        return self.seal.address(url)

    @cached_property
    def pictures(self) -> SmallPictures:
        assert self.crawls is not None
        agent = self.crawls.user_agent
        fetcher = Fetcher(agent, is_local_allowed=False, connections=AT_ONCE, slowest_s=SLOWEST_S)
        return SmallPictures(fetcher)

    async def close_pictures(self) -> None:
        if "pictures" in self.__dict__:
            await self.pictures.close()

    @cached_property
    def outside(self) -> OutsideSearch:
        """The engines of others; made when first asked for."""
        return OutsideSearch(self._context)

    @cached_property
    def proofs(self) -> "Proofs":
        """Built when somebody looks: a role that starts does without it."""
        from synfonium.apps.search.service.proofs.registry import Proofs

        return Proofs(self._context)

    @cached_property
    def gateway(self) -> "Gateway":
        """For sealed questions; imported with the first one."""
        from synfonium.apps.search.service.ohttp.gateway import Gateway
        from synfonium.apps.search.service.ohttp.keys import GatewayKeys

        context = self._context
        keys = GatewayKeys(context.folder, context.secrets, context.clock)
        return Gateway(keys, context.ask, context.site, context.clock)

    @cached_property
    def relay(self) -> "Relay":
        """For sealed questions to others."""
        from synfonium.apps.search.service.ohttp.relay import Relay, gateways_of

        config = self._context.config
        files = dict(part.split("=", 1) for part in config.relay_token_files if "=" in part)
        return Relay(gateways_of(config.relay_to), files)

    async def close(self) -> None:
        if "relay" in self.__dict__:
            await self.relay.close()


@asynccontextmanager
async def open_service(context: Context) -> AsyncIterator[SearchService]:
    """Crawls that a crash or a restart interrupted go on."""
    service = SearchService(context)
    if service.crawls is None or service.exchange is None:
        try:
            yield service
        finally:
            await service.close()
        return
    await service.blocks.ready()
    if context.database.dialect == "sqlite":
        # One process holds the home, so whoever had leases is gone. Elsewhere they end by themselves.
        await context.database.write(store.forget_holders)
    for crawl_id in await context.database.read(store.running_crawls):
        service.crawls.start(crawl_id)
    service.exchange.begin()
    try:
        yield service
    finally:
        await service.close_pictures()
        await service.exchange.close()
        await service.crawls.close()
