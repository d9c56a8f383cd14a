"""The things of a drive as values."""

from typing import Literal, NewType

import msgspec

from synfonium.common.ids import PersonId

NodeId = NewType("NodeId", str)
SpaceId = NewType("SpaceId", str)
VersionId = NewType("VersionId", str)
BlobName = NewType("BlobName", str)

ANY = "*"
ABSENT = ""
Expected = str
"""What a write expects to find: an etag, ABSENT, or ANY for whatever there is."""


class Space(msgspec.Struct, frozen=True, kw_only=True):
    """A tree with one owner, one key and one quota. `root` and `trash` are its two tops."""

    id: SpaceId
    owner: PersonId
    root: NodeId
    trash: NodeId
    sealed_key: bytes
    quota_bytes: int | None = None


class Node(msgspec.Struct, frozen=True):
    """A file or folder. A folder's size is that of all files below it. The fields stand in the order
    of the columns that the store reads.

    number: a small integer for clients that need one, never used twice. etag: changes
    with the node and with everything below it. version: None for folders.
    """

    id: NodeId
    number: int
    space: SpaceId
    parent: NodeId | None
    name: str
    is_file: bool
    size_bytes: int
    etag: str
    modified_s: float
    created_s: float
    media_type: str
    version: VersionId | None
    revision: int

    @property
    def kind(self) -> Literal["file", "folder"]:
        return "file" if self.is_file else "folder"


class Trashed(msgspec.Struct, frozen=True, kw_only=True):
    """A node in the trash: where it was, and since when it is here."""

    node: Node
    parent: NodeId
    place: str
    trashed_s: float


class Lock(msgspec.Struct, frozen=True, kw_only=True):
    """A WebDAV write lock (RFC 4918, section 6)."""

    token: str
    space: SpaceId
    node: NodeId
    is_exclusive: bool
    is_infinite: bool
    owner_xml: str
    person: PersonId
    expires_s: float
