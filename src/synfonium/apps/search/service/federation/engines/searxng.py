"""An instance of SearXNG that gives JSON: https://docs.searxng.org/dev/search_api.html

Its operator must list `json` among `search: formats:` in its settings.
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

_CATEGORIES = {"web": "general", "news": "news", "places": "map"}


class _Result(msgspec.Struct):
    url: str
    title: str
    content: str | None = None


class _Answer(msgspec.Struct):
    results: list[msgspec.Raw]


class SearXNG:
    about = About(
        name="searxng",
        title="SearXNG",
        home_page="https://docs.searxng.org/",
        terms="https://docs.searxng.org/own-instance.html",
        sent=_("The words, the language and the kind of search. Its engines are asked by it, as it likes."),
        credit="SearXNG",
        verticals=("web", "news"),
    )

    def request(self, asking: Asking, given: Given) -> Request:
        asked = {
            "q": asking.query,
            "format": "json",
            "language": asking.lang,
            "pageno": asking.page,
            "categories": _CATEGORIES[asking.vertical],
        }
        return Request(url=f"{given.base_url}/search?{urlencode(asked)}")

    def parse(self, body: bytes, asking: Asking) -> list[FederatedHit]:
        answer = msgspec.json.decode(body, type=_Answer)
        return [
            one
            for result in each(answer.results, _Result)
            for one in hit(result.url, result.title, result.content or "")
        ]


engine = SearXNG()
