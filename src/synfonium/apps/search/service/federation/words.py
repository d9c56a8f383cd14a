"""What became of asking the engines of others."""

from typing import Literal

import msgspec

from synfonium.apps.search.service.federation.engine import FederatedHit

Failure = Literal["", "slow", "unreachable", "address", "too_large", "broken", "refused", "unreadable"]
Outcome = Literal["answered", "slow", "failed", "resting", "busy"]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What one engine said. busy: its own limit of pace; resting: after failures; slow: it had
    not answered at the deadline."""

    name: str
    title: str
    credit: str
    terms: str
    outcome: Outcome
    failure: Failure = ""
    hits: tuple[FederatedHit, ...] = ()


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """All that was asked, in the order of the settings."""

    told: tuple[Told, ...] = ()


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How an engine has been since this process began. failures: in a row."""

    failures: int
    last_failure: Failure
    last_failure_ago_s: float
    rests_s: float
