"""Imports of places; the same file again replaces what it brought."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from synfonium.apps.search import store
from synfonium.apps.search.errors import NotReadable
from synfonium.apps.search.model import ImportReport
from synfonium.apps.search.service.places.geonames import read_geonames
from synfonium.apps.search.service.places.kinds import SETTLEMENTS
from synfonium.apps.search.service.places.openstreetmap import read_openstreetmap
from synfonium.apps.search.service.places.tiles import Feature, Shape, Tile, cut, packed
from synfonium.apps.search.store.places import PlaceRow, TileRow
from synfonium.kernel.calls import Progress
from synfonium.kernel.context import Context

_AT_ONCE = 2000
_MOST_FEATURES = 400_000
"""So many pieces of the map wait in memory, some hundred megabytes, before they are written."""
_OPENSTREETMAP = (".osm.pbf", ".osm", ".osm.bz2", ".osm.gz", ".pbf")
_GEONAMES = (".txt", ".zip")


class PlaceImports:
    """Only where the database is written."""

    def __init__(self, context: Context) -> None:
        self._database = context.database

    async def add(self, path: Path, progress: Progress) -> ImportReport:
        """Raises NotReadable for a missing or broken file, or of another kind; PartMissing."""
        if not path.is_file():
            raise NotReadable(name=path.name)
        source = path.name[:60]
        await self._database.write(lambda c: store.remove_source(c, source))
        waiting = _Waiting()
        indexed = broken = 0
        things = _things(path)
        while some := await asyncio.to_thread(lambda: list(islice(things, _AT_ONCE))):
            rows = [thing for thing in some if isinstance(thing, PlaceRow)]
            await self._database.write(lambda c, rows=rows: store.put_places(c, source, rows))  # type: ignore[misc]
            shapes = [thing for thing in some if isinstance(thing, Shape)]
            await asyncio.to_thread(waiting.add, shapes)
            indexed, broken = indexed + len(rows), broken + some.count(None)
            if waiting.count > _MOST_FEATURES:
                await self._put_tiles(source, waiting)
            await progress(f"{path.name}: {indexed} places")
        await self._put_tiles(source, waiting)
        if not indexed and not waiting.part:
            raise NotReadable(name=path.name)
        return ImportReport(indexed=indexed, broken=broken)

    async def _put_tiles(self, source: str, waiting: "_Waiting") -> None:
        rows = iter(await asyncio.to_thread(waiting.take))
        while some := list(islice(rows, _AT_ONCE)):
            await self._database.write(lambda c, some=some: store.put_tiles(c, source, some))  # type: ignore[misc]


class _Waiting:
    """Pieces of the map by tile, not yet written. part: how often they were taken."""

    def __init__(self) -> None:
        self._tiles: dict[Tile, list[Feature]] = {}
        self.count = self.part = 0

    def add(self, shapes: Sequence[Shape]) -> None:
        for shape in shapes:
            for tile, feature in cut(shape):
                self._tiles.setdefault(tile, []).append(feature)
                self.count += 1

    def take(self) -> list[TileRow]:
        rows = [
            TileRow(zoom=zoom, x=x, y=y, part=self.part, body=packed(features))
            for (zoom, x, y), features in self._tiles.items()
        ]
        self._tiles, self.count = {}, 0
        self.part += bool(rows)
        return rows


def _things(path: Path) -> Iterator[PlaceRow | Shape | None]:
    if path.name.endswith(_OPENSTREETMAP):
        yield from read_openstreetmap(path)
    elif path.name.endswith(_GEONAMES):
        for row in read_geonames(path):
            yield row
            if row and row.kind in SETTLEMENTS:
                yield Shape(layer="label", runs=[[(row.lat, row.lon)]], name=row.name, weight=row.weight)
    else:
        raise NotReadable(name=path.name)
