"""Currencies by the European Central Bank's reference rates: `100 euros en dollars`."""

import re
from datetime import date
from decimal import Decimal

from synfonium.apps.search.service.answers.asked import Asked, InstantAnswer, Rates, Source
from synfonium.apps.search.service.answers.currency_names import currency_of
from synfonium.apps.search.service.answers.days import day_of, in_words
from synfonium.apps.search.service.answers.numbers import NUMBER, read_number
from synfonium.kernel.i18n import _

GATE = re.compile(
    r"(?:\d|[$€£¥]).* (?:en|in|to|into|vers|=) |^(?:taux|cours|exchange)|^[a-z]{3}[ /](?:to |en |in "
    r")?[a-z]{3}$"
)
_NAME = r"[^\d]{1,40}?"
_CONVERT = re.compile(
    rf"(?:convert(?:ir)? |combien font |how much is )?(?:(?P<before>[$€£¥]) ?)?(?P<number>{NUMBER}) "
    rf"?(?P<given>{_NAME})?"
    rf" (?:en|in|to|into|vers|=) (?P<wanted>{_NAME})(?: (?:le|au|on|at) (?P<day>.{{6,30}}?))? ?\??"
)
_RATE = re.compile(
    rf"(?:taux de change|cours|exchange rate)(?: (?:du|de l'|de|of|of the|l'))? ?(?P<given>{_NAME}) "
    rf"(?:en|in|to|/|vers|a) (?P<wanted>{_NAME}) ?\??"
    r"|(?P<a>[a-z]{3})(?: (?:to|en|in) | ?/ ?| )(?P<b>[a-z]{3})"
)
_LARGEST = Decimal(10) ** 18
_ECB = Source(
    name="European Central Bank",
    url="https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/",
)


async def answer(asked: Asked) -> InstantAnswer | None:
    """Only between two currencies whose rate was imported; the answer says of which day."""
    match = _CONVERT.fullmatch(asked.folded)
    if match:
        number = read_number(match["number"], asked.locale)
        names = (match["before"] or match["given"] or "", match["wanted"])
    else:
        match, number = _RATE.fullmatch(asked.folded), Decimal(1)
        names = (match["given"] or match["a"], match["wanted"] or match["b"]) if match else ("", "")
    given, wanted = (currency_of(name.strip()) for name in names)
    if not given or not wanted or given == wanted or number is None or not 0 < number <= _LARGEST:
        return None
    rates = await _rates(asked, match)
    return _answer(asked, number, given, wanted, rates) if rates else None


async def _rates(asked: Asked, match: re.Match[str] | None) -> Rates | None:
    written = match.groupdict().get("day") if match else None
    if not written:
        return await asked.sources.rates()
    today = asked.now.date()
    day: date | None = day_of(written, asked.locale, today)
    return await asked.sources.rates(day) if day and day <= today else None


def _answer(asked: Asked, number: Decimal, given: str, wanted: str, rates: Rates) -> InstantAnswer | None:
    of_euro = {**rates.of_euro, "EUR": Decimal(1)}
    if given not in of_euro or wanted not in of_euro:
        return None
    rate = of_euro[wanted] / of_euro[given]
    return InstantAnswer(
        kind="currencies",
        title=f"{_money(number, given, asked.locale)} =",
        lead=_money(number * rate, wanted, asked.locale),
        rows=(
            (f"1 {given}", f"{asked.number(_short(rate))} {wanted}"),
            (f"1 {wanted}", f"{asked.number(_short(1 / rate))} {given}"),
        ),
        note=asked.say(_("Reference rate of %(day)s, for information; banks take their own."))
        % {"day": in_words(rates.day, asked.locale)},
        source=_ECB,
    )


def _short(rate: Decimal) -> Decimal:
    return Decimal(f"{rate:.6g}")


def _money(amount: Decimal, currency: str, locale: str) -> str:
    from babel.numbers import format_currency

    if abs(amount) < Decimal("0.005"):
        amount = Decimal(f"{amount:.2g}")
        return f"{amount:f} {currency}".replace(".", "," if locale == "fr" else ".")
    return str(format_currency(amount, currency, locale=locale))
