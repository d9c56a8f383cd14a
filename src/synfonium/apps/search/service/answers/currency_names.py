"""Names of currencies, in French and English, and their codes (ISO 4217)."""

from functools import cache

from synfonium.apps.search.service.answers.asked import folded

# What people say, and CLDR does not or says of several currencies.
_USUAL = {
    "USD": "$, dollar, dollars, us dollar, us dollars, dollars us, usd, buck, bucks, dollar "
    "americain, dollars americains",
    "EUR": "€, euro, euros",
    "GBP": "£, livre, livres, livre sterling, livres sterling, pound, pounds, pound sterling, pounds "
    "sterling, quid",
    "JPY": "¥, yen, yens",
    "CHF": "franc suisse, francs suisses, swiss franc, swiss francs, fr suisse",
    "CNY": "yuan, yuans, renminbi, rmb",
    "CAD": "dollar canadien, dollars canadiens, canadian dollar, canadian dollars",
    "AUD": "dollar australien, dollars australiens, australian dollar, australian dollars",
    "SEK": "couronne suedoise, couronnes suedoises, swedish krona, swedish kronor",
    "NOK": "couronne norvegienne, couronnes norvegiennes, norwegian krone, norwegian kroner",
    "DKK": "couronne danoise, couronnes danoises, danish krone, danish kroner",
    "CZK": "couronne tcheque, couronnes tcheques, czech koruna, czech crowns",
    "PLN": "zloty, zlotys, zlotych",
    "HUF": "forint, forints",
    "RON": "leu, lei, leu roumain",
    "TRY": "livre turque, livres turques, turkish lira",
    "INR": "roupie, roupies, roupie indienne, rupee, rupees, indian rupee, indian rupees, ₹",
    "BRL": "real, reais, real bresilien, brazilian real",
    "KRW": "won, wons, won sud-coreen, south korean won, ₩",
    "ZAR": "rand, rands",
    "MXN": "peso mexicain, pesos mexicains, mexican peso, mexican pesos",
}


def currency_of(name: str) -> str | None:
    """The code of a currency by its code, sign or name (folded), or None."""
    return _codes().get(name)


@cache
def _codes() -> dict[str, str]:
    from babel import Locale

    found: dict[str, str] = {}
    for code, names in _USUAL.items():
        found.update(dict.fromkeys(names.split(", "), code))
    for locale in ("fr", "en"):
        for code, name in Locale(locale).currencies.items():
            if len(code) == 3 and "(" not in name:
                found.setdefault(code.lower(), code)
                found.setdefault(folded(name), code)
                found.setdefault(f"{folded(name)}s", code)
    return found
