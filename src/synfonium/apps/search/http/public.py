"""Search for anybody. The dispatcher has removed who asks; nothing asked is kept."""

import asyncio
from typing import Annotated

import msgspec
from litestar import Response
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.search.http.answering import AnyRequest, Known, known_of, leaving
from synfonium.apps.search.http.asking import NO_TRACE, Asked, SearchForm, asked
from synfonium.apps.search.http.outside import ask_outside, merged_results, view
from synfonium.apps.search.http.results import LANGUAGES, Results, shown_all
from synfonium.apps.search.service.open import SearchService
from synfonium.apps.search.service.search import DAYS, LAST_PAGE, Answer, Question, WebSearch, question
from synfonium.apps.search.service.verticals import WEB, tabs
from synfonium.kernel.actor import Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post

Form = Annotated[SearchForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/search")
async def search(
    actor: Visitor,
    context: Context,
    request: AnyRequest,
    q: str = "",
    lang: str = "",
    page: int = 1,
    vertical: str = "",
    time: str = "",
    safe: str = "",
    prefs: str = "",
    do: str = "",
    ui: str = "",
    outside: str = "",
) -> Page | See:
    form = SearchForm(
        q=q,
        lang=lang,
        page=page,
        vertical=vertical,
        time=time,
        safe=safe,
        prefs=prefs,
        do=do,
        ui=ui,
        outside=outside,
    )
    return await answered(context, request, asked(form))


@post("/search")
async def search_by_form(
    actor: Visitor, context: Context, request: AnyRequest, data: Form, ui: str = ""
) -> Page | See:
    """As GET, for those who want their words in no address bar and no history."""
    return await answered(context, request, asked(msgspec.structs.replace(data, ui=ui), by_post=True))


@get("/api/search")
async def api_search(
    actor: Visitor,
    context: Context,
    request: AnyRequest,
    q: str = "",
    lang: str = "",
    page: int = 1,
    vertical: str = "",
    time: str = "",
    safe: str = "",
    prefs: str = "",
    outside: str = "",
) -> Response[Results]:
    """What matches `q`, a page at a time.

    vertical: web, news, images, videos or documents. time: day, week, month or year. safe:
    off, moderate or strict. prefs: a token of preferences. outside: 1 asks other engines too,
    those that are on here; they learn the words and the language.
    """
    form = SearchForm(
        q=q, lang=lang, page=page, vertical=vertical, time=time, safe=safe, prefs=prefs, outside=outside
    )
    given, service = asked(form), service_of(context)
    answer, told = await asyncio.gather(
        service.find.pages(given.question), ask_outside(service.outside, given)
    )
    known = await _known(context, request, given)
    results = Results(
        query=given.question.query,
        total=answer.found.total,
        took_ms=answer.took_ms,
        vertical=given.question.vertical.name,
        page=given.question.page,
        corrected=answer.corrected,
        ignored=given.ignored,
        results=merged_results(given, told, answer.found.hits, service.picture_address),
        outside={one.name: one.outcome for one in told.told},
        answers=(known.answer,) if known.answer else (),
        infobox=known.infobox,
    )
    return Response(results, headers=NO_TRACE)


@get("/api/search/suggest")
async def suggest(actor: Visitor, context: Context, q: str = "") -> Response[list[str | list[str]]]:
    """OpenSearch suggestions: words of indexed pages, never of what anybody searched."""
    typed = question(q).query
    words = await service_of(context).find.suggestions(typed)
    return Response([typed, words], media_type="application/x-suggestions+json", headers=NO_TRACE)


@get("/bot")
async def bot(actor: Visitor, context: Context) -> Page:
    delay_s = context.config.delay_s
    contact = context.settings.house.mail_from
    return Page("search/bot.html", delay_s=delay_s, home_page=context.site.public_url, contact=contact)


async def answered(context: Context, request: AnyRequest, given: Asked) -> Page | See:
    """The one entry of every question of a person, whichever way it came."""
    if given.is_changed and not given.by_post:
        return See(given.link())
    if away := leaving(context, request, given.question.query):
        return away
    return await _results_page(context, request, given)


async def _found(find: WebSearch, question: Question) -> Answer | None:
    return await find.pages(question) if question.query else None


async def _results_page(context: Context, request: AnyRequest, given: Asked) -> Page:
    service, question = service_of(context), given.question
    find = service.find
    answer, told = await asyncio.gather(_found(find, question), ask_outside(service.outside, given))
    hits = answer.found.hits if answer else ()
    shown = shown_all(hits, question, service.picture_address)
    outside = view(service.outside, given, told, hits, shown)
    known = await _known(context, request, given)
    is_empty = not hits and not outside.lines and await find.count() == 0
    return Page(
        "search/results.html",
        headers=NO_TRACE,
        given=given,
        asked=question,
        preferences=question.preferences,
        scheme=question.preferences.scheme,
        total=answer.found.total if answer else 0,
        corrected=answer.corrected if answer else "",
        hits=shown,
        outside=outside,
        took_s=answer.took_ms / 1000 if answer else 0.0,
        has_next=answer is not None and answer.found.has_more and question.page < LAST_PAGE,
        is_empty=is_empty,
        languages=LANGUAGES,
        periods=tuple(DAYS),
        tabs=tabs(has_places=await service_of(context).places.exist()),
        answer=known.answer,
        infobox=known.infobox,
    )


async def _known(context: Context, request: AnyRequest, given: Asked) -> Known:
    """What is answered at once stands on the first page of the web's results alone."""
    is_first = given.question.page == 1 and given.question.vertical is WEB
    return await known_of(context, request, given.question.query) if is_first else Known()


def service_of(context: Context) -> SearchService:
    service: SearchService = context.service
    return service


doors = [search, search_by_form, api_search, suggest, bot]
