"""Kinds of places: how people call them, and how OpenStreetMap and GeoNames do."""

import re
from collections.abc import Mapping
from functools import cache

import msgspec

from synfonium.apps.search.service.answers.asked import folded
from synfonium.kernel.i18n import _


class Kind(msgspec.Struct, frozen=True):
    """title: as the page says it. words: as people type it, singular. tags: of OpenStreetMap,
    `key=value`; codes: features of GeoNames. weight: without inhabitants, how much it counts."""

    name: str
    title: str
    words: str = ""
    tags: str = ""
    codes: str = ""
    weight: int = 10


KINDS = (
    Kind("city", _("City"), "", "place=city", "PPLC PPLA PPLG", 100_000),
    Kind("town", _("Town"), "", "place=town", "PPL PPLA2 PPLA3", 10_000),
    Kind("village", _("Village"), "", "place=village", "PPLA4 PPLA5 PPLF", 1_000),
    Kind("suburb", _("District"), "", "place=suburb place=quarter place=neighbourhood", "PPLX", 200),
    Kind("hamlet", _("Hamlet"), "", "place=hamlet place=isolated_dwelling", "PPLL", 100),
    Kind("region", _("Region"), "", "place=region place=state place=county", "ADM1 ADM2 RGN", 50_000),
    Kind("country", _("Country"), "", "place=country", "PCLI PCLD PCLS", 1_000_000),
    Kind("island", _("Island"), "ile, island", "place=island place=islet", "ISL ISLS", 500),
    Kind("town_hall", _("Town hall"), "mairie, hotel de ville, town hall, city hall",
         "amenity=townhall", "", 60),
    Kind("pharmacy", _("Pharmacy"), "pharmacie, pharmacy, chemist", "amenity=pharmacy"),
    Kind("hospital", _("Hospital"), "hopital, hopitaux, urgences, clinique, hospital, clinic, emergency room",
         "amenity=hospital amenity=clinic", "HSP", 60),
    Kind("doctor", _("Doctor"), "medecin, docteur, generaliste, doctor", "amenity=doctors healthcare=doctor"),
    Kind("dentist", _("Dentist"), "dentiste, dentist", "amenity=dentist"),
    Kind("vet", _("Vet"), "veterinaire, vet, veterinary", "amenity=veterinary"),
    Kind("police", _("Police"), "police, commissariat, gendarmerie, police station", "amenity=police"),
    Kind("fire_station", _("Fire station"), "pompiers, caserne de pompiers, fire station",
         "amenity=fire_station"),
    Kind("school", _("School"), "ecole, college, lycee, school", "amenity=school amenity=college",
         "SCH SCHC", 20),
    Kind("kindergarten", _("Nursery"), "creche, maternelle, nursery, kindergarten", "amenity=kindergarten"),
    Kind("university", _("University"), "universite, fac, university", "amenity=university", "UNIV", 50),
    Kind("library", _("Library"), "bibliotheque, mediatheque, library", "amenity=library", "LIBR", 20),
    Kind("post_office", _("Post office"), "poste, la poste, bureau de poste, post office",
         "amenity=post_office"),
    Kind("bank", _("Bank"), "banque, bank", "amenity=bank"),
    Kind("atm", _("Cash machine"), "distributeur, dab, atm, cash machine", "amenity=atm"),
    Kind("bakery", _("Bakery"), "boulangerie, boulanger, patisserie, bakery", "shop=bakery shop=pastry"),
    Kind("supermarket", _("Supermarket"), "supermarche, hypermarche, supermarket", "shop=supermarket"),
    Kind("grocery", _("Grocery"), "epicerie, superette, grocery, convenience store", "shop=convenience"),
    Kind("bookshop", _("Bookshop"), "librairie, bookshop, bookstore", "shop=books"),
    Kind("hairdresser", _("Hairdresser"), "coiffeur, hairdresser", "shop=hairdresser"),
    Kind("bicycle_shop", _("Bicycle shop"), "reparateur de velo, magasin de velo, bike shop", "shop=bicycle"),
    Kind("market", _("Market"), "marche, market", "amenity=marketplace", "MKT"),
    Kind("restaurant", _("Restaurant"), "restaurant, resto", "amenity=restaurant amenity=fast_food"),
    Kind("cafe", _("Café"), "cafe, salon de the, coffee shop", "amenity=cafe"),
    Kind("bar", _("Bar"), "bar, pub", "amenity=bar amenity=pub"),
    Kind("hotel", _("Hotel"), "hotel, auberge, hostel",
         "tourism=hotel tourism=hostel tourism=guest_house", "HTL"),
    Kind("camping", _("Camp site"), "camping, camp site", "tourism=camp_site"),
    Kind("museum", _("Museum"), "musee, museum", "tourism=museum tourism=gallery", "MUS", 50),
    Kind("sight", _("Sight"), "monument, site touristique, sight, attraction",
         "tourism=attraction historic=monument historic=memorial", "MNMT", 30),
    Kind("castle", _("Castle"), "chateau, castle", "historic=castle", "CSTL", 40),
    Kind("viewpoint", _("Viewpoint"), "point de vue, belvedere, viewpoint", "tourism=viewpoint"),
    Kind("theatre", _("Theatre"), "theatre, salle de spectacle, theater",
         "amenity=theatre amenity=arts_centre", "THTR", 20),
    Kind("cinema", _("Cinema"), "cinema, movie theater", "amenity=cinema"),
    Kind("worship", _("Place of worship"), "eglise, temple, mosquee, synagogue, cathedrale, church, mosque",
         "amenity=place_of_worship", "CH MSQE TMPL", 20),
    Kind("park", _("Park"), "parc, jardin public, park", "leisure=park leisure=garden", "PRK", 30),
    Kind("playground", _("Playground"), "aire de jeux, playground", "leisure=playground"),
    Kind("pool", _("Swimming pool"), "piscine, swimming pool", "leisure=swimming_pool leisure=water_park"),
    Kind("sport", _("Sports ground"), "stade, gymnase, stadium, gym, salle de sport",
         "leisure=stadium leisure=sports_centre leisure=fitness_centre", "STDM", 20),
    Kind("beach", _("Beach"), "plage, beach", "natural=beach", "BCH", 30),
    Kind("station", _("Railway station"), "gare, gare sncf, train station, railway station",
         "railway=station railway=halt", "RSTN", 50),
    Kind("bus_station", _("Bus station"), "gare routiere, bus station", "amenity=bus_station"),
    Kind("airport", _("Airport"), "aeroport, airport", "aeroway=aerodrome", "AIRP", 80),
    Kind("fuel", _("Fuel"), "station service, station-service, essence, gas station, petrol station",
         "amenity=fuel"),
    Kind("charging", _("Charging point"), "borne de recharge, charging station", "amenity=charging_station"),
    Kind("parking", _("Car park"), "parking, car park", "amenity=parking"),
    Kind("bicycle_rental", _("Bicycles to rent"), "velo en libre service, location de velo, bike rental",
         "amenity=bicycle_rental"),
    Kind("toilets", _("Toilets"), "toilettes, wc, toilets", "amenity=toilets"),
    Kind("water", _("Drinking water"), "eau potable, fontaine, drinking water", "amenity=drinking_water"),
    Kind("recycling", _("Waste and recycling"), "dechetterie, decheterie, recyclerie, recycling centre, tip",
         "amenity=recycling amenity=waste_transfer_station"),
    Kind("court", _("Court"), "tribunal, palais de justice, court", "amenity=courthouse"),
    Kind("community", _("Community centre"), "salle des fetes, maison de quartier, community centre",
         "amenity=community_centre amenity=social_centre"),
    Kind("peak", _("Summit"), "sommet, summit, peak", "natural=peak natural=volcano", "PK MT MTS VLC", 200),
    Kind("lake", _("Lake"), "lac, lake", "", "LK LKS RSV", 100),
)  # fmt: skip
SETTLEMENTS = frozenset({"city", "town", "village", "suburb", "hamlet"})
OTHER = Kind("place", _("Place"), weight=1)
_JOINS = re.compile(
    r"^(?:,|pres de|autour de|proche de|a proximite de|a cote de|near|around|close to|in|at|of|de la"
    r"|de l|des|du"
    r"|de|d|aux|au|a|en|dans|sur)(?: |$)"
)


