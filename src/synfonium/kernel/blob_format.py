"""The layout of a sealed blob, byte for byte: docs/decisions/0002-blob-format.md.

header   40   "SYNBLOB1", salt 32
frames        AES-256-GCM of 1 MiB of plain bytes each (the last: 0 to 1 MiB), tag 16
trailer       BLAKE3 of each sealed frame, 32 each
footer   80   plain size 8, binding 32, check 32, "1BOLBNYS"
"""

import os
from collections.abc import Iterator

import msgspec
from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from synfonium.common.problem import Problem

FRAME_BYTES = 1024 * 1024
TAG_BYTES = 16
SEALED_FRAME_BYTES = FRAME_BYTES + TAG_BYTES
HASH_BYTES = 32
HEADER_BYTES = 40
FOOTER_BYTES = 80
_MAGIC, _END = b"SYNBLOB1", b"1BOLBNYS"
_KEY_BYTES = 32


class BlobDamaged(Problem):
    """Stored bytes are not those that were written; none of them is served."""

    status, code = 500, "blob_damaged"
    title = "This content is damaged on the disk."
    remedy = "Nothing wrong was given out. Ask the operator to restore it from a backup."


class SpaceKey:
    """The key of one space: 32 secret bytes, from which names and ciphers derive."""

    __slots__ = ("_binding", "_cipher", "_naming", "secret")

    def __init__(self, secret: bytes) -> None:
        if len(secret) != _KEY_BYTES:
            raise ValueError("a space key has 32 bytes")
        self.secret = secret
        self._naming = _derive(secret, "synfonium 2026-11 blob naming")
        self._cipher = _derive(secret, "synfonium 2026-11 blob cipher")
        self._binding = _derive(secret, "synfonium 2026-11 blob binding")

    @staticmethod
    def fresh() -> bytes:
        """The secret of a new space."""
        return os.urandom(_KEY_BYTES)

    def __repr__(self) -> str:
        return "SpaceKey(secret)"

    def namer(self) -> "blake3":
        """The hash whose hexadecimal digest over the plain bytes is a blob's name."""
        return blake3(key=self._naming)

    def cipher(self, salt: bytes) -> AESGCM:
        return AESGCM(blake3(salt, key=self._cipher).digest())

    def binding(self, header: bytes, name: str, size_bytes: int) -> bytes:
        """What only this space can say: this salt, name and size belong together."""
        return blake3(header + size_bytes.to_bytes(8, "big") + name.encode(), key=self._binding).digest()


class Sealer:
    """Seals one blob, frame after frame."""

    def __init__(self, key: SpaceKey) -> None:
        self.header = _MAGIC + os.urandom(32)
        self._key, self._cipher = key, key.cipher(self.header[8:])
        self._namer = key.namer()
        self._hashes = bytearray()
        self.size_bytes = 0

    def frame(self, plain: bytes, *, is_last: bool) -> bytes:
        """Seals the next frame: 1 MiB, or less when it is the last."""
        index = len(self._hashes) // HASH_BYTES
        sealed = self._cipher.encrypt(_nonce(index, is_last), plain, self.header)
        self._namer.update(plain)
        self._hashes += blake3(sealed).digest()
        self.size_bytes += len(plain)
        return sealed

    def end(self) -> tuple[str, bytes]:
        """The blob's name, and the trailer and footer to write."""
        name = self._namer.hexdigest()
        size = self.size_bytes.to_bytes(8, "big")
        bound = size + self._key.binding(self.header, name, self.size_bytes)
        check = blake3(self.header + self._hashes + bound).digest()
        return name, bytes(self._hashes) + bound + check + _END


