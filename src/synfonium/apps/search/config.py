"""Settings of web search."""

import msgspec


class SearchConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """delay_s: least wait between two requests to one host. max_pages: of a crawl that
    does not say. hosts_at_once: how many hosts one crawl visits side by side.
    own_hosts: hosts that the operator owns, with those below them; only these, and those of the
    own network, may be asked more often than once a second.
    archive: whether pages that are crawled are kept as they came, so that the index can be made
    anew. archive_days: for how long.
    outside: other engines that may be asked, as NAME or NAME=ADDRESS; none unless named.
    outside_key_files: keys for them, as NAME=FILE. outside_always: whether they are asked for
    everybody; else only for who wishes it. outside_deadline_ms: who has not answered by then is
    left out. outside_local: whether an address in outside, or an installation that is followed,
    may lie on our own network. share_hosts: hosts, with all below them, whose pages are published
    as bundles for other installations; none unless named. share_every_hours: how often bundles are
    made and those of others are read.
    rates_file: the European Central Bank's reference rates (XML or zip) that currencies are counted
    with; read again when it changes.
    relay_to: gateways (RFC 9458) to which sealed questions are relayed, by their whole addresses; none
    unless named. relay_token_files: API tokens for them, as HOST=FILE.
    """

    delay_s: float = 1.0
    max_pages: int = 1000
    hosts_at_once: int = 100
    own_hosts: tuple[str, ...] = ()
    archive: bool = True
    archive_days: int = 90
    outside: tuple[str, ...] = ()
    outside_key_files: tuple[str, ...] = ()
    outside_always: bool = False
    outside_deadline_ms: int = 800
    outside_local: bool = False
    share_hosts: tuple[str, ...] = ()
    share_every_hours: float = 6.0
    rates_file: str = ""
    relay_to: tuple[str, ...] = ()
    relay_token_files: tuple[str, ...] = ()
