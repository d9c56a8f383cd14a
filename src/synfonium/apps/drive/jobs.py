"""Commands of Drive, for the command line and other roles (see contract.py)."""

from synfonium.apps.drive.contract import Described, FilesBelow, TextSource
from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.sweep import Swept
from synfonium.kernel.context import Call, Context


def _service(context: Context) -> DriveService:
    service: DriveService = context.service
    return service


async def describe(context: Context, call: Call) -> Described | None:
    return await _service(context).told.describe(NodeId(call.text("node")))


async def read_text_source(context: Context, call: Call) -> TextSource | None:
    return await _service(context).told.text_source(NodeId(call.text("node")))


async def files_below(context: Context, call: Call) -> FilesBelow:
    return await _service(context).told.files_below(NodeId(call.text("node")), call.text("after"))


async def sweep(context: Context, call: Call) -> Swept:
    return await _service(context).sweep.once()
