"""A town that does not exist, in the real formats: Val-Joli, with streets, a river and shops."""

from pathlib import Path
from typing import Any

LAT, LON = 48.1, -1.68
STEP = 0.0016


class Town:
    """Writes an extract of OpenStreetMap by osmium itself. Positions in steps from the middle."""

    def __init__(self, path: Path) -> None:
        import osmium

        self._osmium, self._writer = osmium, osmium.SimpleWriter(str(path))
        self._ways: list[Any] = []
        self._id = 0

    def node(self, x: float, y: float, **tags: str) -> int:
        self._id += 1
        made = self._osmium.osm.mutable.Node(
            id=self._id, location=(LON + x * STEP * 1.5, LAT + y * STEP), tags=_colons(tags), version=1
        )
        self._writer.add_node(made)
        return self._id

    def way(self, *points: tuple[float, float], **tags: str) -> None:
        nodes = [self.node(x, y) for x, y in points]
        if points[0] == points[-1]:
            nodes[-1] = nodes[0]
        self._id += 1
        self._ways.append(
            self._osmium.osm.mutable.Way(id=self._id, nodes=nodes, tags=_colons(tags), version=1)
        )

    def close(self) -> None:
        for way in self._ways:
            self._writer.add_way(way)
        self._writer.close()


def _colons(tags: dict[str, str]) -> dict[str, str]:
    return {key.replace("__", ":"): value for key, value in tags.items()}


def square(x: float, y: float, wide: float, high: float) -> list[tuple[float, float]]:
    return [(x, y), (x + wide, y), (x + wide, y + high), (x, y + high), (x, y)]


def write_town(path: Path) -> None:
    town = Town(path)
    town.node(0, 0, place="town", name="Val-Joli", population="12400")
    town.node(9, 7, place="village", name="Saint-Aubin-des-Prés", population="900")
    town.node(-12, -6, place="hamlet", name="La Ville-ès-Nonais")
    streets = [
        "Rue des Tilleuls",
        "Rue de l’Église",
        "Rue du Marché",
        "Rue Jean-Jaurès",
        "Rue des Lavandières",
    ]
    for number, name in enumerate(streets):
        x = -4 + 2 * number
        town.way((x, -6), (x + 0.2, 0), (x - 0.1, 6), highway="residential", name=name)
    town.way((-5, -4), (5, -4), highway="tertiary", name="Boulevard de la République")
    town.way((-5, 3), (5, 3.2), highway="residential", name="Rue de la Paix")
    town.way((-14, -1), (-4, 0), (5, 0.5), (14, 3), highway="primary", name="Route de Rennes", ref="D137")
    town.way((-14, 9), (0, 8), (14, 10), highway="motorway", ref="A84")
    town.way((-14, -8), (-5, -7.5), (4, -8.5), (14, -7), railway="rail")
    town.way((-14, 5), (-7, 4.5), (-2, 5.2), (4, 4.6), (14, 6), waterway="river", name="La Joliette")
    town.way(*square(5.5, -6, 4, 4), natural="water", name="Étang des Saules")
    town.way(*square(-11, -5, 4, 3), landuse="forest", name="Bois du Roi")
    town.way(*square(-3.5, 0.6, 1.4, 2), leisure="park", name="Parc Colette")
    for row in range(4):
        for column in range(8):
            town.way(*square(-3.7 + column, -3.6 + row * 0.8, 0.35, 0.4), building="yes")
    town.way(*square(0.3, 0.7, 0.6, 0.5), building="yes", amenity="townhall", name="Mairie de Val-Joli",
             opening_hours="Mo-Fr 09:00-12:00", addr__housenumber="1", addr__street="place de la Liberté",
             addr__postcode="35999", addr__city="Val-Joli", phone="+33 2 99 00 00 00", wheelchair="yes",
             website="https://val-joli.example")  # fmt: skip
    town.node(1.2, -1, amenity="pharmacy", name="Pharmacie du Centre", opening_hours="Mo-Sa 09:00-19:30")
    town.node(
        -3.2, -3, amenity="pharmacy", name="Pharmacie <b>des Tilleuls</b>", website="javascript:alert(1)"
    )
    town.node(9, 7.3, amenity="pharmacy", name="Pharmacie de Saint-Aubin", addr__city="Saint-Aubin-des-Prés")
    town.node(2, 3.3, shop="bakery")
    town.node(-2, -7.6, railway="station", name="Gare de Val-Joli")
    town.close()


def _city(key: str, names: str, lat: str, lon: str, code: str, region: str, inhabitants: str) -> str:
    """A line of GeoNames. names: its own, the ASCII one, and others, apart by bars."""
    own, ascii_name, others = names.split("|")
    columns = [key, own, ascii_name, others, lat, lon, code[0], code[2:], "FR", "", region, "", "", ""]
    return "\t".join([*columns, inhabitants, "", "35", "Europe/Paris", "2023-01-01"])


GEONAMES = "\n".join(
    (
        _city(
            "2983990", "Rennes|Rennes|Condate,Roazhon,Ренн", "48.11198", "-1.67429", "P.PPLA", "53", "209375"
        ),
        _city("2996944", "Lyon|Lyon|Lugdunum", "45.74846", "4.84671", "P.PPLA", "84", "522969"),
        _city("3000001", "Lyons-la-Forêt|Lyons-la-Foret|", "49.4", "1.48", "P.PPL", "28", "750"),
        _city("3000002", "Mont Blanc|Mont Blanc|Monte Bianco", "45.83", "6.86", "T.MT", "84", "0"),
        _city("3000003", "Drain|Drain|", "45.8", "6.8", "H.DTCH", "84", "0"),
        "broken\tline",
    )
)
