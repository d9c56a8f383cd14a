"""Checksums that come with content: computed while it passes, compared at its end."""

import hashlib
import zlib
from collections.abc import Callable, Mapping
from typing import Protocol

from synfonium.apps.drive.errors import ChecksumMismatch


class _Running(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


class _Zlib:
    """One of zlib's sums of 32 bits, in the shape of hashlib's."""

    def __init__(self, step: Callable[[bytes, int], int], start: int) -> None:
        self._step, self._value = step, start

    def update(self, data: bytes, /) -> None:
        self._value = self._step(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


class _Crt:
    """A sum that wants the processor's own instructions."""

    def __init__(self, kind: str, size_bytes: int) -> None:
        from awscrt import checksums

        self._step = getattr(checksums, kind)
        self._value, self._size_bytes = 0, size_bytes

    def update(self, data: bytes, /) -> None:
        self._value = self._step(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size_bytes, "big")


KINDS: dict[str, Callable[[], _Running]] = {
    "md5": lambda: hashlib.md5(usedforsecurity=False),
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
    "crc32": lambda: _Zlib(zlib.crc32, 0),
    "crc32c": lambda: _Crt("crc32c", 4),
    "crc64nvme": lambda: _Crt("crc64nvme", 8),
    "adler32": lambda: _Zlib(zlib.adler32, 1),
}
"""What can be asked for."""


class Checksums:
    """expected: kind to digest, which the content must have. also: kinds that are wanted besides."""

    def __init__(self, expected: Mapping[str, bytes], also: tuple[str, ...] = ()) -> None:
        self._expected = expected
        self._running = {kind: KINDS[kind]() for kind in dict.fromkeys([*expected, *also])}

    def update(self, piece: bytes) -> None:
        for running in self._running.values():
            running.update(piece)

    def digest(self, kind: str) -> bytes | None:
        """None for a kind that nobody asked for."""
        running = self._running.get(kind)
        return running.digest() if running else None

    def check(self) -> None:
        """Raises ChecksumMismatch."""
        if any(self._running[kind].digest() != digest for kind, digest in self._expected.items()):
            raise ChecksumMismatch
