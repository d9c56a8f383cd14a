"""Places and the map: read from the real formats, found by name and by kind, drawn by us."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synfonium.apps.search.service.places.drawing import HEIGHT, WIDTH, View, fitting
from synfonium.apps.search.service.places.kinds import split_kind
from synfonium.apps.search.service.places.mercator import (
    cell_of,
    cells_around,
    degrees_of,
    distance_m,
    world_of,
)
from synfonium.apps.search.service.places.tiles import GRID, Shape, cut, packed, unpacked
from synfonium.apps.search.store import PlaceRow
from synfonium.apps.search.tests.made_places import GEONAMES, write_town
from synfonium.common.problem import Problem
from synfonium.testing.client import Installation, installation

LATS, LONS = st.floats(-84, 84), st.floats(-179.9, 179.9)


@given(LATS, LONS)
def test_a_point_of_the_map_is_the_place_it_was(lat: float, lon: float) -> None:
    back = degrees_of(*world_of(lat, lon))
    assert back == pytest.approx((lat, lon), abs=1e-6)
    assert cell_of(lat, lon) in cells_around(lat, lon, 100)


def test_a_distance_is_that_of_the_globe() -> None:
    paris, lyon = (48.8566, 2.3522), (45.7640, 4.8357)
    assert distance_m(paris, lyon) == pytest.approx(391_500, rel=0.01)


@pytest.mark.parametrize(
    ("typed", "kind", "rest"),
    [
        ("mairie de Lyon", "town_hall", "lyon"),
        ("pharmacie près de Rennes", "pharmacy", "rennes"),
        ("Pharmacies à Rennes", "pharmacy", "rennes"),
        ("pharmacy near Rennes", "pharmacy", "rennes"),
        ("rennes pharmacie", "pharmacy", "rennes"),
        ("Lyon", None, "lyon"),
        ("hôtel de ville, Lyon", "town_hall", "lyon"),
        ("gare routière de l'Étoile", "bus_station", "etoile"),
    ],
)
def test_a_question_is_a_kind_and_a_place(typed: str, kind: str | None, rest: str) -> None:
    found, place = split_kind(typed)
    assert (found.name if found else None) == kind
    assert place == rest


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.floats(47, 47.2), st.floats(-0.2, 0.2)), min_size=2, max_size=40))
def test_a_line_cut_into_tiles_stays_near_itself(points: list[tuple[float, float]]) -> None:
    for (level, x, y), feature in cut(Shape(layer="primary", runs=[points])):
        (same,) = unpacked([packed([feature])])
        assert same == feature
        for run in same.runs:
            column, row = run[0] / GRID + x, run[1] / GRID + y
            lat, lon = degrees_of(column / (1 << level), row / (1 << level))
            assert 46.9 < lat < 47.3
            assert -0.3 < lon < 0.3


def test_a_ring_cut_into_tiles_is_never_larger_than_a_tile_and_its_margin() -> None:
    ring = [(40.0, -5.0), (40.0, 10.0), (52.0, 10.0), (52.0, -5.0), (40.0, -5.0)]
    pieces = [(tile, run) for tile, feature in cut(Shape(layer="water", runs=[ring])) for run in feature.runs]
    assert {tile[0] for tile, _run in pieces} == {5, 8, 11, 14}
    for _tile, run in pieces:
        x = y = 0
        for at in range(0, len(run), 2):
            x, y = x + run[at], y + run[at + 1]
            assert -70 <= x <= GRID + 70
            assert -70 <= y <= GRID + 70


@given(st.lists(st.tuples(LATS, LONS), min_size=1, max_size=10))
def test_a_view_shows_every_place_that_it_was_made_for(points: list[tuple[float, float]]) -> None:
    places = [
        PlaceRow(key=f"n{n}", name="x", kind="pharmacy", lat=lat, lon=lon, cell=0)
        for n, (lat, lon) in enumerate(points)
    ]
    view = fitting(places)
    assert view
    for place in places:
        x, y = view.pixels_of(place.lat, place.lon)
        if view.zoom > 3:
            assert -1 <= x <= WIDTH + 1
            assert -1 <= y <= HEIGHT + 1


def test_closer_and_wider_come_back_to_the_same_view() -> None:
    view = View(lat=48.1, lon=-1.68, zoom=14)
    there = view.moved(0.5, -0.5, 1).moved(0, 0, -1).moved(-0.5, 0.5)
    assert there.zoom == 14
    assert (there.lat, there.lon) == pytest.approx((view.lat, view.lon), abs=1e-5)
    assert view.moved(0, 0, 9).zoom == 18
    assert view.moved(0, -99).lat < 85.1


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


@pytest.fixture
async def town(house: Installation, tmp_path: Path) -> Installation:
    pytest.importorskip("osmium")
    extract, cities = tmp_path / "val-joli.osm.pbf", tmp_path / "cities500.txt"
    write_town(extract)
    cities.write_text(GEONAMES)
    for _again in range(2):
        report = await house.call("search.import_places", {"path": str(extract)})
        assert report["indexed"] == 10
        report = await house.call("search.import_places", {"path": str(cities)})
        assert report == {"indexed": 4, "skipped": 0, "broken": 1}
    return house


async def page(house: Installation, address: str, locale: str = "fr") -> str:
    async with house.client(headers={"accept": "text/html", "accept-language": locale}) as client:
        answer = await client.get(address)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    return answer.text


def listed(text: str) -> list[str]:
    return [re.sub(r"<[^>]+>", "", found) for found in re.findall(r"<h2><a[^>]*>(.*?)</a>", text)]


async def test_a_reader_finds_the_pharmacies_near_a_town_nearest_first(town: Installation) -> None:
    text = await page(town, "/search/places?q=pharmacie+pr%C3%A8s+de+Val-Joli")
    assert listed(text)[:2] == ["Pharmacie du Centre", "Pharmacie &lt;b&gt;des Tilleuls&lt;/b&gt;"]
    assert len(re.findall(r'class="m-pin"', text)) == len(listed(text)) == 3, "the list equals the map"
    assert "OpenStreetMap" in text
    assert "<b>des Tilleuls" not in text
    assert 'href="javascript:' not in text
    assert re.search(r"\d+ m de Val-Joli", text.replace("\u00a0", " ").replace("\u202f", " "))


async def test_a_place_shows_what_is_known_of_it_and_opens_in_a_maps_app(town: Installation) -> None:
    found = await page(town, "/search/places?q=mairie+de+val-joli")
    (link,) = re.findall(r'<h2><a href="([^"]+)"', found)[:1]
    text = await page(town, link.replace("&amp;", "&"))
    assert "Mairie de Val-Joli" in text
    assert "place de la Liberté" in text
    assert "geo:48.1" in text
    assert "https://val-joli.example" in text


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("Lyon", "Lyon"),
        ("lyons", "Lyons-la-Forêt"),
        ("roazhon", "Rennes"),
        ("foret", "Lyons-la-Forêt"),
        ("monte bianco", "Mont Blanc"),
        ("gare val joli", "Gare de Val-Joli"),
        ("pharmacie de saint aubin", "Pharmacie de Saint-Aubin"),
        ("boulangerie à Val-Joli", "Boulangerie"),
    ],
)
async def test_a_place_is_found_by_any_of_its_names(town: Installation, typed: str, first: str) -> None:
    assert listed(await page(town, f"/search/places?q={typed}"))[0] == first


async def test_the_map_shows_streets_water_and_names_and_moves_by_links(town: Installation) -> None:
    text = await page(town, "/search/places?q=val-joli&lat=48.1&lon=-1.68&z=16")
    for layer in ("m-street", "m-primary", "m-building", "m-green"):
        assert f'class="{layer}"' in text
    assert "Rue du Marché" in text
    wide = await page(town, "/search/places?q=val-joli&lat=48.1&lon=-1.68&z=14")
    assert 'class="m-water"' in wide
    assert 'class="m-rail"' in wide
    assert 'class="m-river"' in wide
    for move in re.findall(r'href="([^"]+)" data-move', text):
        await page(town, move.replace("&amp;", "&"))
    assert len(re.findall("data-move", text)) == 6
    assert len(text) < 300_000


async def test_a_house_without_places_says_how_to_have_some(house: Installation) -> None:
    text = await page(house, "/search/places", "en")
    assert "synfonium search import-places" in text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("lat=nan&lon=1", 422), ("lat=91&lon=1", 422), ("lat=1&lon=1e9", 422),
        ("lat=1&lon=1&z=99", 422), ("lat=x&lon=1", 422), ("lat=90&lon=180&z=18", 200),
        ("lat=-90&lon=-180&z=3", 200), ("q=" + "a" * 201, 422), ("q=%00%01", 200), ("q=''%3B--", 200),
        ("q=%F0%9F%8D%95", 200), ("place=n1%27", 200), ("q=de+de+de+de", 200), ("q=" + "a+" * 99, 200),
    ],
)  # fmt: skip
async def test_bad_input_gets_a_clear_refusal(town: Installation, query: str, status: int) -> None:
    async with town.client(headers={"accept": "application/json"}) as client:
        assert (await client.get(f"/search/places?{query}")).status_code == status


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.osm.pbf", b""),
        ("x.osm.pbf", b"\x00\x00\x00\x0dnot a pbf at all"),
        ("x.osm", b"<osm><node></osm>"),
        ("x.txt", b"\x00\xff\xfe\n" * 100),
        ("x.zip", b"PK nothing"),
        ("x.csv", b"a,b"),
    ],
)
async def test_a_broken_extract_is_refused(
    house: Installation, tmp_path: Path, name: str, content: bytes
) -> None:
    pytest.importorskip("osmium")
    file = tmp_path / name
    file.write_bytes(content)
    for path in (str(file), str(tmp_path / f"missing-{name}"), name):
        with pytest.raises(Problem):
            await house.call("search.import_places", {"path": path})
