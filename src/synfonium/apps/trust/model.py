"""What the pages of the audit show, and what a report of promises says."""

from datetime import UTC, datetime

import msgspec

from synfonium.apps.trust.contract import Proof

PAGE = 50
ID_LENGTH = 26


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator looks for. since, until: days in UTC, empty for none; before: where
    the next page begins, in seconds."""

    act: str = ""
    person: str = ""
    app: str = ""
    since: str = ""
    until: str = ""
    before: float = 0.0


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A row for people. who: a name only of who administers or runs the installation."""

    app: str
    seq: int
    time_s: float
    who: str
    is_named: bool
    act: str
    subject: str
    by_app: str


def day_s(text: str) -> float:
    """The beginning of a day in UTC. Raises ValueError."""
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What the promises of an installation's apps came to. made_s: UTC seconds."""

    installation: str
    version: str
    made_s: float
    proofs: tuple[Proof, ...]


class SignedReport(msgspec.Struct, frozen=True, kw_only=True):
    """report: a Report in JSON, as it was signed. signature: base64 of 64 bytes (Ed25519, RFC 8032).
    key: the public key (PEM), to be compared with the installation's own."""

    report: str
    signature: str
    key: str
