"""Where a place is on the map: Web Mercator (EPSG:3857), tiles of 256 pixels."""

import math

TILE_PIXELS = 256
LAST_LAT = 85.05
CELL_ZOOM = 12
_EARTH_M = 6_371_000.0


def world_of(lat: float, lon: float) -> tuple[float, float]:
    """0 to 1, from the north-west corner of the world."""
    lat = max(-LAST_LAT, min(LAST_LAT, lat))
    y = math.asinh(math.tan(math.radians(lat)))
    return (lon + 180) / 360, (1 - y / math.pi) / 2


def degrees_of(x: float, y: float) -> tuple[float, float]:
    """(lat, lon); the contrary of `world_of`."""
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y)))), x * 360 - 180


def cell_of(lat: float, lon: float) -> int:
    """The tile at zoom 12 as one number: what is near is looked up by it."""
    x, y = world_of(lat, lon)
    count = 1 << CELL_ZOOM
    return min(count - 1, int(x * count)) << CELL_ZOOM | min(count - 1, int(y * count))


def cells_around(lat: float, lon: float, radius_m: float, most: int = 400) -> list[int]:
    """The cells within a square of this half side, nearest rows first; no more than `most`."""
    x, y = world_of(lat, lon)
    count = 1 << CELL_ZOOM
    reach = radius_m / (2 * math.pi * _EARTH_M * max(0.05, math.cos(math.radians(lat))))
    xs = range(max(0, int((x - reach) * count)), min(count - 1, int((x + reach) * count)) + 1)
    ys = range(max(0, int((y - reach) * count)), min(count - 1, int((y + reach) * count)) + 1)
    return [column << CELL_ZOOM | row for column in xs for row in ys][:most]


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great circle (haversine), of (lat, lon) in degrees."""
    lat_a, lat_b = math.radians(a[0]), math.radians(b[0])
    half_lat, half_lon = (lat_b - lat_a) / 2, math.radians(b[1] - a[1]) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lon) ** 2
    return 2 * _EARTH_M * math.asin(min(1.0, math.sqrt(chord)))
