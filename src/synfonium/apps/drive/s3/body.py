"""Bodies as S3's clients send them: plain or in signed chunks, with sums before or after."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping

from synfonium.apps.drive.s3.refusals import Refused
from synfonium.apps.drive.service.checksums import Checksums
from synfonium.kernel.asgi import Receive, body_pieces
from synfonium.libraries.sigv4 import BadSignature, Chain

__all__ = ["SIZES", "SUMS", "Body", "sum_named", "sum_of"]

SUMS = ("crc32", "crc32c", "crc64nvme", "sha1", "sha256")
"""Those of `x-amz-checksum-…` that are known here."""

_SUM = "x-amz-checksum-"
_CHUNKED = {
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER": (False, True),
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": (True, False),
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": (True, True),
}
"""Whether chunks are signed, and whether lines follow the last one."""

_LONGEST_LINE_BYTES = 16 * 1024
_LONGEST_CHUNK_BYTES = 1 << 34
_MOST_TRAILERS = 10
_HEX = frozenset("0123456789abcdef")


class Body:
    """One body. `pieces` raises Refused at its end when anything that was said of it does not hold;
    then md5 and checksum are known."""

    def __init__(self, headers: Mapping[str, str], receive: Receive, chain: Chain, *, also: str = "") -> None:
        self._headers, self._receive, self._chain = headers, receive, chain
        self._payload = headers.get("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
        self._check_payload()
        self.size_bytes = self._length()
        self._trailer = self._wanted_trailer()
        expected = {kind: value for kind in SUMS if (value := _header_sum(headers, kind)) is not None}
        if len(expected) > 1:
            raise Refused("InvalidRequest", "Expecting a single x-amz-checksum- header.")
        sent = tuple(expected) or ((self._trailer,) if self._trailer else ())
        # The first is the one that is told of the object.
        self._kinds = tuple(dict.fromkeys([*([also] if also else []), *sent]))
        self._md5 = _digest(headers["content-md5"], 16) if "content-md5" in headers else None
        self._sums = Checksums({}, also=("md5", *self._kinds))
        self._expected = expected

    @property
    def md5(self) -> str:
        return (self._sums.digest("md5") or b"").hex()

    @property
    def checksum(self) -> dict[str, str]:
        """Kind to the sum in base64, for those that the client asked for."""
        sums = {kind: self._sums.digest(kind) or b"" for kind in self._kinds}
        return {kind: base64.b64encode(digest).decode() for kind, digest in sums.items()}

    async def pieces(self) -> AsyncIterator[bytes]:
        """The content. Raises Refused, ConnectionError."""
        sha256 = hashlib.sha256() if len(self._payload) == 64 else None
        count = 0
        source = self._chunks() if self._payload in _CHUNKED else body_pieces(self._receive)
        async for piece in source:
            count += len(piece)
            if self.size_bytes is not None and count > self.size_bytes:
                raise Refused("IncompleteBody", "More came than was announced.")
            self._sums.update(piece)
            if sha256 is not None:
                sha256.update(piece)
            yield piece
        if self.size_bytes is not None and count != self.size_bytes:
            raise Refused("IncompleteBody", "Less came than was announced.")
        if sha256 is not None and not hmac.compare_digest(sha256.hexdigest(), self._payload):
            raise Refused("XAmzContentSHA256Mismatch", "The content is not the one that was signed.")
        self._check_sums()

    def _check_sums(self) -> None:
        if self._md5 is not None and self._sums.digest("md5") != self._md5:
            raise Refused("BadDigest", "The Content-MD5 you specified did not match what we received.")
        for kind, digest in self._expected.items():
            if self._sums.digest(kind) != digest:
                raise Refused(
                    "BadDigest", f"The {kind.upper()} you specified did not match what we received."
                )

    def _check_payload(self) -> None:
        is_hash = len(self._payload) == 64 and set(self._payload) <= _HEX
        if not is_hash and self._payload != "UNSIGNED-PAYLOAD" and self._payload not in _CHUNKED:
            raise Refused("InvalidArgument", "x-amz-content-sha256 is none that is known.")

    def _length(self) -> int | None:
        name = "x-amz-decoded-content-length" if self._payload in _CHUNKED else "content-length"
        value = self._headers.get(name, "")
        if not value:
            if self._payload in _CHUNKED:
                raise Refused("MissingContentLength", f"{name} is needed.")
            return None
        if not (value.isascii() and value.isdigit() and len(value) < 16):
            raise Refused("InvalidArgument", f"{name} is no length.")
        return int(value)

    def _wanted_trailer(self) -> str:
        """The sum that follows the content."""
        named = self._headers.get("x-amz-trailer", "").strip().lower()
        if not named or not _CHUNKED.get(self._payload, (False, False))[1]:
            return ""
        kind = named.removeprefix(_SUM)
        if named == kind or kind not in SUMS:
            raise Refused(
                "InvalidRequest", "The value specified in the x-amz-trailer header is not supported."
            )
        return kind

    async def _chunks(self) -> AsyncIterator[bytes]:
        """The content of `aws-chunked`."""
        is_signed, has_trailer = _CHUNKED[self._payload]
        reader = _Reader(body_pieces(self._receive))
        while True:
            size, _, said = (await reader.line()).partition(b";")
            length = _hex(size)
            digest = hashlib.sha256() if is_signed else None
            async for piece in reader.exactly(length):
                if digest is not None:
                    digest.update(piece)
                yield piece
            if digest is not None:
                self._check_chunk(digest.hexdigest(), said)
            if length == 0:
                break
            await reader.end_of_chunk()
        if has_trailer:
            await self._read_trailer(reader, is_signed)

    def _check_chunk(self, digest: str, said: bytes) -> None:
        name, _, signature = said.strip().partition(b"=")
        if name != b"chunk-signature":
            raise Refused("InvalidRequest", "A chunk is not signed.")
        try:
            self._chain.check_chunk(digest, signature.decode("ascii", "replace"))
        except BadSignature as bad:
            raise Refused(bad.code, str(bad)) from None

    async def _read_trailer(self, reader: "_Reader", is_signed: bool) -> None:
        signed, signature = b"", ""
        for _ in range(_MOST_TRAILERS):
            line = await reader.line(or_end=True)
            if not line:
                break
            name, _, value = line.partition(b":")
            if name.lower() == b"x-amz-trailer-signature":
                signature = value.strip().decode("ascii", "replace")
                continue
            signed += name.lower() + b":" + value.strip() + b"\n"
            if name.decode("latin-1").lower() == f"{_SUM}{self._trailer}":
                self._expected[self._trailer] = sum_of(value.strip().decode("latin-1"), self._trailer)
        if self._trailer and self._trailer not in self._expected:
            raise Refused("MalformedTrailerError", "The sum that was announced did not come.")
        if is_signed:
            try:
                self._chain.check_trailer(signed, signature)
            except BadSignature as bad:
                raise Refused(bad.code, str(bad)) from None


class _Reader:
    """Lines and counted bytes of a body."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces, self._waiting = pieces, bytearray()

    async def _more(self) -> bool:
        async for piece in self._pieces:
            self._waiting += piece
            return True
        return False

    async def line(self, *, or_end: bool = False) -> bytes:
        while (at := self._waiting.find(b"\n")) < 0:
            if len(self._waiting) > _LONGEST_LINE_BYTES or not await self._more():
                if or_end and not self._waiting:
                    return b""
                raise Refused("IncompleteBody", "The body ends within a chunk.")
        line = bytes(self._waiting[:at]).rstrip(b"\r")
        del self._waiting[: at + 1]
        return line

    async def exactly(self, length: int) -> AsyncIterator[bytes]:
        while length:
            if not self._waiting and not await self._more():
                raise Refused("IncompleteBody", "The body ends within a chunk.")
            piece = bytes(self._waiting[:length])
            del self._waiting[: len(piece)]
            length -= len(piece)
            yield piece

    async def end_of_chunk(self) -> None:
        if await self.line():
            raise Refused("IncompleteBody", "A chunk is longer than it says.")


