"""How a row is hashed, and whether rows are a chain. No input, no output."""

import hashlib
import struct
from collections.abc import Iterable

import msgspec

__all__ = ["GENESIS", "Broken", "Row", "check_link", "row_hash"]

GENESIS = "0" * 64
"""What stands in the first row instead of the hash of the one before."""

_MAGIC = b"SYNAUDIT1"
_TEXTS = ("person", "act", "subject", "by_app")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `<app>_audit`. time_s: UTC; previous, hash: 64 hexadecimal digits."""

    app: str
    seq: int
    time_s: float
    person: str
    act: str
    subject: str
    by_app: str
    previous: str
    hash: str


class Broken(Exception):
    """The chain is not what it was. reason: in a word; seq: where, 0 when nowhere in particular."""

    def __init__(self, app: str, seq: int, reason: str) -> None:
        super().__init__(f"{app} {seq}: {reason}")
        self.app, self.seq, self.reason = app, seq, reason


def row_hash(app: str, seq: int, time_s: float, texts: Iterable[str], previous: str) -> str:
    """SHA-256 over magic, previous hash (32 bytes), seq (8, big-endian), time (8, IEEE 754,
    big-endian), then app, person, act, subject and by_app, each as its length (4) and UTF-8."""
    parts = [_MAGIC, bytes.fromhex(previous), struct.pack(">Qd", seq, time_s)]
    for text in (app, *texts):
        encoded = text.encode()
        parts += (struct.pack(">I", len(encoded)), encoded)
    return hashlib.sha256(b"".join(parts)).hexdigest()


def check_link(row: Row, seq: int, previous: str) -> None:
    """Raises Broken unless `row` is the one with number `seq` that follows `previous`."""
    if type(row.seq) is not int or row.seq != seq:
        raise Broken(row.app, seq, "missing")
    if type(row.time_s) is not float or any(type(getattr(row, name)) is not str for name in _TEXTS):
        raise Broken(row.app, seq, "changed")
    if row.previous != previous:
        raise Broken(row.app, seq, "not_linked")
    try:
        wanted = row_hash(row.app, seq, row.time_s, (row.person, row.act, row.subject, row.by_app), previous)
    except (ValueError, UnicodeError, struct.error):
        raise Broken(row.app, seq, "changed") from None
    if row.hash != wanted:
        raise Broken(row.app, seq, "changed")
