"""What a crawl may enter: its plan, and limits that no site can make it pass."""

from collections import Counter

from synfonium.apps.search.model import CrawlPlan, authority_of, host_of
from synfonium.apps.search.store import FrontierRow

_MOST_HOSTS_A_DOMAIN = 200
_MOST_DOMAINS_IN_MIND = 20_000
_SECOND_LEVEL = {"ac", "asso", "co", "com", "edu", "go", "gob", "gouv", "gov", "ne", "net", "or", "org"}


class Bounds:
    """Decides about links. Hosts under one domain are limited, for a wildcard in the DNS makes
    endless ones; so are addresses of one host, for a calendar has endless days."""

    def __init__(self, plan: CrawlPlan) -> None:
        self._plan, self._scope = plan, plan.scope
        self._home_hosts = {host_of(seed) for seed in plan.seeds}
        self._hosts: dict[str, set[str]] = {}
        self._a_host: Counter[str] = Counter()

    def add_home(self, url: str) -> None:
        """A seed led here: its host is one of the seeds'."""
        self._home_hosts.add(host_of(url))

    def admits(self, row: FrontierRow) -> bool:
        """Whether an address may come into the frontier."""
        host = host_of(row.url)
        if row.depth > self._scope.most_depth or (self._plan.same_host and host not in self._home_hosts):
            return False
        is_inside = self._is_in_scope(row.url, host)
        return is_inside and self._has_room(host) and self._counts(authority_of(row.url))

    def keeps(self, lang: str) -> bool:
        """Whether a page in this language is kept; one whose language is not known is."""
        return not (lang and self._scope.languages) or lang in self._scope.languages

    def _is_in_scope(self, url: str, host: str) -> bool:
        if not (self._scope.hosts or self._scope.prefixes):
            return True
        parts = host.split(".")
        above = {".".join(parts[n:]) for n in range(len(parts))}
        return not above.isdisjoint(self._scope.hosts) or url.startswith(self._scope.prefixes)

    def _counts(self, authority: str) -> bool:
        if len(self._a_host) > _MOST_DOMAINS_IN_MIND:
            self._a_host = Counter({a: n for a, n in self._a_host.items() if n > 1000})
        self._a_host[authority] += 1
        return self._a_host[authority] <= self._scope.most_pages_per_host

    def _has_room(self, host: str) -> bool:
        known = self._hosts.setdefault(domain_of(host), set())
        if len(self._hosts) > _MOST_DOMAINS_IN_MIND:
            self._hosts = {d: h for d, h in self._hosts.items() if len(h) > _MOST_HOSTS_A_DOMAIN // 10}
        if host in self._home_hosts or host in known:
            return True
        if len(known) >= _MOST_HOSTS_A_DOMAIN:
            return False
        known.add(host)
        return True


def domain_of(host: str) -> str:
    """What one owner has, roughly: `example.org` of `a.b.example.org`, `example.co.uk` too."""
    labels = host.split(".")
    is_deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3 if is_deep else -2 :])
