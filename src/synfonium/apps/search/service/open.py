"""Web search, opened in a role: the web role finds, the worker also crawls and imports."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from synfonium.apps.search import store
from synfonium.apps.search.service.answers.imported import Imported, KnowledgeImports
from synfonium.apps.search.service.bundles.exchange import Exchange
from synfonium.apps.search.service.crawls import Crawls
from synfonium.apps.search.service.federation.open import OutsideSearch
from synfonium.apps.search.service.imports import Imports
from synfonium.apps.search.service.places.drawing import Maps
from synfonium.apps.search.service.places.finding import Places
from synfonium.apps.search.service.places.importing import PlaceImports
from synfonium.apps.search.service.search import WebSearch
from synfonium.kernel.context import Context

if TYPE_CHECKING:
    from synfonium.apps.search.service.proofs.registry import Proofs

INDEX = "web"


class SearchService:
    """find, outside, proofs: in every role. crawls, imports, exchange: where the index is written,
    else None."""

    def __init__(self, context: Context) -> None:
        self._context = context
        is_writer = context.owns_database
        index = context.index(INDEX, writable=is_writer)
        self.find = WebSearch(index)
        self.exchange = Exchange(context, index) if is_writer else None
        if self.exchange is not None:
            index = self.exchange.index
        self.crawls = Crawls(context, index) if is_writer else None
        self.imports = Imports(context, index) if is_writer else None
        self.imported = Imported(context)
        self.places, self.maps = Places(context), Maps(context)
        self.place_imports = PlaceImports(context) if is_writer else None
        self.knowledge_imports = KnowledgeImports(context) if is_writer else None

    @cached_property
    def outside(self) -> OutsideSearch:
        """The engines of others; made when first asked for."""
        return OutsideSearch(self._context)

    @cached_property
    def proofs(self) -> "Proofs":
        """Built when somebody looks: a role that starts does without it."""
        from synfonium.apps.search.service.proofs.registry import Proofs

        return Proofs(self._context)


@asynccontextmanager
async def open_service(context: Context) -> AsyncIterator[SearchService]:
    """Crawls that a crash or a restart interrupted go on."""
    service = SearchService(context)
    if service.crawls is None or service.exchange is None:
        yield service
        return
    if context.database.dialect == "sqlite":
        # One process holds the home, so whoever had leases is gone. Elsewhere they end by themselves.
        await context.database.write(store.forget_holders)
    for crawl_id in await context.database.read(store.running_crawls):
        service.crawls.start(crawl_id)
    service.exchange.begin()
    try:
        yield service
    finally:
        await service.exchange.close()
        await service.crawls.close()
