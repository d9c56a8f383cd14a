"""Following a folder: the answer comes when something below it has changed."""

import msgspec

from synfonium.apps.drive.http.pages import Reader
from synfonium.apps.drive.http.service import service_of
from synfonium.apps.drive.model import NodeId
from synfonium.kernel.context import Context
from synfonium.kernel.doors import get

# Below what proxies and browsers commonly wait for.
WAIT_S = 25.0


class FolderState(msgspec.Struct, frozen=True):
    """The folder's etag as it is now."""

    etag: str


@get("/drive/changes")
async def changes(
    actor: Reader, context: Context, folder: str = "", etag: str = "", wait_s: float = WAIT_S
) -> FolderState:
    """Waits until the folder's etag is another than `etag`, at most `wait_s`. Without
    `folder`: the trash. Ask again with the etag given."""
    wait_s = min(max(wait_s, 0.0), WAIT_S)
    now = await service_of(context).changes.wait(actor, NodeId(folder) if folder else None, etag, wait_s)
    return FolderState(now)


doors = (changes,)
