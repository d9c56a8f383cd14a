"""Checks a chain against its signed heads; needs neither database nor home."""

from collections.abc import Iterable, Sequence

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from synfonium.kernel.audit.chain import GENESIS, Broken, Row, check_link
from synfonium.kernel.audit.heads import Head, check_heads

__all__ = ["Chain", "Verdict", "check_rows", "start_of"]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked of one app. signed_seq: up to where a head vouches; reason: empty when
    all is as it was, else why not, at `broken_seq`."""

    app: str
    rows: int = 0
    first_seq: int = 0
    last_seq: int = 0
    signed_seq: int = 0
    heads: int = 0
    reason: str = ""
    broken_seq: int = 0

    @property
    def is_whole(self) -> bool:
        return not self.reason


def start_of(heads: Sequence[Head]) -> tuple[int, str]:
    """The number that the first row kept has, and the hash before it."""
    cuts = [head for head in heads if head.kind == "cut"]
    return (cuts[-1].seq + 1, cuts[-1].hash) if cuts else (1, GENESIS)


class Chain:
    """Follows rows one by one. Raises Broken at the first that is not what it was."""

    def __init__(self, app: str, heads: Sequence[Head], key: Ed25519PublicKey) -> None:
        check_heads(app, heads, key)
        self._app, self._heads = app, len(heads)
        self.first_seq, self._previous = start_of(heads)
        self._next = self.first_seq
        self._hashes: dict[int, str] = {}
        for head in heads:
            if self._hashes.setdefault(head.seq, head.hash) != head.hash:
                raise Broken(app, head.seq, "head_differs")
        self.signed_seq = max((head.seq for head in heads), default=0)

    def follow(self, row: Row) -> None:
        if row.app != self._app:
            raise Broken(self._app, self._next, "missing")
        check_link(row, self._next, self._previous)
        if self._hashes.get(row.seq, row.hash) != row.hash:
            raise Broken(self._app, row.seq, "head_differs")
        self._next, self._previous = row.seq + 1, row.hash

    def end(self) -> Verdict:
        """Raises Broken when rows that a head vouches for are not there."""
        if self._next <= self.signed_seq:
            raise Broken(self._app, self._next, "cut_off")
        return Verdict(
            app=self._app,
            rows=self._next - self.first_seq,
            first_seq=self.first_seq,
            last_seq=self._next - 1,
            signed_seq=self.signed_seq,
            heads=self._heads,
        )


def check_rows(app: str, rows: Iterable[Row], heads: Sequence[Head], key: Ed25519PublicKey) -> Verdict:
    """Checks a whole chain; what is wrong stands in the verdict."""
    try:
        chain = Chain(app, heads, key)
        for row in rows:
            chain.follow(row)
        return chain.end()
    except Broken as broken:
        return Verdict(app=app, reason=broken.reason, broken_seq=broken.seq, heads=len(heads))
