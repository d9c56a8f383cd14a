"""Names of cities and countries, in French and English, and their time zones."""

from functools import cache
from zoneinfo import available_timezones

from synfonium.apps.search.service.answers.asked import folded

# Large cities that name no zone of their own.
_MORE = {
    "Europe/Paris": "lyon, marseille, toulouse, lille, nantes, bordeaux, strasbourg, rennes, nice, "
    "montpellier, france metropolitaine",
    "Europe/Berlin": "munich, munchen, hambourg, hamburg, francfort, frankfurt, cologne, koln, "
    "stuttgart, dresde, leipzig",
    "Europe/Rome": "milan, naples, turin, florence, venise, venice, bologne",
    "Europe/Madrid": "barcelone, barcelona, seville, valence, valencia, bilbao",
    "Europe/London": "manchester, edimbourg, edinburgh, glasgow, liverpool, cardiff, angleterre, "
    "england, ecosse, scotland",
    "Europe/Zurich": "geneve, geneva, lausanne, berne, bale, basel",
    "Europe/Brussels": "anvers, antwerp, liege, gand",
    "Europe/Amsterdam": "rotterdam, la haye, the hague",
    "Europe/Lisbon": "porto",
    "Europe/Warsaw": "cracovie, krakow, gdansk",
    "Europe/Moscow": "saint-petersbourg, saint petersburg, moscou",
    "America/New_York": "washington, boston, philadelphie, philadelphia, miami, atlanta, nyc, "
    "montreal, quebec, ottawa",
    "America/Chicago": "houston, dallas, la nouvelle-orleans, new orleans",
    "America/Los_Angeles": "san francisco, seattle, san diego, las vegas, los angeles, silicon valley",
    "America/Denver": "salt lake city",
    "America/Sao_Paulo": "rio de janeiro, rio, sao paulo",
    "America/Toronto": "toronto",
    "Asia/Tokyo": "osaka, kyoto, tokyo",
    "Asia/Shanghai": "pekin, beijing, shenzhen, chine, china",
    "Asia/Kolkata": "bombay, mumbai, delhi, new delhi, bangalore, calcutta, inde, india",
    "Asia/Karachi": "islamabad, lahore",
    "Asia/Riyadh": "la mecque, mecca",
    "Asia/Dubai": "abou dhabi, abu dhabi",
    "Asia/Ho_Chi_Minh": "hanoi, saigon",
    "Australia/Sydney": "canberra",
    "Africa/Casablanca": "rabat, marrakech",
    "Africa/Johannesburg": "le cap, cape town, pretoria",
    "UTC": "utc, gmt, temps universel",
    "Pacific/Honolulu": "hawai, hawaii",
}
_NOT_PLACES = ("Etc/", "SystemV/", "posix", "right")


def zone_of(name: str, locale: str) -> str | None:
    """The zone (IANA) of a city, of a country with one time, or None. name: folded."""
    return _zones(locale).get(name) or _zones("fr" if locale == "en" else "en").get(name)


@cache
def _zones(locale: str) -> dict[str, str]:
    """Some milliseconds when first asked for."""
    found: dict[str, str] = {}
    for zone, names in _MORE.items():
        found.update(dict.fromkeys(names.split(", "), zone))
    for zone in sorted(available_timezones()):
        if "/" in zone and not zone.startswith(_NOT_PLACES):
            found.setdefault(folded(zone.rpartition("/")[2].replace("_", " ")), zone)
    for name, zone in _of_locale(locale):
        found.setdefault(folded(name), zone)
    return found


def _of_locale(locale: str) -> list[tuple[str, str]]:
    """Cities of CLDR, and countries that have one time."""
    from babel import Locale
    from babel.core import get_global

    words, zones = Locale(locale), available_timezones()
    cities = [(entry["city"], zone) for zone, entry in words.time_zones.items() if "city" in entry]
    of_territory: dict[str, list[str]] = {}
    for zone, territory in get_global("zone_territories").items():
        if "/" in zone:  # not the old names: Japan, GB
            of_territory.setdefault(territory, []).append(zone)
    countries = [
        (words.territories[territory], of[0])
        for territory, of in of_territory.items()
        if len(of) == 1 and territory in words.territories
    ]
    capitals = [("Espagne", "Europe/Madrid"), ("Spain", "Europe/Madrid"), ("Portugal", "Europe/Lisbon")]
    capitals += [("Allemagne", "Europe/Berlin"), ("Germany", "Europe/Berlin")]
    return [(name, zone) for name, zone in (*cities, *countries, *capitals) if zone in zones]
