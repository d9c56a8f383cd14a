"""Commands of web search, run in the worker."""

from pathlib import Path

import msgspec

from synfonium.apps.search.errors import NotReadable
from synfonium.apps.search.model import CrawlPlan
from synfonium.apps.search.service import measure
from synfonium.apps.search.service.crawls import Crawls, as_plain
from synfonium.apps.search.service.imports import Imports
from synfonium.kernel.calls import Call
from synfonium.kernel.context import Context


class AddArguments(msgspec.Struct, frozen=True, kw_only=True):
    """paths: absolute, on this machine."""

    paths: list[str]


class CrawlArguments(msgspec.Struct, frozen=True, kw_only=True):
    """0 pages and no delay mean the settings'."""

    seeds: list[str]
    max_pages: int = 0
    delay_s: float | None = None
    allow_private_network: bool = False
    same_host: bool = False


async def add(context: Context, call: Call) -> dict[str, dict[str, int]]:
    """Indexes files; a report for each path. Raises NotReadable."""
    arguments = msgspec.convert(call.arguments, AddArguments)
    imports: Imports = context.service.imports
    reports: dict[str, dict[str, int]] = {}
    for given in arguments.paths:
        path = Path(given)
        if not path.is_absolute():
            raise NotReadable(name=path.name)
        reports[given] = msgspec.to_builtins(await imports.add(path, call.progress))
    return reports


async def crawl(context: Context, call: Call) -> dict[str, int]:
    """Crawls to the end, telling how far it is. Raises NotAWebAddress."""
    crawls: Crawls = context.service.crawls
    crawl_id = await crawls.begin(_plan(crawls, call))
    return as_plain(await crawls.watch(crawl_id, call.progress))


async def want_crawl(context: Context, call: Call) -> dict[str, str]:
    """Writes a crawl down and returns at once; it starts by itself."""
    crawls: Crawls = context.service.crawls
    return {"crawl_id": await crawls.want(_plan(crawls, call))}


async def stop_crawl(context: Context, call: Call) -> dict[str, str]:
    """Stops one crawl. Raises UnknownCrawl."""
    crawls: Crawls = context.service.crawls
    await crawls.stop(call.text("crawl_id"))
    return {}


async def evaluate(context: Context, call: Call) -> dict[str, float]:
    """Measures the search on judged questions in the folder `path`. Raises NotReadable."""
    return await measure.evaluate(context.temporary_index, Path(call.text("path")), call.progress)


async def rank(context: Context, call: Call) -> dict[str, float]:
    """Measures the ranking of the candidates in the file `path`. Raises NotReadable."""
    return await measure.rank(context.temporary_index, Path(call.text("path")), call.progress)


def _plan(crawls: Crawls, call: Call) -> CrawlPlan:
    arguments = msgspec.convert(call.arguments, CrawlArguments)
    return crawls.plan(
        arguments.seeds,
        max_pages=arguments.max_pages,
        delay_s=arguments.delay_s,
        local=arguments.allow_private_network,
        same_host=arguments.same_host,
    )
