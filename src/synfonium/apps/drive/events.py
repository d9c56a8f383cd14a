"""What has changed is written into the queue for the private search, and nothing more is done
here: other apps hear of the next event only when every subscriber has heard this one."""

from collections.abc import Sequence

from synfonium.apps.drive.contract import FILE_MOVED, FILE_WRITTEN, NODE_RESTORED, NODE_TRASHED, node_of
from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.indexing import Due
from synfonium.apps.fabric.contract import INDEX_WANTED
from synfonium.common.event import Event
from synfonium.kernel.context import Context


async def on_changes(context: Context, events: Sequence[Event]) -> None:
    """A second delivery costs a repetition and changes nothing."""
    service: DriveService = context.service
    wanted, placed, written = list[Due](), list[NodeId](), list[NodeId]()
    for event in events:
        node = node_of(event.subject)
        if event.type == INDEX_WANTED and event.data.get("app") in ("", context.app.name):
            await service.indexing.want_all(str(event.data.get("person") or ""))
        elif node is not None:
            is_deep = event.type in (NODE_TRASHED, NODE_RESTORED, FILE_MOVED)
            wanted.append(Due(node=NodeId(node), is_deep=is_deep))
            if event.type in (FILE_WRITTEN, FILE_MOVED):
                placed.append(NodeId(node))
            if event.type == FILE_WRITTEN:
                written.append(NodeId(node))
    await service.indexing.want(wanted)
    await service.photos.want(placed)
    await service.quarantine.want(written)
