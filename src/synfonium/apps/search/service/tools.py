"""What a crawl works with."""

from collections.abc import Callable

import msgspec

from synfonium.apps.search.service.archive import Archive
from synfonium.apps.search.service.fetch import Fetcher
from synfonium.apps.search.service.own_hosts import OwnHosts
from synfonium.apps.search.service.parsers import Parsers
from synfonium.ports.clock import Clock
from synfonium.ports.database import Database
from synfonium.ports.index import SearchIndex


def _nothing(_url: str) -> bool:
    return False


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """hosts_at_once: how many hosts are asked at the same moment. archive: None keeps no pages.
    is_removed: whether an address must not be read, since it was taken out."""

    database: Database
    index: SearchIndex
    fetcher: Fetcher
    parsers: Parsers
    own_hosts: OwnHosts
    clock: Clock
    archive: Archive | None = None
    hosts_at_once: int
    is_removed: Callable[[str], bool] = _nothing
