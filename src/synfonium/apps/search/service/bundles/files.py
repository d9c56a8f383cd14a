"""A bundle as a file: one signed line, its signature, and packed lines.

Every byte is vouched for: the signature covers the manifest byte for byte, the manifest the
body by hash and length, and signatures have one spelling.
"""

import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from synfonium.apps.search.service.bundles.format import (
    FORMAT,
    LARGEST_MANIFEST_BYTES,
    LONGEST_LINE_BYTES,
    Line,
    Manifest,
)
from synfonium.apps.search.service.bundles.keys import BundleKey, is_signed_by

_PIECE_BYTES = 1 << 18
_SIGNATURE_BYTES = 88
_GZIP = 31
_ENCODER = msgspec.json.Encoder()
_LINE = msgspec.json.Decoder(Line)
_MANIFEST = msgspec.json.Decoder(Manifest)


class NoBundle(Exception):
    """A file that is not to be believed; the argument says why, in one word."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken from somebody else at most, for one bundle."""

    file_bytes: int = 2 << 30
    unpacked_bytes: int = 8 << 30
    documents: int = 2_000_000


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle whose signature, hash and lengths hold. sha256: of the whole file, in hex."""

    manifest: Manifest
    sha256: str
    path: Path
    body_at: int


def write_bundle(path: Path, manifest: Manifest, lines: Iterable[Line], key: BundleKey) -> Manifest:
    """Writes the file whole or not at all; counts, hash and lengths of `manifest` are filled in.

    Raises OSError.
    """
    body = path.with_suffix(".body")
    with body.open("wb") as target:
        manifest = _pack(target, manifest, lines)
    head = _ENCODER.encode(manifest)
    fresh = path.with_suffix(".fresh")
    with fresh.open("wb") as target, body.open("rb") as packed:
        target.write(head + b"\n" + key.sign(head) + b"\n")
        while piece := packed.read(_PIECE_BYTES):
            target.write(piece)
        target.flush()
        os.fsync(target.fileno())
    fresh.replace(path)
    body.unlink()
    return manifest


def _pack(target: BinaryIO, manifest: Manifest, lines: Iterable[Line]) -> Manifest:
    packer, digest = zlib.compressobj(6, wbits=_GZIP), hashlib.sha256()
    counts, unpacked = {True: 0, False: 0}, 0
    for line in lines:
        text = _ENCODER.encode(line) + b"\n"
        counts[line.add is not None] += 1
        unpacked += len(text)
        packed = packer.compress(text)
        digest.update(packed)
        target.write(packed)
    last = packer.flush()
    digest.update(last)
    target.write(last)
    return msgspec.structs.replace(
        manifest,
        documents=counts[True],
        removed=counts[False],
        body_sha256=digest.hexdigest(),
        body_bytes=target.tell(),
        unpacked_bytes=unpacked,
    )


def open_bundle(path: Path, pem: str, limits: Limits) -> Opened:
    """Checks everything but the lines. Raises NoBundle: `damaged`, `format`, `signature`,
    `too_large`, `hash`; and OSError."""
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise NoBundle("too_large")
    with path.open("rb") as source:
        head = source.readline(LARGEST_MANIFEST_BYTES)
        signature = source.readline(_SIGNATURE_BYTES + 2)
        manifest = _manifest(head, signature, pem)
        at = source.tell()
        if size != at + manifest.body_bytes:
            raise NoBundle("damaged")
        if manifest.unpacked_bytes > limits.unpacked_bytes or manifest.documents > limits.documents:
            raise NoBundle("too_large")
        whole, body = hashlib.sha256(head + signature), hashlib.sha256()
        while piece := source.read(_PIECE_BYTES):
            whole.update(piece)
            body.update(piece)
    if body.hexdigest() != manifest.body_sha256:
        raise NoBundle("hash")
    return Opened(manifest=manifest, sha256=whole.hexdigest(), path=path, body_at=at)


def _manifest(head: bytes, signature: bytes, pem: str) -> Manifest:
    if not head.endswith(b"\n") or not signature.endswith(b"\n"):
        raise NoBundle("damaged")
    if not is_signed_by(pem, head[:-1], signature[:-1]):
        raise NoBundle("signature")
    try:
        manifest = _MANIFEST.decode(head)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise NoBundle("format") from None
    if manifest.format != FORMAT:
        raise NoBundle("format")
    return manifest


def lines_of(opened: Opened) -> Iterator[Line]:
    """The lines of a bundle's body; never unpacks more than its manifest says. Raises NoBundle
    in the middle when they are not as announced: read them all before you believe one."""
    manifest, rest, count = opened.manifest, b"", 0
    for piece in _unpacked(opened):
        parts = (rest + piece).split(b"\n")
        rest = parts.pop()
        if len(rest) > LONGEST_LINE_BYTES:
            raise NoBundle("too_large")
        for part in parts:
            count += 1
            yield _line(part)
    if rest or count != manifest.documents + manifest.removed:
        raise NoBundle("damaged")


def _unpacked(opened: Opened) -> Iterator[bytes]:
    left = opened.manifest.unpacked_bytes
    unpacker = zlib.decompressobj(wbits=_GZIP)
    with opened.path.open("rb") as source:
        source.seek(opened.body_at)
        while piece := source.read(_PIECE_BYTES):
            while piece:
                try:
                    text = unpacker.decompress(piece, _PIECE_BYTES)
                except zlib.error:
                    raise NoBundle("damaged") from None
                piece = unpacker.unconsumed_tail
                left -= len(text)
                if left < 0:
                    raise NoBundle("too_large")
                yield text
    if left or not unpacker.eof or unpacker.unused_data:
        raise NoBundle("damaged")


def _line(text: bytes) -> Line:
    try:
        line = _LINE.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise NoBundle("format") from None
    if (line.add is None) == (not line.gone) or len(line.key) > 2_000:
        raise NoBundle("format")
    return line
