"""What one can do with a person's data."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from synfonium.apps.yourdata.service.archives import Archives
from synfonium.apps.yourdata.service.erasures import Erasures
from synfonium.apps.yourdata.service.exports import Exports
from synfonium.apps.yourdata.service.imports import Imports
from synfonium.apps.yourdata.service.receipts import Receipts
from synfonium.kernel.context import Context

__all__ = ["YourdataService", "open_service"]


class YourdataService:
    """The use cases; those that change something run in the worker alone."""

    def __init__(self, context: Context) -> None:
        self.receipts = Receipts(context)
        self.exports = Exports(context)
        self.archives = Archives(context, self.exports)
        self.erasures = Erasures(context, self.receipts)
        self.imports = Imports(context, self.erasures)


@asynccontextmanager
async def open_service(context: Context) -> AsyncIterator[YourdataService]:
    """In the role that owns the database, what a crash cut short goes on."""
    service = YourdataService(context)
    loops = [service.archives.for_ever, service.erasures.for_ever, service.imports.tidy]
    tasks = [asyncio.create_task(loop()) for loop in loops] if context.owns_database else []
    try:
        yield service
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
