"""What other apps may know of Drive: addresses, events and answers of its commands.

Events (subject `drive:node/<id>`, data `{"kind": "file" | "folder", "owner": <person id>, "path",
"path_before"}`; path: addresses parted by spaces, of the node and of all that it lies in, up to
`drive:root`; for what is in the trash or removed, of what it lay in; path_before: of what a node
that was moved lay in before; a removed node has no kind):
`drive.file.written`: a file has new content. `drive.file.moved`: a file or folder has
another name or place. `drive.node.trashed`, `drive.node.restored`: a file or folder, with
all below it, went into the trash or came back.
`drive.node.removed`: gone for ever; one event for every file and folder.
`drive.share.made`, `drive.share.ended` (data `{"by", "to_kind": "person" | "group" | "organisation" | "link",
"to", "mode"}`): somebody may reach the file or folder, or may no more; to: an id, for a link that
of its row.

Commands: `drive.describe` {node} → Described or null.
"""

import msgspec

from synfonium.common.ids import PersonId

FILE_WRITTEN = "drive.file.written"
FILE_MOVED = "drive.file.moved"
NODE_TRASHED = "drive.node.trashed"
NODE_RESTORED = "drive.node.restored"
NODE_REMOVED = "drive.node.removed"
SHARE_MADE = "drive.share.made"
SHARE_ENDED = "drive.share.ended"
ALL_EVENTS = frozenset({FILE_WRITTEN, FILE_MOVED, NODE_TRASHED, NODE_RESTORED, NODE_REMOVED})

ROOT = "drive:root"
"""The address of a person's whole drive."""
_PREFIX = "drive:node/"


def address_of(node: str) -> str:
    """The object address of a file or folder, for grants and events."""
    return _PREFIX + node


def node_of(address: str) -> str | None:
    """The node id of an address, or None for another app's."""
    return address.removeprefix(_PREFIX) if address.startswith(_PREFIX) else None


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder that is not in the trash."""

    node: str
    owner: PersonId
    name: str
    kind: str
    media_type: str
    size_bytes: int
    modified_s: float
    parent: str
