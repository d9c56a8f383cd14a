"""Search for anybody. The dispatcher has removed who asks; nothing asked is kept."""

import html
import re
from typing import Annotated
from urllib.parse import quote, urlsplit

import msgspec
from litestar import Response
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.search.service.open import SearchService
from synfonium.apps.search.service.search import LAST_PAGE, PAGE_SIZE, Answer, Question, question
from synfonium.kernel.actor import Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, get, post
from synfonium.ports.index import IndexHit

_NO_TRACE = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
_TAG = re.compile(r"</?b>")
LANGUAGES = {"fr": "Français", "en": "English", "de": "Deutsch", "es": "Español", "it": "Italiano"}


class SearchForm(msgspec.Struct, frozen=True, kw_only=True):
    """What the search form sends when it is posted."""

    q: str = ""
    lang: str = ""
    page: int = 1
    vertical: str = ""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One page found; `snippet` is plain text."""

    url: str
    title: str
    snippet: str
    host: str
    lang: str


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """`total` counts all pages found; `results` are those of the page asked for."""

    query: str
    total: int
    took_ms: float
    results: tuple[Result, ...]


@get("/search")
async def search(
    actor: Visitor, context: Context, q: str = "", lang: str = "", page: int = 1, vertical: str = ""
) -> Page:
    return await _results_page(context, question(q, lang, page, vertical))


@post("/search")
async def search_by_form(
    actor: Visitor,
    context: Context,
    data: Annotated[SearchForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Page:
    """As GET, for those who want their words in no address bar and no history."""
    return await _results_page(context, question(data.q, data.lang, data.page, data.vertical), by_post=True)


@get("/api/search")
async def api_search(
    actor: Visitor, context: Context, q: str = "", lang: str = "", page: int = 1, vertical: str = ""
) -> Response[Results]:
    """Pages that match `q`, ten at a time."""
    asked = question(q, lang, page, vertical)
    answer = await _service(context).find.pages(asked)
    results = Results(
        query=asked.query,
        total=answer.found.total,
        took_ms=answer.took_ms,
        results=tuple(_result(hit) for hit in answer.found.hits),
    )
    return Response(results, headers=_NO_TRACE)


@get("/api/search/suggest")
async def suggest(actor: Visitor, context: Context, q: str = "") -> Response[list[str | list[str]]]:
    """OpenSearch suggestions: words of indexed pages, never of what anybody searched."""
    typed = question(q, "", 1, "").query
    words = await _service(context).find.suggestions(typed)
    return Response([typed, words], media_type="application/x-suggestions+json", headers=_NO_TRACE)


@get("/opensearch.xml")
async def describe(actor: Visitor, context: Context) -> Response[bytes]:
    """Lets a browser add this installation as a search engine (OpenSearch 1.1)."""
    base = html.escape(context.site.public_url)
    name = html.escape(context.site.host[:16])
    body = f"""<?xml version="1.0" encoding="UTF-8"?>
<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">
<ShortName>{name}</ShortName>
<Description>Synfonium: {name}</Description>
<InputEncoding>UTF-8</InputEncoding>
<Url type="text/html" template="{base}/search?q={{searchTerms}}"/>
<Url type="application/x-suggestions+json" template="{base}/api/search/suggest?q={{searchTerms}}"/>
<Url type="application/opensearchdescription+xml" rel="self" template="{base}/opensearch.xml"/>
</OpenSearchDescription>
"""
    return Response(body.encode(), media_type="application/opensearchdescription+xml; charset=utf-8")


@get("/bot")
async def bot(actor: Visitor, context: Context) -> Page:
    delay_s = context.config.delay_s
    return Page("search/bot.html", delay_s=delay_s, home_page=context.site.public_url)


async def _results_page(context: Context, asked: Question, *, by_post: bool = False) -> Page:
    find = _service(context).find
    answer = await find.pages(asked) if asked.query else None
    is_empty = not (answer and answer.found.hits) and await find.count() == 0
    return Page(
        "search/results.html",
        headers=_NO_TRACE,
        asked=asked,
        total=answer.found.total if answer else 0,
        hits=[_shown(hit) for hit in answer.found.hits] if answer else [],
        took_s=answer.took_ms / 1000 if answer else 0.0,
        has_next=answer is not None and _has_next(asked, answer),
        by_post=by_post,
        is_empty=is_empty,
        languages=LANGUAGES,
        link=f"/search?q={quote(asked.query, safe='')}&lang={asked.lang}&page=",
    )


def _has_next(asked: Question, answer: Answer) -> bool:
    return asked.page < LAST_PAGE and answer.found.total > asked.page * PAGE_SIZE


def _service(context: Context) -> SearchService:
    service: SearchService = context.service
    return service


def _result(hit: IndexHit) -> Result:
    return Result(
        url=hit.key,
        title=hit.title or hit.key,
        snippet=html.unescape(_TAG.sub("", hit.snippet)),
        host=hit.host,
        lang=hit.lang,
    )


class _Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A hit as the page shows it. pieces: the snippet as text, each with whether it was found."""

    url: str
    title: str
    host: str
    path: str
    lang: str
    pieces: tuple[tuple[str, bool], ...]


def _shown(hit: IndexHit) -> _Shown:
    is_web = hit.key.startswith(("http://", "https://"))
    path = " › ".join(part for part in urlsplit(hit.key).path.split("/") if part) if is_web else ""
    return _Shown(
        url=hit.key if is_web else "",
        title=hit.title or hit.key,
        host=hit.host,
        path=f"› {path}" if path else "",
        lang=hit.lang,
        pieces=_pieces(hit.snippet),
    )


def _pieces(snippet: str) -> tuple[tuple[str, bool], ...]:
    """The snippet's `<b>` as data, so that the template escapes everything itself."""
    parts = _TAG.split(snippet)
    return tuple((html.unescape(part), number % 2 == 1) for number, part in enumerate(parts) if part)


doors = [search, search_by_form, api_search, suggest, describe, bot]
