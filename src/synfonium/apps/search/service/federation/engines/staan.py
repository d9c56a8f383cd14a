"""Staan, the European index of Qwant and Ecosia: `POST /v2/search/web` with a key (https://staan.ai).

Its documentation is not open to everybody; the form is that of the clients which others
published. Experimental until somebody with a key has asked it.
"""

import msgspec

from synfonium.apps.search.service.federation.engine import (
    About,
    Asking,
    FederatedHit,
    Given,
    Request,
    each,
    hit,
)
from synfonium.kernel.i18n import _

_AT_ONCE = 10
_LAST_OFFSET = 30
_MARKETS = {"fr": "fr-fr", "de": "de-de", "en": "en-gb"}


class _Result(msgspec.Struct):
    url: str
    title: str
    snippet: str = ""


class _Web(msgspec.Struct):
    results: list[msgspec.Raw]


class _Answer(msgspec.Struct):
    web: _Web


class Staan:
    about = About(
        name="staan",
        title="Staan",
        home_page="https://staan.ai/",
        terms="https://staan.ai/",
        sent=_("The words, the page, and a market by the language, with the key of this installation."),
        credit="Staan",
        base_url="https://api.staan.ai",
        needs_key=True,
    )

    def request(self, asking: Asking, given: Given) -> Request:
        offset = min((asking.page - 1) * _AT_ONCE, _LAST_OFFSET)
        asked = {"q": asking.query, "market": _MARKETS.get(asking.lang, "en-gb"), "offset": offset}
        headers = {"authorization": f"Bearer {given.key}", "content-type": "application/json"}
        return Request(
            url=f"{given.base_url}/v2/search/web", headers=headers, body=msgspec.json.encode(asked)
        )

    def parse(self, body: bytes, asking: Asking) -> list[FederatedHit]:
        answer = msgspec.json.decode(body, type=_Answer)
        return [
            one
            for result in each(answer.web.results, _Result)
            for one in hit(result.url, result.title, result.snippet, asking.lang)
        ]


engine = Staan()
