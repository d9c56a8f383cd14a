"""Doors of index and query: apps push what is to be found, people and apps search."""

from typing import Annotated

import msgspec
from litestar.params import Parameter

from synfonium.apps.fabric.contract import APP_SCOPE, Found, IndexAnswer, IndexPush, Query
from synfonium.apps.fabric.errors import OnlyApps
from synfonium.apps.fabric.service import FabricService
from synfonium.common.ids import AppName
from synfonium.kernel.actor import Person, Scope
from synfonium.kernel.context import Context
from synfonium.kernel.doors import delete, get, post

PUSHED_BYTES = 8 * 1024 * 1024


@post("/fabric/index", max_body_bytes=PUSHED_BYTES, status_code=202)
async def push(actor: Annotated[Person, Scope(APP_SCOPE)], context: Context, data: IndexPush) -> IndexAnswer:
    """Things of the credential's person are found within a second; what was refused, and why."""
    return await _push(actor, context, data)


@delete("/fabric/index", status_code=202)
async def forget(
    actor: Annotated[Person, Scope(APP_SCOPE)],
    context: Context,
    address: Annotated[list[str], Parameter(max_items=100)],
) -> IndexAnswer:
    """The things at these addresses are found no more."""
    return await _push(actor, context, IndexPush(forget=tuple(address)))


async def _push(actor: Person, context: Context, pushed: IndexPush) -> IndexAnswer:
    if actor.app is None:
        raise OnlyApps
    service: FabricService = context.service
    theirs = msgspec.structs.replace(pushed, person=actor.id)
    return await service.indexing.push(actor.app, theirs)


@get("/fabric/search")
async def search(
    actor: Annotated[Person, Scope(APP_SCOPE)],
    context: Context,
    q: str = "",
    limit: int = 10,
    offset: Annotated[int, Parameter(ge=0, le=1000)] = 0,
    app: Annotated[str, Parameter(max_length=30)] = "",
    interface: Annotated[str, Parameter(max_length=255)] = "",
) -> Found:
    """The person's own things and what others share with them; for an app, what it was granted."""
    service: FabricService = context.service
    query = Query(text=q, limit=limit, offset=offset, app=AppName(app), interface=interface)
    return await service.search.run(actor, query)


doors = (push, forget, search)