def sum_named(header: str) -> str:
    """The kind of an `x-amz-checksum-algorithm` header. Raises Refused."""
    kind = header.strip().lower()
    if kind and kind not in SUMS:
        raise Refused("InvalidRequest", "Checksum algorithm provided is unsupported.")
    return kind


def _header_sum(headers: Mapping[str, str], kind: str) -> bytes | None:
    value = headers.get(_SUM + kind)
    return None if value is None else sum_of(value, kind)


SIZES = {"crc32": 4, "crc32c": 4, "crc64nvme": 8, "sha1": 20, "sha256": 32}


def sum_of(value: str, kind: str) -> bytes:
    """A checksum in base64. Raises Refused."""
    try:
        return _digest(value, SIZES[kind])
    except Refused:
        raise Refused("BadDigest", f"Value for {_SUM}{kind} header is invalid.") from None


def _digest(value: str, size_bytes: int) -> bytes:
    try:
        digest = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != size_bytes:
        raise Refused("InvalidDigest", "The Content-MD5 you specified was invalid.")
    return digest


def _hex(size: bytes) -> int:
    try:
        length = int(size.strip(), 16) if size.strip().isalnum() else -1
    except ValueError:
        length = -1
    if not 0 <= length <= _LONGEST_CHUNK_BYTES:
        raise Refused("InvalidRequest", "A chunk's length is none.")
    return length
