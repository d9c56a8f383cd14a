"""A file on its way in, in parts."""

from typing import NewType

import msgspec

from synfonium.apps.drive.model.node import BlobName, NodeId, SpaceId

UploadId = NewType("UploadId", str)


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """An upload that is not finished. top: what whoever began it could reach, and others with
    the same reach can carry on. door, name: what the door that it came by calls it.
    total_bytes: as announced. note: the door's own. held_bytes: what came so far."""

    id: UploadId
    space: SpaceId
    top: NodeId
    door: str
    name: str
    total_bytes: int | None
    note: bytes
    began_s: float
    active_s: float
    held_bytes: int


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """offset_bytes: where it begins in the whole, if the client said so. sums: `kind value` of each
    checksum that was asked for, one a line, in base64."""

    upload: UploadId
    number: int
    blob: BlobName
    size_bytes: int
    offset_bytes: int | None
    md5: str
    made_s: float
    sums: str = ""

    def sum_of(self, kind: str) -> str:
        """Its checksum of that kind, or "" when nobody asked for it."""
        return dict(line.split(" ", 1) for line in self.sums.splitlines()).get(kind, "")
