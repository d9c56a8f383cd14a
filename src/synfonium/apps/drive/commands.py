"""What Drive answers the fabric: about its objects (fabric/contract/objects.py), and when one of its
declared actions is to be done (fabric/contract/acts.py)."""

from typing import TypeVar

import msgspec

from synfonium.apps.drive.service import DriveService
from synfonium.apps.fabric.contract import Act, Children, Object, ObjectsAsk
from synfonium.common.problem import Forbidden
from synfonium.kernel.context import Call, Context

Answer = dict[str, object]
T = TypeVar("T", ObjectsAsk, Act)


async def object_describe(context: Context, call: Call) -> Object | None:
    return await _service(context).objects.describe(_ask(call, ObjectsAsk))


async def object_children(context: Context, call: Call) -> Children | None:
    return await _service(context).objects.children(_ask(call, ObjectsAsk))


async def object_create(context: Context, call: Call) -> Object:
    return await _service(context).objects.create(_ask(call, ObjectsAsk))


async def act_new_folder(context: Context, call: Call) -> Answer:
    return await _service(context).acts.new_folder(_ask(call, Act))


async def act_new_text(context: Context, call: Call) -> Answer:
    return await _service(context).acts.new_text(_ask(call, Act))


async def act_rename(context: Context, call: Call) -> Answer:
    return await _service(context).acts.rename(_ask(call, Act))


async def act_move_to(context: Context, call: Call) -> Answer:
    return await _service(context).acts.move_to(_ask(call, Act))


async def act_copy_to(context: Context, call: Call) -> Answer:
    return await _service(context).acts.copy_to(_ask(call, Act))


async def act_move_to_trash(context: Context, call: Call) -> Answer:
    return await _service(context).acts.move_to_trash(_ask(call, Act))


async def act_list_folder(context: Context, call: Call) -> Answer:
    return await _service(context).acts.list_folder(_ask(call, Act))


async def act_find(context: Context, call: Call) -> Answer:
    return await _service(context).acts.find(_ask(call, Act))


async def act_read_text(context: Context, call: Call) -> Answer:
    return await _service(context).acts.read_text(_ask(call, Act))


def _service(context: Context) -> DriveService:
    service: DriveService = context.service
    return service


def _ask(call: Call, kind: type[T]) -> T:
    """The fabric alone asks: for whom, it has made sure. Raises Forbidden."""
    if call.caller != "fabric":
        raise Forbidden
    return msgspec.convert(call.arguments, kind)
