"""Small things the templates ask of a node."""

import msgspec

from synfonium.apps.drive.model import Node
from synfonium.apps.drive.model.media import may_be_shown
from synfonium.apps.drive.service import DriveService
from synfonium.kernel.actor import Person

__all__ = ["Shelf", "icon_of", "may_be_shown", "shelf"]

_BY_FAMILY = {"image": "file-image", "audio": "file-audio", "video": "file-video", "text": "file-text"}
_BY_WORD = {
    "zip": "file-archive",
    "tar": "file-archive",
    "gzip": "file-archive",
    "json": "file-code",
    "javascript": "file-code",
    "xml": "file-code",
    "pdf": "file-text",
    "document": "file-text",
}


class Shelf(msgspec.Struct, frozen=True):
    """How much stands on the person's shelf; `limit_bytes` 0 for no limit."""

    used_bytes: int
    limit_bytes: int


async def shelf(service: DriveService, actor: Person) -> Shelf:
    used_bytes, free_bytes = await service.tree.room_left(actor)
    return Shelf(used_bytes, 0 if free_bytes is None else used_bytes + free_bytes)


def icon_of(node: Node) -> str:
    """The icon of the kit that stands for the node."""
    if not node.is_file:
        return "folder"
    family, _, kind = node.media_type.partition("/")
    if family in _BY_FAMILY:
        return _BY_FAMILY[family]
    return next((icon for word, icon in _BY_WORD.items() if word in kind), "file")
