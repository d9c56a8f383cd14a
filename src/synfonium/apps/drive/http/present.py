"""What a browser asks before it sends a folder again."""

from typing import Annotated

import msgspec

from synfonium.apps.drive.http.pages import Reader
from synfonium.apps.drive.http.service import service_of
from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.service.present import Sought
from synfonium.kernel.context import Context
from synfonium.kernel.doors import post

MOST_SOUGHT = 500


class SoughtFiles(msgspec.Struct, frozen=True, kw_only=True):
    files: Annotated[list[Sought], msgspec.Meta(max_length=MOST_SOUGHT)]


class FoundFiles(msgspec.Struct, frozen=True, kw_only=True):
    """is_present: for each of the files, in their order."""

    is_present: list[bool]


@post("/drive/node/{node_id:str}/present", status_code=200)
async def present(actor: Reader, context: Context, node_id: str, data: SoughtFiles) -> FoundFiles:
    """Which of the files are in the folder, or below it, already and unchanged."""
    found = await service_of(context).presence.of(actor, NodeId(node_id), data.files)
    return FoundFiles(is_present=found)


doors = (present,)
