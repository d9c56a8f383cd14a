"""What a drive is: spaces, nodes, names and the rules between them. Pure."""

from synfonium.apps.drive.model.names import IllegalName, Name, name_key, name_sort
from synfonium.apps.drive.model.node import (
    ABSENT,
    ANY,
    BlobName,
    Expected,
    Lock,
    Node,
    NodeId,
    Space,
    SpaceId,
    Trashed,
    VersionId,
)
from synfonium.apps.drive.model.s3_key import S3Key
from synfonium.apps.drive.model.upload import Part, Upload, UploadId

__all__ = [
    "ABSENT",
    "ANY",
    "BlobName",
    "Expected",
    "IllegalName",
    "Lock",
    "Name",
    "Node",
    "NodeId",
    "Part",
    "S3Key",
    "Space",
    "SpaceId",
    "Trashed",
    "Upload",
    "UploadId",
    "VersionId",
    "name_key",
    "name_sort",
]
