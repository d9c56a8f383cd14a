"""Settings of web search."""

import msgspec


class SearchConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """delay_s: least wait between two requests to one host. max_pages: of a crawl that
    does not say. hosts_at_once: how many hosts one crawl visits side by side."""

    delay_s: float = 1.0
    max_pages: int = 1000
    hosts_at_once: int = 32