def plain_name(text: str) -> str:
    """A name as it is looked up: folded, hyphens and apostrophes as blanks."""
    return " ".join(re.sub(r"[-'’,./()]", " ", folded(text)).split())


@cache
def by_name() -> Mapping[str, Kind]:
    return {kind.name: kind for kind in (*KINDS, OTHER)}


@cache
def by_tag() -> Mapping[tuple[str, str], Kind]:
    found: dict[tuple[str, str], Kind] = {}
    for kind in KINDS:
        for tag in kind.tags.split():
            key, _equals, value = tag.partition("=")
            found[key, value] = kind
    return found


@cache
def by_code() -> Mapping[str, Kind]:
    return {code: kind for kind in KINDS for code in kind.codes.split()}


@cache
def _by_word() -> Mapping[str, Kind]:
    found: dict[str, Kind] = {}
    for kind in KINDS:
        for word in filter(None, kind.words.split(", ")):
            found.setdefault(plain_name(word), kind)
            found.setdefault(f"{plain_name(word)}s", kind)
    return found


def split_kind(typed: str) -> tuple[Kind | None, str]:
    """The kind that a question begins or ends with, and the rest: `mairie de Lyon` is of a town hall
    and Lyon."""
    words = plain_name(typed).split()
    for length in range(min(5, len(words)), 0, -1):
        if kind := _by_word().get(" ".join(words[:length])):
            return kind, without_joins(" ".join(words[length:]))
    for length in range(min(5, len(words) - 1), 0, -1):
        if kind := _by_word().get(" ".join(words[-length:])):
            return kind, " ".join(words[:-length])
    return None, " ".join(words)


def without_joins(text: str) -> str:
    for _time in range(3):
        text = _JOINS.sub("", text).strip()
    return text
