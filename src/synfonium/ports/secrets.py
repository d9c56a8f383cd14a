"""The port that keeps what must not lie about in plain."""

from typing import Protocol


class SecretBox(Protocol):
    """Seals small secrets under the installation's key (AES-256-GCM), bound to a purpose.

    `open` raises ValueError for anything not sealed here for the same purpose.
    `derive` gives 32 bytes that depend on the installation's key and the purpose alone.
    """

    def seal(self, secret: bytes, *, purpose: str) -> bytes: ...
    def open(self, sealed: bytes, *, purpose: str) -> bytes: ...
    def derive(self, purpose: str) -> bytes: ...
