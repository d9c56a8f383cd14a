"""What stands above and beside the pages found, and the way out by a shortcut."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Request

from synfonium.apps.search.service.answers.asked import Entry, InstantAnswer
from synfonium.apps.search.service.answers.registry import instant_answer
from synfonium.apps.search.service.shortcuts.book import book_of
from synfonium.apps.search.service.shortcuts.going import going
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See

_NO_TRACE = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
AnyRequest = Request[Any, Any, Any]


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """answer: computed here. infobox: what an imported encyclopedia says of exactly this."""

    answer: InstantAnswer | None = None
    infobox: Entry | None = None


async def known_of(context: Context, request: AnyRequest, query: str) -> Known:
    """For the first page of a search of the web; nothing else is asked to answer."""
    if not query or context.pages is None:
        return Known()
    locale, imported = locale_of(context, request), context.service.imported
    answer = await instant_answer(
        query,
        locale=locale,
        now=datetime.fromtimestamp(context.clock.now_s(), UTC).astimezone(),
        say=context.pages.catalogue(locale, context.app.name).gettext,
        sources=imported,
    )
    return Known(answer=answer, infobox=None if answer else await imported.infobox(query, locale))


def locale_of(context: Context, request: AnyRequest) -> str:
    assert context.pages is not None
    return context.pages.reader(request.scope).locale


def leaving(
    context: Context, request: AnyRequest, typed: str, *, only_ours: bool = False
) -> Page | See | None:
    """Where the shortcut in `typed` leads, if there is one.

    A 303 to another site after a form is what `form-action 'self'` forbids (Chromium holds to it),
    and that stays: so the page has a Refresh header, which goes on at once, without JavaScript.
    """
    if "!" not in typed or context.pages is None:
        return None
    book, locale = book_of(context.folder), locale_of(context, request)
    found = going(typed, book, locale, only_ours=only_ours)
    if found is None:
        return None
    if not found.is_outside:
        return See(found.url)
    headers = {**_NO_TRACE, "refresh": f"0;url={found.url}"}
    return Page("search/leaving.html", headers=headers, url=found.url, host=found.host)
