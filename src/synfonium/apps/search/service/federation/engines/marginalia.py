"""Marginalia Search, the small and old web: https://about.marginalia-search.com/article/api/

The key `public` is shared by all and often used up; who has a key of their own sets it.
"""

from urllib.parse import urlencode

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


class _Result(msgspec.Struct):
    url: str
    title: str
    description: str = ""


class _Answer(msgspec.Struct):
    results: list[msgspec.Raw]


class Marginalia:
    about = About(
        name="marginalia",
        title="Marginalia",
        home_page="https://marginalia-search.com/",
        terms="https://about.marginalia-search.com/article/api/",
        sent=_("The words and the page, with the key of this installation or the one that all share."),
        credit="Marginalia Search, CC BY-NC-SA 4.0",
        base_url="https://api2.marginalia-search.com",
    )

    def request(self, asking: Asking, given: Given) -> Request:
        asked = {"query": asking.query, "count": _AT_ONCE, "page": asking.page}
        key = {"API-Key": given.key or "public"}
        return Request(url=f"{given.base_url}/search?{urlencode(asked)}", headers=key)

    def parse(self, body: bytes, asking: Asking) -> list[FederatedHit]:
        answer = msgspec.json.decode(body, type=_Answer)
        return [
            one
            for result in each(answer.results, _Result)
            for one in hit(result.url, result.title, result.description)
        ]


engine = Marginalia()
