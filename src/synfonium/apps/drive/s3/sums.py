"""Checksums of whole objects and of the parts that made them, as S3 names them."""

import base64
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from synfonium.apps.drive.model import Part
from synfonium.apps.drive.s3.body import SIZES, SUMS, sum_of
from synfonium.apps.drive.s3.refusals import Refused
from synfonium.apps.drive.service.checksums import Checksums
from synfonium.apps.drive.service.described import Described

__all__ = [
    "COMPOSITE",
    "FULL",
    "MOST_PARTS",
    "Piece",
    "Said",
    "composite",
    "describe_parts",
    "parts_of",
    "said_sum",
    "type_of",
]

COMPOSITE, FULL = "COMPOSITE", "FULL_OBJECT"
"""Of the sums of the parts; of the content, as if it had come at once."""

_TYPES = {
    "crc32": (COMPOSITE, FULL),
    "crc32c": (COMPOSITE, FULL),
    "crc64nvme": (FULL,),
    "sha1": (COMPOSITE,),
    "sha256": (COMPOSITE,),
}
"""The first is meant when nothing is said."""

MOST_PARTS = 10_000
# Kept with the object; a listing reads it for each.
_MOST_SUM_BYTES = 8 * 1024


class Said(msgspec.Struct, frozen=True):
    """What a client says the checksum of an object in parts is."""

    kind: str
    value: str


class Piece(msgspec.Struct, frozen=True):
    """A part of an object that is whole. sum: in base64, "" when it is not known."""

    number: int
    start: int
    size_bytes: int
    sum: str


def type_of(kind: str, wished: str) -> str:
    """Of the upload that asked for a kind; "" without one. Raises Refused."""
    wished = wished.strip().upper()
    if not kind:
        if wished:
            raise Refused("InvalidRequest", "A checksum type needs a checksum algorithm.")
        return ""
    if wished and wished not in _TYPES[kind]:
        raise Refused("InvalidRequest", f"The {wished} checksum type cannot be used with {kind}.")
    return wished or _TYPES[kind][0]


def said_sum(headers: Mapping[str, str]) -> Said | None:
    """Of the whole object, in the request that completes it. Raises Refused."""
    found = [Said(kind, v.strip()) for kind in SUMS if (v := headers.get(f"x-amz-checksum-{kind}"))]
    if len(found) > 1:
        raise Refused("InvalidRequest", "Expecting a single x-amz-checksum- header.")
    for said in found:
        sum_of(said.value.partition("-")[0], said.kind)
    return found[0] if found else None


def composite(kind: str, parts: Sequence[Part]) -> str:
    """The sum of the parts' sums, and how many they are; "" when one is not known."""
    sums = [part.sum_of(kind) for part in parts]
    if not all(sums):
        return ""
    joined = Checksums({}, also=(kind,))
    for value in sums:
        joined.update(base64.b64decode(value))
    return f"{base64.b64encode(joined.digest(kind) or b'').decode()}-{len(parts)}"


def describe_parts(kind: str, parts: Sequence[Part]) -> tuple[tuple[tuple[int, int], ...], bytes]:
    """How many parts have which size, one after the other; and their sums, when all are known."""
    sizes = list[tuple[int, int]]()
    for part in parts:
        same = sizes.pop()[0] if sizes and sizes[-1][1] == part.size_bytes else 0
        sizes.append((same + 1, part.size_bytes))
    sums = [base64.b64decode(part.sum_of(kind)) for part in parts] if kind else []
    joined = b"".join(sums) if all(sums) else b""
    return tuple(sizes), joined if len(joined) <= _MOST_SUM_BYTES else b""


def parts_of(described: Described) -> Iterator[Piece]:
    """In their order; none for what came at once."""
    kind = next(iter(described.checksum), "")
    length = SIZES.get(kind, 0) if described.part_sums else 0
    number = start = 0
    for count, size_bytes in described.parts:
        for _ in range(count):
            digest = described.part_sums[number * length : (number + 1) * length]
            number += 1
            yield Piece(number, start, size_bytes, base64.b64encode(digest).decode())
            start += size_bytes