class Layout(msgspec.Struct, frozen=True):
    """Where everything lies in a blob of `stored_bytes`."""

    size_bytes: int
    frames: int

    @classmethod
    def of(cls, stored_bytes: int) -> "Layout":
        """Raises BlobDamaged when no blob has this many bytes."""
        inner = stored_bytes - HEADER_BYTES - FOOTER_BYTES
        frames = max(1, -(-inner // (SEALED_FRAME_BYTES + HASH_BYTES)))
        size = inner - frames * (TAG_BYTES + HASH_BYTES)
        if size < 0 or frames != max(1, -(-size // FRAME_BYTES)):
            raise BlobDamaged
        return cls(size, frames)

    @property
    def stored_bytes(self) -> int:
        return self.trailer_start + self.frames * HASH_BYTES + FOOTER_BYTES

    @property
    def trailer_start(self) -> int:
        return HEADER_BYTES + self.size_bytes + self.frames * TAG_BYTES

    @property
    def footer_start(self) -> int:
        return self.trailer_start + self.frames * HASH_BYTES

    def plain_bytes_of(self, frame: int) -> int:
        """How much of the content this frame holds."""
        return min(FRAME_BYTES, self.size_bytes - frame * FRAME_BYTES)

    def frames_of(self, start: int, stop: int) -> range:
        """The frames that hold the plain bytes [start, stop)."""
        return range(start // FRAME_BYTES, -(-stop // FRAME_BYTES)) if start < stop else range(0)

    def stored_range(self, frames: range) -> tuple[int, int]:
        """Where these frames begin and end in the stored bytes."""
        stop = HEADER_BYTES + frames.stop * SEALED_FRAME_BYTES
        return HEADER_BYTES + frames.start * SEALED_FRAME_BYTES, min(stop, self.trailer_start)


class Opener:
    """Opens frames of one blob. Raises BlobDamaged when header or footer are not `name`'s."""

    def __init__(self, key: SpaceKey, name: str, layout: Layout, header: bytes, footer: bytes) -> None:
        size = int.from_bytes(footer[:8], "big")
        whole = header[:8] == _MAGIC and footer[72:] == _END and size == layout.size_bytes
        if not whole or footer[8:40] != key.binding(header, name, size):
            raise BlobDamaged
        self._cipher, self._header, self._layout = key.cipher(header[8:]), header, layout

    def frame(self, index: int, sealed: bytes) -> bytes:
        """The plain bytes of the frame. Raises BlobDamaged."""
        try:
            return self._cipher.decrypt(self._nonce(index), sealed, self._header)
        except InvalidTag:
            raise BlobDamaged from None

    def frame_into(self, index: int, sealed: memoryview, plain: memoryview) -> None:
        """Opens the frame into `plain`, of just its size. Raises BlobDamaged, and then nothing
        that is in `plain` is the content."""
        try:
            self._cipher.decrypt_into(self._nonce(index), sealed, self._header, plain)
        except InvalidTag:
            raise BlobDamaged from None

    def _nonce(self, index: int) -> bytes:
        return _nonce(index, index + 1 == self._layout.frames)


class Scrubber:
    """Checks a whole blob without any key: feed frames in order, then `end`."""

    def __init__(self, header: bytes, trailer: bytes, footer: bytes) -> None:
        check = blake3(header + trailer + footer[:40]).digest()
        if header[:8] != _MAGIC or footer[72:] != _END or footer[40:72] != check:
            raise BlobDamaged
        self._hashes = _each_hash(trailer)

    def frame(self, sealed: bytes) -> None:
        if blake3(sealed).digest() != next(self._hashes, None):
            raise BlobDamaged

    def end(self) -> None:
        if next(self._hashes, None) is not None:
            raise BlobDamaged


def _each_hash(trailer: bytes) -> Iterator[bytes]:
    return (trailer[i : i + HASH_BYTES] for i in range(0, len(trailer), HASH_BYTES))


def _nonce(index: int, is_last: bool) -> bytes:
    # STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015): a counter and a last-frame mark.
    return index.to_bytes(11, "big") + (b"\x01" if is_last else b"\x00")


def _derive(secret: bytes, context: str) -> bytes:
    return blake3(secret, derive_key_context=context).digest()
