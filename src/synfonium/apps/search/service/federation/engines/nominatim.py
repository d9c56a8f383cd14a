"""Nominatim, places of OpenStreetMap: https://nominatim.org/release-docs/latest/api/Search/

The usage policy of the public server (https://operations.osmfoundation.org/policies/nominatim/):
at most one request a second from the whole installation, a User-Agent that says who asks,
attribution, and no suggestions while typing.
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
_MAP = "https://www.openstreetmap.org"


class _Place(msgspec.Struct):
    osm_type: str
    osm_id: int
    display_name: str
    name: str = ""


class Nominatim:
    about = About(
        name="nominatim",
        title="OpenStreetMap",
        home_page="https://nominatim.org/",
        terms="https://operations.osmfoundation.org/policies/nominatim/",
        sent=_("The words and the language."),
        credit="© OpenStreetMap, ODbL",
        base_url="https://nominatim.openstreetmap.org",
        verticals=("places",),
        least_wait_s=1.0,
    )

    def request(self, asking: Asking, given: Given) -> Request:
        asked = {
            "q": asking.query,
            "format": "jsonv2",
            "limit": _AT_ONCE,
            "accept-language": asking.lang,
        }
        return Request(url=f"{given.base_url}/search?{urlencode(asked)}")

    def parse(self, body: bytes, asking: Asking) -> list[FederatedHit]:
        if asking.page > 1:
            return []
        places = msgspec.json.decode(body, type=list[msgspec.Raw])
        return [one for place in each(places, _Place) for one in _hit(place, asking.lang)]


def _hit(place: _Place, lang: str) -> list[FederatedHit]:
    if place.osm_type not in ("node", "way", "relation"):
        return []
    title = place.name or place.display_name.partition(",")[0]
    return hit(f"{_MAP}/{place.osm_type}/{place.osm_id}", title, place.display_name, lang)


engine = Nominatim()
