"""One crawl as it goes, and the scopes that crawls keep to; for administrators."""

from typing import Annotated

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.search.service.scopes import Scopes, lines_of
from synfonium.apps.search.service.watching import detail_of, plot
from synfonium.common.problem import Problem
from synfonium.kernel.actor import Administrator, Impersonal
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post
from synfonium.kernel.i18n import _

Admin = Annotated[Administrator, Impersonal("crawls, hosts and scopes; no question of anybody")]


class ActForm(msgspec.Struct, frozen=True, kw_only=True):
    crawl_id: Annotated[str, msgspec.Meta(max_length=26)]


class ScopeForm(msgspec.Struct, frozen=True, kw_only=True):
    """lines: a host or an address a line. remove: whether the scope is to go."""

    name: Annotated[str, msgspec.Meta(max_length=60)]
    lines: Annotated[str, msgspec.Meta(max_length=500_000)]
    languages: Annotated[str, msgspec.Meta(max_length=300)] = ""
    most_depth: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 50
    most_pages: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 50_000
    remove: str = ""


Form = RequestEncodingType.URL_ENCODED


@get("/admin/search/crawls/{crawl_id:str}", summary=_("How a crawl goes"))
async def crawl_detail(actor: Admin, context: Context, crawl_id: str) -> Page:
    detail = await detail_of(context.database, context.clock, crawl_id)
    return Page("search/crawl.html", detail=detail, bars=plot(detail.pages), most=max(detail.pages))


@post("/admin/search/pause")
async def pause(actor: Admin, context: Context, data: Annotated[ActForm, Body(media_type=Form)]) -> See:
    await context.call("search.pause_crawl", {"crawl_id": data.crawl_id})
    return See(f"/admin/search/crawls/{data.crawl_id}")


@post("/admin/search/resume")
async def resume(actor: Admin, context: Context, data: Annotated[ActForm, Body(media_type=Form)]) -> See:
    await context.call("search.resume_crawl", {"crawl_id": data.crawl_id})
    return See(f"/admin/search/crawls/{data.crawl_id}")


@get("/admin/search/scopes", summary=_("Scopes of crawls"))
async def scopes(actor: Admin, context: Context, name: str = "") -> Page:
    known = await Scopes(context.database).all()
    chosen = known.get(name)
    form = ScopeForm(name="", lines="")
    if chosen:
        form = ScopeForm(
            name=name,
            lines=lines_of(chosen),
            languages=" ".join(chosen.languages),
            most_depth=chosen.most_depth,
            most_pages=chosen.most_pages_per_host,
        )
    return Page("search/scopes.html", scopes=known, form=form, problem=None)


@post("/admin/search/scopes", max_body_bytes=2 << 20)
async def put_scope(
    actor: Admin, context: Context, data: Annotated[ScopeForm, Body(media_type=Form)]
) -> Page | See:
    try:
        if data.remove:
            await context.call("search.remove_scope", {"name": data.name})
        else:
            given = {name: getattr(data, name) for name in ScopeForm.__struct_fields__ if name != "remove"}
            await context.call("search.put_scope", given)
    except Problem as problem:
        known = await Scopes(context.database).all()
        return Page("search/scopes.html", status=problem.status, scopes=known, form=data, problem=problem)
    return See("/admin/search/scopes")


doors = [crawl_detail, pause, resume, scopes, put_scope]
