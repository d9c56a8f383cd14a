"""GeoNames: `cities500.txt`, `FR.txt`, `allCountries.txt` (or their .zip), tab-separated.

Columns as its readme.txt has them: geonameid, name, asciiname, alternatenames, latitude, longitude,
feature class, feature code, country, cc2, admin1, admin2, admin3, admin4, population …
"""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from synfonium.apps.search.errors import NotReadable
from synfonium.apps.search.service.places.kinds import OTHER, SETTLEMENTS, Kind, by_code
from synfonium.apps.search.service.places.mercator import cell_of
from synfonium.apps.search.service.places.naming import names_of
from synfonium.apps.search.store.places import PlaceRow

_COLUMNS, _MOST_OTHERS = 19, 8
_LONGEST_LINE_BYTES = 64 << 10
_LARGEST_FILE_BYTES = 4 << 30


def read_geonames(path: Path) -> Iterator[PlaceRow | None]:
    """Each place that is worth finding; None for a line that is broken. Raises NotReadable."""
    regions = _regions(path)
    try:
        with _opened(path) as source:
            while line := source.readline(_LONGEST_LINE_BYTES):
                yield from _rows(line, regions)
    except (OSError, EOFError, zipfile.BadZipFile) as failure:
        raise NotReadable(name=path.name) from failure


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if path.suffix != ".zip":
        with path.open("rb") as plain:
            yield plain
        return
    with zipfile.ZipFile(path) as archive:
        largest = max(archive.infolist(), key=lambda info: info.file_size, default=None)
        if largest is None or largest.file_size > _LARGEST_FILE_BYTES:
            raise NotReadable(name=path.name)
        with archive.open(largest) as packed:
            yield cast(BinaryIO, io.BufferedReader(cast("io.RawIOBase", packed)))


def _regions(path: Path) -> dict[str, str]:
    """Names of regions by `FR.53`, where GeoNames' admin1CodesASCII.txt lies beside the file."""
    beside = path.with_name("admin1CodesASCII.txt")
    if not beside.is_file():
        return {}
    lines = (line.split("\t") for line in beside.read_text(encoding="utf-8", errors="replace").splitlines())
    return {line[0]: line[1] for line in lines if len(line) >= 2}


def _rows(line: bytes, regions: dict[str, str]) -> Iterator[PlaceRow | None]:
    try:
        columns = line.decode().rstrip("\r\n").split("\t")
        if len(columns) != _COLUMNS:
            raise ValueError
        lat, lon, population = float(columns[4]), float(columns[5]), int(columns[14] or 0)
        if not (-90 <= lat <= 90 and -180 <= lon <= 180 and columns[0].isdecimal() and columns[1]):
            raise ValueError
    except ValueError:
        yield None
        return
    kind = _kind(columns[7], columns[6], population)
    if kind:
        yield _row(columns, kind, lat, lon, population, regions)


def _kind(code: str, group: str, population: int) -> Kind | None:
    """By size where it is a settlement; nothing for what nobody looks for."""
    kind = by_code().get(code)
    if group == "P":
        name = "city" if population >= 100_000 else "town" if population >= 5_000 else "village"
        return next((found for found in by_code().values() if found.name == name), OTHER)
    return kind if kind and kind.name not in SETTLEMENTS else None


def _row(
    columns: list[str], kind: Kind, lat: float, lon: float, population: int, regions: dict[str, str]
) -> PlaceRow:
    others = [name for name in columns[3].split(",") if name and _is_latin(name)][:_MOST_OTHERS]
    weight = min(population or kind.weight, 2_000_000_000)
    return PlaceRow(
        key=f"g{columns[0]}"[:24],
        name=columns[1][:200],
        kind=kind.name,
        lat=lat,
        lon=lon,
        cell=cell_of(lat, lon),
        weight=weight,
        within=regions.get(f"{columns[8]}.{columns[10]}", "")[:200],
        country=columns[8][:2],
        names=names_of(columns[1], [columns[2], *others], weight),
    )


def _is_latin(name: str) -> bool:
    return all(ord(letter) < 0x250 or ord(letter) > 0x1E00 for letter in name) and len(name) <= 60
