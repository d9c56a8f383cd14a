"""The list of shortcuts."""

from synfonium.apps.search.service.shortcuts.book import Shortcut, book_of
from synfonium.kernel.actor import Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, get
from synfonium.kernel.i18n import _

CATEGORIES = {
    "ours": _("Here"),
    "knowledge": _("Knowledge"),
    "words": _("Dictionaries and translation"),
    "maps": _("Maps and journeys"),
    "public_service": _("Public services and law"),
    "news": _("News"),
    "code": _("Software"),
    "science": _("Science"),
    "books_music_films": _("Books, music, films"),
    "buying": _("Buying and eating"),
    "other_searches": _("Other searches and networks"),
}
_OURS = (_("The web"), _("Pictures"), _("News"), _("Films"), _("Documents"), _("Places"))
_NO_TRACE = {"cache-control": "no-store", "referrer-policy": "no-referrer"}


@get("/search/shortcuts")
async def shortcuts(actor: Visitor, context: Context, q: str = "") -> Page:
    """All of them by category; those whose name, site or trigger holds `q`."""
    book, wanted = book_of(context.folder), q.strip().casefold()[:60]
    found = {
        category: [shortcut for shortcut in of if _fits(shortcut, wanted)]
        for category, of in book.categories.items()
    }
    return Page(
        "search/shortcuts.html",
        headers=_NO_TRACE,
        asked=q.strip()[:60],
        categories=[(CATEGORIES.get(name, name), of) for name, of in found.items() if of],
        count=len(book.by_trigger),
    )


def _fits(shortcut: Shortcut, wanted: str) -> bool:
    names = (shortcut.trigger, *shortcut.also, shortcut.name, shortcut.host)
    return not wanted or any(wanted.lstrip("!") in name.casefold() for name in names)


doors = [shortcuts]
