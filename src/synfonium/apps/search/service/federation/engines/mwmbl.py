"""Mwmbl, a free engine with an index of its own: https://api.mwmbl.org/api/v1/docs

It knows no languages and no further pages.
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


class _Piece(msgspec.Struct):
    """A run of text; whether it was asked for (`is_bold`) is not shown."""

    value: str


class _Result(msgspec.Struct):
    url: str
    title: list[_Piece]
    extract: list[_Piece] = []


class Mwmbl:
    about = About(
        name="mwmbl",
        title="Mwmbl",
        home_page="https://mwmbl.org/",
        terms="https://github.com/mwmbl/mwmbl",
        sent=_("The words."),
        credit="Mwmbl",
        base_url="https://api.mwmbl.org",
    )

    def request(self, asking: Asking, given: Given) -> Request:
        return Request(url=f"{given.base_url}/api/v1/search/?{urlencode({'s': asking.query})}")

    def parse(self, body: bytes, asking: Asking) -> list[FederatedHit]:
        if asking.page > 1:
            return []
        results = msgspec.json.decode(body, type=list[msgspec.Raw])
        return [
            one
            for result in each(results, _Result)
            for one in hit(result.url, _text(result.title), _text(result.extract))
        ]


def _text(pieces: list[_Piece]) -> str:
    return "".join(piece.value for piece in pieces)


engine = Mwmbl()
