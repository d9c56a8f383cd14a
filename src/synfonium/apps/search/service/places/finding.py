"""Finding places: by name, by kind near a place, or by name near a place."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec
from sqlalchemy import Connection

from synfonium.apps.search import store
from synfonium.apps.search.service.places.kinds import (
    SETTLEMENTS,
    Kind,
    plain_name,
    split_kind,
    without_joins,
)
from synfonium.apps.search.service.places.mercator import cells_around, distance_m
from synfonium.apps.search.store.places import PlaceRow
from synfonium.kernel.context import Context

MOST_FOUND = 20
_MOST_READ, _MOST_CANDIDATES = 300, 40
_RADII_M = (2_500, 8_000, 25_000)
_NEAR_M = 40_000
_ENOUGH = 5
_MOST_WORDS = 12
T = TypeVar("T")
Read = Callable[[Connection], T]


class FoundPlace(msgspec.Struct, frozen=True, kw_only=True):
    """distance_m: from the place that was named, None where none was."""

    place: PlaceRow
    distance_m: float | None = None


class FoundPlaces(msgspec.Struct, frozen=True, kw_only=True):
    """around: the place that the others are near. kind: what was asked for, if one was."""

    found: tuple[FoundPlace, ...] = ()
    around: PlaceRow | None = None
    kind: Kind | None = None


class Places:
    """Reads in every role."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def exist(self) -> bool:
        return await self._context.database.read(store.has_places)

    async def find(self, typed: str) -> FoundPlaces:
        """Best first: `Lyon`, `mairie de Lyon`, `pharmacie près de Rennes`, `musée d'Orsay, Paris`."""
        if not plain_name(typed):
            return FoundPlaces()
        return await self._context.database.read(lambda connection: _find(connection, typed))

    async def one(self, key: str) -> PlaceRow | None:
        return await self._context.database.read(lambda connection: store.place_of(connection, key))


def _find(connection: Connection, typed: str) -> FoundPlaces:
    kind, rest = split_kind(typed)
    whole = _named(connection, plain_name(typed))
    if kind and rest and not _is_exact(whole, typed):
        around = _settlement(connection, rest)
        near = _of_kind_near(connection, kind, around) if around else []
        if near:
            return FoundPlaces(found=tuple(near), around=around, kind=kind)
    if whole:
        return FoundPlaces(found=tuple(FoundPlace(place=place) for place in whole[:MOST_FOUND]))
    return _named_near(connection, plain_name(typed))


def _is_exact(places: Sequence[PlaceRow], typed: str) -> bool:
    """A place that is called just so, such as the village of Mairie, goes before a kind."""
    return any(plain_name(place.name) == plain_name(typed) for place in places)


def _named(connection: Connection, name: str) -> list[PlaceRow]:
    """Those of this very name, heaviest first; then those whose name begins so."""
    exact = store.places_named(connection, name, MOST_FOUND)
    if len(exact) >= _ENOUGH or len(name) < 2:
        return exact
    known = {place.key for place in exact}
    others = store.places_beginning(connection, name, _MOST_READ, _MOST_CANDIDATES)
    return [*exact, *(place for place in others if place.key not in known)][:_MOST_CANDIDATES]


def _settlement(connection: Connection, name: str) -> PlaceRow | None:
    """The place that things may be near: a settlement before anything else of the name."""
    places = _named(connection, name)
    exact = [place for place in places if plain_name(place.name) == name] or places
    settlements = [place for place in exact if place.kind in SETTLEMENTS]
    return max(settlements or exact, key=lambda place: place.weight, default=None)


def _of_kind_near(connection: Connection, kind: Kind, around: PlaceRow) -> list[FoundPlace]:
    """The nearest, from a circle that grows until it holds enough."""
    here = (around.lat, around.lon)
    found: list[FoundPlace] = []
    for radius_m in _RADII_M:
        rows = store.places_in_cells(connection, kind.name, cells_around(*here, radius_m), _MOST_READ)
        found = [FoundPlace(place=row, distance_m=distance_m(here, (row.lat, row.lon))) for row in rows]
        found = [each for each in found if (each.distance_m or 0) <= radius_m]
        if len(found) >= _ENOUGH:
            break
    found.sort(key=lambda each: (each.distance_m or 0, each.place.key))
    return found[:MOST_FOUND]


def _named_near(connection: Connection, name: str) -> FoundPlaces:
    """The last words name a place, the first ones a thing in it: the longest such place counts."""
    words = name.split()[:_MOST_WORDS]
    for cut in range(1, len(words)):
        around = _settlement(connection, without_joins(" ".join(words[cut:])))
        if around is None:
            continue
        here = (around.lat, around.lon)
        things = _named(connection, _without_tail(words[:cut]))
        near = [FoundPlace(place=p, distance_m=distance_m(here, (p.lat, p.lon))) for p in things]
        near = [each for each in near if (each.distance_m or 0) <= _NEAR_M]
        if near:
            return FoundPlaces(found=tuple(near[:MOST_FOUND]), around=around)
    return FoundPlaces()


def _without_tail(words: Sequence[str]) -> str:
    kept = list(words)
    while len(kept) > 1 and not without_joins(kept[-1]):
        kept.pop()
    return " ".join(kept)
