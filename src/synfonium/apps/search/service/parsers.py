"""As many pages parsed at once as there are cores, each in a child of its own."""

import asyncio
import os

from synfonium.apps.search.model import Extract, ParseJob
from synfonium.apps.search.service.parsing import Parser

_MOST_CHILDREN = 16


class Parsers:
    """Several parsers behind the door of one. The one that was used last goes first, so that
    a slow crawl keeps one child."""

    def __init__(self, count: int = 0) -> None:
        """count: how many children at most; 0 for as many as cores."""
        cores = len(os.sched_getaffinity(0))
        self._parsers = [Parser() for _ in range(count or min(cores, _MOST_CHILDREN))]
        self._idle = list(self._parsers)
        self._room = asyncio.Semaphore(len(self._parsers))

    async def parse(self, job: ParseJob) -> Extract:
        """Raises Unparsable."""
        async with self._room:
            parser = self._idle.pop()
            try:
                return await parser.parse(job)
            finally:
                self._idle.append(parser)

    async def close(self) -> None:
        for parser in self._parsers:
            await parser.close()
