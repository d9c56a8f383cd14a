"""Names of units in French and English, and the units of pint that they mean."""

from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from synfonium.apps.search.service.answers.asked import folded

if TYPE_CHECKING:
    from pint import UnitRegistry


class Measure(msgspec.Struct, frozen=True):
    """unit: as pint writes it. symbol: as people read it. names: other ways to write it, plural and
    capitals aside; with a capital among them they mean this exact spelling."""

    unit: str
    symbol: str
    names: str


_MEASURES = (
    # Lengths
    Measure("kilometer", "km", "kilometre, kilometer, kms"),
    Measure("hectometer", "hm", "hectometre, hectometer"),
    Measure("meter", "m", "metre, meter"),
    Measure("decimeter", "dm", "decimetre, decimeter"),
    Measure("centimeter", "cm", "centimetre, centimeter"),
    Measure("millimeter", "mm", "millimetre, millimeter"),
    Measure("micrometer", "µm", "micrometre, micrometer, micron, um"),
    Measure("nanometer", "nm", "nanometre, nanometer"),
    Measure("mile", "mi", "mile, mille terrestre"),
    Measure("nautical_mile", "NM", "nautical mile, mille marin, mille nautique, nmi"),
    Measure("yard", "yd", "yard, verge"),
    Measure("foot", "ft", "foot, feet, pied"),
    Measure("inch", "in", 'inch, inches, pouce, "'),
    Measure("light_year", "ly", "light year, light-year, annee-lumiere, annee lumiere, annees-lumiere, al"),
    Measure("astronomical_unit", "au", "astronomical unit, unite astronomique, ua"),
    # Areas
    Measure("kilometer**2", "km²", "km2, kilometre carre, square kilometre, square kilometer, sq km"),
    Measure("meter**2", "m²", "m2, metre carre, square metre, square meter, sqm"),
    Measure("centimeter**2", "cm²", "cm2, centimetre carre, square centimetre, square centimeter"),
    Measure("hectare", "ha", "hectare"),
    Measure("acre", "ac", "acre"),
    Measure("mile**2", "mi²", "square mile, mile carre, sq mi"),
    Measure("foot**2", "ft²", "square foot, square feet, pied carre, sq ft, sqft"),
    # Volumes
    Measure("meter**3", "m³", "m3, metre cube, cubic metre, cubic meter"),
    Measure("centimeter**3", "cm³", "cm3, cc, centimetre cube, cubic centimetre, cubic centimeter"),
    Measure("liter", "l", "litre, liter"),
    Measure("hectoliter", "hl", "hectolitre, hectoliter"),
    Measure("deciliter", "dl", "decilitre, deciliter"),
    Measure("centiliter", "cl", "centilitre, centiliter"),
    Measure("milliliter", "ml", "millilitre, milliliter"),
    Measure("gallon", "US gal", "gallon, gal, us gallon, gallon americain"),
    Measure("imperial_gallon", "imp gal", "imperial gallon, gallon imperial"),
    Measure("pint", "US pt", "pint, pinte, us pint"),
    Measure("imperial_pint", "imp pt", "imperial pint, uk pint, pinte imperiale, pinte anglaise"),
    Measure("quart", "US qt", "quart"),
    Measure("cup", "US cup", "cup, tasse, us cup"),
    Measure("fluid_ounce", "US fl oz", "fluid ounce, fl oz, once liquide"),
    Measure("tablespoon", "tbsp", "tablespoon, cuillere a soupe, cuilleres a soupe, cas"),
    Measure("teaspoon", "tsp", "teaspoon, cuillere a cafe, cuilleres a cafe, cac"),
    # Masses
    Measure("metric_ton", "t", "tonne, metric ton"),
    Measure("quintal", "q", "quintal, quintaux"),
    Measure("kilogram", "kg", "kilogramme, kilogram, kilo"),
    Measure("gram", "g", "gramme, gram"),
    Measure("milligram", "mg", "milligramme, milligram"),
    Measure("microgram", "µg", "microgramme, microgram, ug"),
    Measure("pound", "lb", "pound, livre, lbs"),
    Measure("ounce", "oz", "ounce, once"),
    Measure("stone", "st", "stone"),
    Measure("carat", "ct", "carat"),
    # Temperatures
    Measure("degree_Celsius", "°C", "c, celsius, degre, degre celsius, degree celsius, degre c, deg c, degc"),
    Measure("degree_Fahrenheit", "°F", "f, fahrenheit, degre fahrenheit, degree fahrenheit, degre f, degf"),
    Measure("kelvin", "K", "kelvin"),
    # Times
    Measure("year", "a", "year, annee, an, ans"),
    Measure("week", "sem.", "week, semaine"),
    Measure("day", "d", "day, jour, j"),
    Measure("hour", "h", "hour, heure"),
    Measure("minute", "min", "minute, mn"),
    Measure("second", "s", "second, seconde, sec"),
    Measure("millisecond", "ms", "millisecond, milliseconde"),
    # Speeds
    Measure("kilometer/hour", "km/h", "kmh, kph, kilometre par heure, kilometre heure, kilometer per hour"),
    Measure("meter/second", "m/s", "metre par seconde, meter per second, metre per second"),
    Measure("mile/hour", "mph", "mi/h, mile per hour, mile par heure"),
    Measure("knot", "kn", "knot, noeud, kt"),
    # Data: with a capital, what it means exactly
    Measure("byte", "B", "o, octet, byte"),
    Measure("kilobyte", "kB", "ko, Ko, KB, kilooctet, kilo-octet, kilobyte"),
    Measure("megabyte", "MB", "Mo, mo, mb, megaoctet, mega-octet, megabyte"),
    Measure("gigabyte", "GB", "Go, go, gb, gigaoctet, giga-octet, gigabyte"),
    Measure("terabyte", "TB", "To, to, tb, teraoctet, tera-octet, terabyte"),
    Measure("petabyte", "PB", "Po, petaoctet, petabyte, pb"),
    Measure("kibibyte", "KiB", "Kio, kibioctet, kibibyte"),
    Measure("mebibyte", "MiB", "Mio, mebioctet, mebibyte"),
    Measure("gibibyte", "GiB", "Gio, gibioctet, gibibyte"),
    Measure("tebibyte", "TiB", "Tio, tebioctet, tebibyte"),
    Measure("bit", "bit", "bit"),
    Measure("kilobit", "kbit", "Kb, kb, kilobit"),
    Measure("megabit", "Mbit", "Mb, megabit"),
    Measure("gigabit", "Gbit", "Gb, gigabit"),
    Measure("megabit/second", "Mbit/s", "Mbps, Mb/s, mbit/s, mbps"),
    Measure("gigabit/second", "Gbit/s", "Gbps, Gb/s, gbit/s, gbps"),
    Measure("megabyte/second", "MB/s", "Mo/s, MBps"),
    Measure("gigabyte/second", "GB/s", "Go/s"),
    # Energy, power, pressure, force, angle
    Measure("joule", "J", "joule"),
    Measure("kilojoule", "kJ", "kilojoule"),
    Measure("megajoule", "MJ", "megajoule"),
    Measure("calorie", "cal", "calorie"),
    Measure("kilocalorie", "kcal", "kilocalorie"),
    Measure("watt_hour", "Wh", "wattheure, watt-heure, watt hour"),
    Measure("kilowatt_hour", "kWh", "kilowattheure, kilowatt-heure, kilowatt hour"),
    Measure("megawatt_hour", "MWh", "megawattheure, megawatt hour"),
    Measure("electron_volt", "eV", "electronvolt, electron-volt"),
    Measure("watt", "W", "watt"),
    Measure("kilowatt", "kW", "kilowatt"),
    Measure("megawatt", "MW", "megawatt"),
    Measure("metric_horsepower", "ch", "cheval-vapeur, chevaux, cv, ps"),
    Measure("horsepower", "hp", "horsepower"),
    Measure("pascal", "Pa", "pascal"),
    Measure("hectopascal", "hPa", "hectopascal"),
    Measure("kilopascal", "kPa", "kilopascal"),
    Measure("bar", "bar", "bar"),
    Measure("millibar", "mbar", "millibar"),
    Measure("standard_atmosphere", "atm", "atmosphere"),
    Measure("psi", "psi", "psi"),
    Measure("millimeter_Hg", "mmHg", "mmhg"),
    Measure("newton", "N", "newton"),
    Measure("degree", "°", "degree of arc"),
    Measure("radian", "rad", "radian"),
)


def measure_of(text: str) -> Measure | None:
    """The measure that is written so: first its exact spelling (`Mb` is no `MB`), then its name."""
    exact, named = _known()
    if found := exact.get(text):
        return found
    name = folded(text)
    # metres carrés: each word has its plural
    singular = " ".join(word.removesuffix("s") for word in name.split())
    return named.get(name) or named.get(name.removesuffix("s")) or named.get(singular)


@cache
def _known() -> tuple[dict[str, Measure], dict[str, Measure]]:
    exact: dict[str, Measure] = {}
    named: dict[str, Measure] = {}
    for measure in _MEASURES:
        for name in (measure.symbol, *measure.names.split(", ")):
            exact.setdefault(name, measure)
            if name == name.lower() or len(name) > 1:
                named.setdefault(folded(name), measure)
    return exact, named


@cache
def registry() -> "UnitRegistry[Decimal]":
    """Half a second when first asked for: call it in a thread."""
    import pint

    return pint.UnitRegistry(non_int_type=Decimal, cache_folder=None)
