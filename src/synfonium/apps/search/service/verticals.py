"""The kinds of things that can be searched for, each on a tab of its own."""

from typing import Literal

import msgspec

from synfonium.apps.search.errors import UnknownVertical
from synfonium.kernel.i18n import _

__all__ = ["MINE", "PLACES", "VERTICALS", "WEB", "YOUNG_VERTICALS", "Vertical", "tabs", "vertical_of"]


class Vertical(msgspec.Struct, frozen=True, kw_only=True):
    """title: English gettext source. kinds: of documents (ports/index.py). is_by_time: the newest
    stand first. size: how many a page shows. path: a page of its own instead, which takes `q`."""

    name: str
    title: str
    kinds: tuple[str, ...] = ()
    is_by_time: bool = False
    most_per_host: int = 2
    size: int = 10
    path: str = ""
    layout: Literal["pages", "pictures", "films"] = "pages"


WEB = Vertical(name="web", title=_("Web"), kinds=("page", "news", "document"))
VERTICALS = (
    WEB,
    Vertical(name="news", title=_("News"), kinds=("news",), is_by_time=True, most_per_host=3),
    Vertical(name="images", title=_("Images"), kinds=("image",), most_per_host=8, size=30, layout="pictures"),
    Vertical(name="videos", title=_("Videos"), kinds=("video",), most_per_host=4, size=12, layout="films"),
    Vertical(name="documents", title=_("Documents"), kinds=("document",), most_per_host=4),
)
YOUNG_VERTICALS = tuple(vertical for vertical in VERTICALS if vertical.name in ("web", "images"))
PLACES = Vertical(name="places", title=_("Places"), path="/search/places")
"""A tab when a gazetteer was imported."""
MINE = Vertical(name="mine", title=_("My own things"), path="/")
"""Signed in, found through the fabric by the person's own page; nobody here knows who that is."""


def vertical_of(name: str) -> Vertical:
    """Raises UnknownVertical."""
    for vertical in VERTICALS:
        if vertical.name == (name or WEB.name):
            return vertical
    raise UnknownVertical


def tabs(*, has_places: bool) -> tuple[Vertical, ...]:
    return (*VERTICALS, *((PLACES,) if has_places else ()), MINE)
