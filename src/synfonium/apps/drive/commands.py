"""What Drive answers the fabric about its objects (see fabric/contract/objects.py)."""

import msgspec

from synfonium.apps.drive.service import DriveService
from synfonium.apps.fabric.contract import Children, Object, ObjectsAsk
from synfonium.common.problem import Forbidden
from synfonium.kernel.context import Call, Context


async def object_describe(context: Context, call: Call) -> Object | None:
    return await _service(context).objects.describe(_ask(call))


async def object_children(context: Context, call: Call) -> Children | None:
    return await _service(context).objects.children(_ask(call))


async def object_create(context: Context, call: Call) -> Object:
    return await _service(context).objects.create(_ask(call))


def _service(context: Context) -> DriveService:
    service: DriveService = context.service
    return service


def _ask(call: Call) -> ObjectsAsk:
    """The fabric alone asks: for whom, it has made sure. Raises Forbidden."""
    if call.caller != "fabric":
        raise Forbidden
    return msgspec.convert(call.arguments, ObjectsAsk)
