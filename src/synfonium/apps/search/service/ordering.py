"""A last look at the order of candidates: what the person prefers, and the newest first."""

from collections.abc import Callable, Sequence

import msgspec

from synfonium.apps.search.service.preferences import Preferences
from synfonium.ports.index import Candidate, IndexQuery, Reranker, Scored

DEPTH = 100
_SHARES = {"raise": 0.35, "lower": -0.35}
_REGION_SHARE = 0.1
# Countries whose domain is not their code.
_DOMAINS = {"GB": "uk"}

DocumentShare = Callable[[str], float]


class AsFound:
    """The order of the index itself, for when there is no other look."""

    depth = DEPTH

    def order(
        self, asked: IndexQuery, candidates: Sequence[Candidate], document_share: DocumentShare
    ) -> Sequence[Scored]:
        return [Scored(number=number, score=found.score) for number, found in enumerate(candidates)]


class Preferring:
    """`first`, and then the person's sites: pinned ones before all, others up or down.

    They move by a share of the distance between the best and the worst candidate, as scores of
    a learned order have neither zero nor scale of their own.
    """

    def __init__(self, first: Reranker, preferences: Preferences) -> None:
        self.depth = first.depth
        self._first, self._preferences = first, preferences
        region = preferences.region
        self._domain = f".{_DOMAINS.get(region, region).lower()}" if region else ""

    def order(
        self, asked: IndexQuery, candidates: Sequence[Candidate], document_share: DocumentShare
    ) -> Sequence[Scored]:
        scored = self._first.order(asked, candidates, document_share)
        if not scored:
            return scored
        scores = [one.score for one in scored]
        span = (max(scores) - min(scores)) or 1.0
        moved = [self._moved(one, candidates[one.number].host, span) for one in scored]
        return sorted(moved, key=lambda one: -one.score)

    def _moved(self, one: Scored, host: str, span: float) -> Scored:
        rule = self._preferences.rule_for(host)
        added = {}
        if rule == "pin":
            added["pin"] = 2 * span
        elif rule in _SHARES:
            added[rule] = _SHARES[rule] * span
        if self._domain and host.endswith(self._domain):
            added["region"] = _REGION_SHARE * span
        if not added:
            return one
        return msgspec.structs.replace(
            one, score=one.score + sum(added.values()), reasons={**one.reasons, **added}
        )


class Newest:
    """The best candidates of `first`, the newest before the older."""

    def __init__(self, first: Reranker) -> None:
        self.depth = first.depth
        self._first = first

    def order(
        self, asked: IndexQuery, candidates: Sequence[Candidate], document_share: DocumentShare
    ) -> Sequence[Scored]:
        scored = self._first.order(asked, candidates, document_share)
        return sorted(scored, key=lambda one: -candidates[one.number].time_s)


def prefers_hosts(preferences: Preferences) -> bool:
    """Whether the order depends on them; blocked hosts are no candidates at all."""
    return bool(preferences.region) or any(rule != "block" for rule in preferences.hosts.values())
