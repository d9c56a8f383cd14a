"""The SQL of web search, as functions of a connection, over tables `search_*`; one room a table."""

from synfonium.apps.search.store.crawls import (
    CrawlRow,
    add_crawl,
    change_plan,
    latest_crawls,
    read_crawl,
    running_crawls,
    set_report,
    set_state,
    unfinished_crawl,
)
from synfonium.apps.search.store.frontier import (
    FrontierRow,
    add_urls,
    close_host,
    mark,
    next_urls,
    waiting_hosts,
)
from synfonium.apps.search.store.hosts import HostRow, put_host, read_host
from synfonium.apps.search.store.pages import PageRow, put_pages, remove_pages, sources, twins
from synfonium.apps.search.store.tables import metadata, outbox

__all__ = [
    "CrawlRow",
    "FrontierRow",
    "HostRow",
    "PageRow",
    "add_crawl",
    "add_urls",
    "change_plan",
    "close_host",
    "latest_crawls",
    "mark",
    "metadata",
    "next_urls",
    "outbox",
    "put_host",
    "put_pages",
    "read_crawl",
    "read_host",
    "remove_pages",
    "running_crawls",
    "set_report",
    "set_state",
    "sources",
    "twins",
    "unfinished_crawl",
    "waiting_hosts",
]
