"""Wikipedia, by the Action API of MediaWiki: a search with the first sentences of each article.

https://www.mediawiki.org/wiki/API:Search, https://www.mediawiki.org/wiki/Extension:TextExtracts
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


class _Page(msgspec.Struct):
    title: str
    fullurl: str
    index: int
    extract: str = ""


class _Pages(msgspec.Struct):
    pages: list[msgspec.Raw] = []


class _Answer(msgspec.Struct):
    """`query` is absent when nothing was found; then `batchcomplete` says that this is so."""

    query: _Pages | None = None
    batchcomplete: bool = False


class Wikipedia:
    about = About(
        name="wikipedia",
        title="Wikipedia",
        home_page="https://www.wikipedia.org/",
        terms="https://foundation.wikimedia.org/wiki/Policy:Terms_of_Use",
        sent=_("The words, to the Wikipedia in the language chosen, else in that of this installation."),
        credit="Wikipedia, CC BY-SA 4.0",
        base_url="https://{lang}.wikipedia.org",
    )

    def request(self, asking: Asking, given: Given) -> Request:
        asked = {
            "action": "query",
            "format": "json",
            "formatversion": "2",
            "generator": "search",
            "gsrsearch": asking.query,
            "gsrlimit": _AT_ONCE,
            "gsroffset": (asking.page - 1) * _AT_ONCE,
            "prop": "extracts|info",
            "inprop": "url",
            "exintro": "1",
            "explaintext": "1",
            "exsentences": "2",
            "exlimit": "max",
        }
        base = given.base_url.replace("{lang}", asking.lang)
        return Request(url=f"{base}/w/api.php?{urlencode(asked)}")

    def parse(self, body: bytes, asking: Asking) -> list[FederatedHit]:
        answer = msgspec.json.decode(body, type=_Answer)
        if answer.query is None and not answer.batchcomplete:
            raise ValueError("neither results nor that there are none")
        found = answer.query.pages if answer.query else []
        pages = sorted(each(found, _Page), key=lambda page: page.index)
        return [one for page in pages for one in hit(page.fullurl, page.title, page.extract, asking.lang)]


engine = Wikipedia()
