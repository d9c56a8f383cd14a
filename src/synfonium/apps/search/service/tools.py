"""What a crawl works with."""

import msgspec

from synfonium.apps.search.service.archive import Archive
from synfonium.apps.search.service.fetch import Fetcher
from synfonium.apps.search.service.own_hosts import OwnHosts
from synfonium.apps.search.service.parsers import Parsers
from synfonium.ports.clock import Clock
from synfonium.ports.database import Database
from synfonium.ports.index import SearchIndex


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """hosts_at_once: how many hosts are asked at the same moment. archive: None keeps no pages."""

    database: Database
    index: SearchIndex
    fetcher: Fetcher
    parsers: Parsers
    own_hosts: OwnHosts
    clock: Clock
    archive: Archive | None = None
    hosts_at_once: int
