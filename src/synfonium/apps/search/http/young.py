"""Search for young people: only the sites of a list, the strict filter, and two kinds of results."""

import msgspec

from synfonium.apps.search.http.asking import NO_TRACE, YOUNG, Asked, SearchForm, asked
from synfonium.apps.search.http.public import Form, service_of
from synfonium.apps.search.http.results import LANGUAGES, shown_all
from synfonium.apps.search.service.preferences import Preferences
from synfonium.apps.search.service.search import LAST_PAGE
from synfonium.apps.search.service.verticals import YOUNG_VERTICALS
from synfonium.kernel.actor import Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, get, post

_STRICT = Preferences(safe="strict")


@get("/search/young")
async def young(
    actor: Visitor, context: Context, q: str = "", page: int = 1, vertical: str = "", ui: str = ""
) -> Page:
    return await _page(context, SearchForm(q=q, page=page, vertical=vertical, ui=ui), by_post=False)


@post("/search/young")
async def young_by_form(actor: Visitor, context: Context, data: Form, ui: str = "") -> Page:
    """As GET, with the words in no address."""
    return await _page(context, msgspec.structs.replace(data, ui=ui), by_post=True)


async def _page(context: Context, form: SearchForm, *, by_post: bool) -> Page:
    given = _narrowed(context, form, by_post=by_post)
    question, service = given.question, service_of(context)
    answer = await service.find.pages(question) if question.query else None
    hits = answer.found.hits if answer else ()
    return Page(
        "search/young.html",
        headers=NO_TRACE,
        given=given,
        asked=question,
        hits=shown_all(hits, question, service.picture_address),
        has_next=answer is not None and answer.found.has_more and question.page < LAST_PAGE,
        languages=LANGUAGES,
        tabs=YOUNG_VERTICALS,
    )


def _narrowed(context: Context, form: SearchForm, *, by_post: bool) -> Asked:
    """Whatever was sent, what is asked stays within the list, and the filter strict."""
    kept = SearchForm(q=form.q, page=form.page, vertical=form.vertical, ui=form.ui)
    if form.do.startswith(("page:", "vertical:")):
        kept = msgspec.structs.replace(kept, do=form.do)
    given = asked(kept, by_post=by_post)
    vertical = given.question.vertical
    question = msgspec.structs.replace(
        given.question,
        vertical=vertical if vertical in YOUNG_VERTICALS else YOUNG_VERTICALS[0],
        preferences=_STRICT,
        only_hosts=service_of(context).young.hosts(),
    )
    return msgspec.structs.replace(given, question=question, path=YOUNG)


doors = [young, young_by_form]
