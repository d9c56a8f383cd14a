"""Sources, crawls and imports, for administrators."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import msgspec
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.search import store
from synfonium.apps.search.errors import NotReadable
from synfonium.apps.search.model import CrawlReport, CrawlState
from synfonium.apps.search.service.open import SearchService
from synfonium.apps.search.service.scopes import Scopes
from synfonium.apps.search.store import CrawlRow
from synfonium.common.problem import Problem
from synfonium.kernel.actor import Administrator, Impersonal
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post
from synfonium.kernel.i18n import _

_SHOWN_CRAWLS = 8
_SHOWN_SOURCES = 50
_LARGEST_UPLOAD_BYTES = 256 << 20
Admin = Annotated[Administrator, Impersonal("sources and crawls; no question of anybody")]


class CrawlForm(msgspec.Struct, frozen=True, kw_only=True):
    """seeds: one address a line or several apart by blanks."""

    seeds: Annotated[str, msgspec.Meta(max_length=20_000)]
    max_pages: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1000
    other_hosts: str = ""
    private: str = ""
    again: str = ""
    scope: Annotated[str, msgspec.Meta(max_length=60)] = ""


class StopForm(msgspec.Struct, frozen=True, kw_only=True):
    crawl_id: Annotated[str, msgspec.Meta(max_length=26)]


class ImportForm(msgspec.Struct, kw_only=True):
    file: UploadFile


class CrawlView(msgspec.Struct, frozen=True, kw_only=True):
    """A crawl as its page and its script show it."""

    id: str
    seeds: tuple[str, ...]
    state: CrawlState
    begun_s: float
    max_pages: int
    report: CrawlReport


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    pages: int
    crawls: list[CrawlView]


@get("/admin/search", summary=_("Pages to find"))
async def sources(actor: Admin, context: Context, said: str = "") -> Page:
    return await _page(context, said=said)


@get("/admin/search/progress")
async def progress(actor: Admin, context: Context) -> Overview:
    """How far the latest crawls are."""
    return await _overview(context)


@post("/admin/search/crawl")
async def crawl(
    actor: Admin,
    context: Context,
    data: Annotated[CrawlForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Page | See:
    arguments = {
        "seeds": data.seeds.split(),
        "max_pages": data.max_pages,
        "allow_private_network": bool(data.private),
        "same_host": not (data.other_hosts or data.scope),
        "is_endless": bool(data.again),
        "scope": data.scope,
    }
    try:
        await context.call("search.want_crawl", arguments)
    except Problem as problem:
        return await _page(context, problem=problem, form=data)
    return See("/admin/search?said=crawl")


@post("/admin/search/stop")
async def stop(
    actor: Admin,
    context: Context,
    data: Annotated[StopForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> See:
    await context.call("search.stop_crawl", {"crawl_id": data.crawl_id})
    return See("/admin/search")


@post("/admin/search/import", max_body_bytes=_LARGEST_UPLOAD_BYTES)
async def import_file(
    actor: Admin,
    context: Context,
    data: Annotated[ImportForm, Body(media_type=RequestEncodingType.MULTI_PART)],
) -> Page | See:
    kind = next((k for k in (".jsonl", ".warc", ".warc.gz") if data.file.filename.endswith(k)), "")
    try:
        if not kind:
            raise NotReadable(name=data.file.filename)
        await _import(context, data.file, kind)
    except Problem as problem:
        return await _page(context, problem=problem)
    return See("/admin/search?said=import")


async def _import(context: Context, file: UploadFile, kind: str) -> None:
    with tempfile.TemporaryDirectory(dir=context.folder, prefix="import-") as folder:
        path = Path(folder) / f"upload{kind}"
        with path.open("wb") as target:
            await asyncio.to_thread(shutil.copyfileobj, file.file, target)
        await context.call("search.add", {"paths": [str(path)]})


async def _overview(context: Context) -> Overview:
    service: SearchService = context.service
    rows = await context.database.read(lambda c: store.latest_crawls(c, _SHOWN_CRAWLS))
    return Overview(pages=await service.find.count(), crawls=[_view(row) for row in rows])


def _view(row: CrawlRow) -> CrawlView:
    return CrawlView(
        id=row.id,
        seeds=row.plan.seeds[:20],
        state=row.state,
        begun_s=row.begun_s,
        max_pages=row.plan.max_pages,
        report=row.report,
    )


async def _page(
    context: Context, *, said: str = "", problem: Problem | None = None, form: CrawlForm | None = None
) -> Page:
    return Page(
        "search/admin.html",
        status=problem.status if problem else 200,
        overview=await _overview(context),
        sources=await context.database.read(lambda c: store.sources(c, _SHOWN_SOURCES)),
        scopes=[(name, name) for name in await Scopes(context.database).all()],
        said=said,
        problem=problem,
        form=form or CrawlForm(seeds=""),
        home=str(context.home),
    )


doors = [sources, progress, crawl, stop, import_file]
