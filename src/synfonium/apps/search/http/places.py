"""Places: a list, and the map beside it that shows the same."""

import math
from typing import Annotated
from urllib.parse import urlencode

import msgspec
from litestar.params import Parameter

from synfonium.apps.search.service.open import SearchService
from synfonium.apps.search.service.places.drawing import FIRST_ZOOM, LAST_ZOOM, Drawn, View, fitting
from synfonium.apps.search.service.places.finding import FoundPlace, FoundPlaces
from synfonium.apps.search.service.places.kinds import OTHER, by_name
from synfonium.apps.search.store.places import PlaceRow
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, get
from synfonium.kernel.i18n import _

LONGEST_ASKED = 200
PATH = "/search/places"
_NO_TRACE = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
_EUROPE = View(lat=50.0, lon=9.0, zoom=4)
_DETAILS = {
    "address": _("Address"),
    "opening_hours": _("Opening hours"),
    "phone": _("Telephone"),
    "website": _("Site"),
    "wheelchair": _("Wheelchairs"),
}
_WHEELCHAIR = {"yes": _("yes"), "no": _("no"), "limited": _("in part")}
_HALF = 0.5


class ShownPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the list and, with the same number, on the map. link: to itself, in the middle."""

    number: int
    place: PlaceRow
    kind: str
    distance_m: float | None
    details: tuple[tuple[str, str], ...]
    website: str
    link: str
    x: float
    y: float


@get(PATH)
async def places(
    actor: Visitor,
    context: Context,
    q: str = "",
    lat: float | None = None,
    lon: float | None = None,
    z: Annotated[int | None, Parameter(ge=FIRST_ZOOM, le=LAST_ZOOM)] = None,
    place: str = "",
) -> Page:
    """q: what is looked for. lat, lon, z: what the map shows, when not all that was found.
    place: the one that is looked at."""
    service: SearchService = context.service
    if len(q) > LONGEST_ASKED:
        raise BadInput("q", _("A place is named in up to 200 characters."))
    found = await service.places.find(q) if q.strip() else FoundPlaces()
    chosen = await service.places.one(place[:24]) if place else None
    view = _view(lat, lon, z) or _around(found, chosen)
    drawn = await service.maps.draw(view)
    return Page(
        "search/places.html",
        headers=_NO_TRACE,
        asked=q.strip(),
        found=found,
        shown=[_shown(number, each, q, view) for number, each in enumerate(found.found, 1)],
        chosen=_shown(0, FoundPlace(place=chosen), q, view) if chosen else None,
        drawn=drawn,
        layers=[name for name, _path in drawn.paths],
        moves=_moves(q, place, drawn),
        exist=bool(found.found) or await service.places.exist(),
        wheelchair=_WHEELCHAIR,
    )


def _view(lat: float | None, lon: float | None, zoom: int | None) -> View | None:
    if lat is None or lon is None:
        return None
    if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180):
        raise BadInput("lat", _("A latitude is from −90 to 90, a longitude from −180 to 180."))
    return View(lat=lat, lon=lon, zoom=zoom or 12)


def _around(found: FoundPlaces, chosen: PlaceRow | None) -> View:
    """All that is near a named place; of places of one name the first, and those beside it."""
    if chosen:
        return fitting([chosen]) or _EUROPE
    if found.around:
        return fitting([each.place for each in found.found]) or _EUROPE
    return fitting([each.place for each in found.found[:1]]) or _EUROPE


def _moves(asked: str, place: str, drawn: Drawn) -> dict[str, str]:
    """Addresses of the map's links: the same page, further on."""
    view = drawn.view
    steps = {
        "closer": view.moved(0, 0, 1),
        "wider": view.moved(0, 0, -1),
        "north": view.moved(0, -_HALF),
        "south": view.moved(0, _HALF),
        "west": view.moved(-_HALF, 0),
        "east": view.moved(_HALF, 0),
    }
    return {name: _link(asked, place, to) for name, to in steps.items() if to != view}


def _link(asked: str, place: str, view: View | None = None) -> str:
    given: dict[str, str | float] = {"q": asked.strip(), "place": place}
    if view:
        given |= {"lat": view.lat, "lon": view.lon, "z": view.zoom}
    return f"{PATH}?{urlencode({name: value for name, value in given.items() if value != ''})}"


def _shown(number: int, found: FoundPlace, asked: str, view: View) -> ShownPlace:
    place = found.place
    x, y = view.pixels_of(place.lat, place.lon)
    website = place.details.get("website", "")
    return ShownPlace(
        number=number,
        place=place,
        kind=by_name().get(place.kind, OTHER).title,
        distance_m=found.distance_m,
        details=tuple(
            (title, place.details[name])
            for name, title in _DETAILS.items()
            if place.details.get(name) and name != "website"
        ),
        website=website if website.startswith(("https://", "http://")) else "",
        link=_link(asked, place.key),
        x=round(x, 1),
        y=round(y, 1),
    )


doors = [places]
