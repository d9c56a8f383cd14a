"""The trash."""

from typing import Annotated

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.drive.http.pages import PAGE_NODES, Done, Reader, chosen_ids
from synfonium.apps.drive.http.service import service_of
from synfonium.apps.drive.http.words import icon_of
from synfonium.apps.drive.model import NodeId
from synfonium.kernel.actor import Person, Scope
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post

Writer = Annotated[Person, Scope("drive.write")]


class NodesForm(msgspec.Struct, frozen=True, kw_only=True):
    """node: one or several ids."""

    node: list[str] | str


NodesData = Annotated[NodesForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/drive/trash")
async def show(
    actor: Reader, context: Context, after: str = "", done: Done = "", count: int = 0, of: str = ""
) -> Page:
    """What was put into the trash, the newest first. of: the top of a group folder, for its trash."""
    service = service_of(context)
    listing = await service.trash.listing(
        actor,
        after=NodeId(after) if after else None,
        limit=PAGE_NODES,
        of=NodeId(of) if of else None,
    )
    return Page(
        "drive/trash.html",
        folder=listing.top,
        of=of,
        entries=listing.entries,
        more=listing.entries[-1].node.id if listing.has_more else "",
        is_first=not after,
        days=service.room.config.trash_days,
        done=done,
        count=count,
        icon_of=icon_of,
    )


@post("/drive/trash")
async def put(actor: Writer, context: Context, data: NodesData) -> See:
    """Puts what was chosen into the trash, all or none."""
    service, chosen = service_of(context), chosen_ids(data.node)
    path = await service.tree.path(actor, chosen[0])
    await service.trash.put(actor, chosen)
    undo = f"&node={chosen[0]}" if len(chosen) == 1 else ""
    return See(f"/drive/node/{path[-2].id}?done=trashed&count={len(chosen)}{undo}")


@post("/drive/trash/restore")
async def restore(actor: Writer, context: Context, data: NodesData, of: str = "") -> See:
    """Puts what was chosen back where it was; one alone leads to its folder."""
    back = await service_of(context).trash.restore(
        actor, chosen_ids(data.node), of=NodeId(of) if of else None
    )
    if len(back) == 1:
        return See(f"/drive/node/{back[0].parent}?done=restored&count=1")
    return See(f"/drive/trash?done=restored&count={len(back)}")


@post("/drive/trash/remove")
async def remove(actor: Writer, context: Context, data: NodesData) -> See:
    """Removes what was chosen for ever."""
    chosen = chosen_ids(data.node)
    await service_of(context).trash.remove(actor, chosen)
    return See(f"/drive/trash?done=removed&count={len(chosen)}")


@post("/drive/trash/empty")
async def empty(actor: Writer, context: Context) -> See:
    """Removes for ever all that is in the trash."""
    await service_of(context).trash.empty(actor)
    return See("/drive/trash?done=removed")


doors = (show, put, restore, remove, empty)
