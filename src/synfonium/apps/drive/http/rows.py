"""Pieces of a long folder, for a page that shows what is on the screen alone."""

from typing import Annotated

import msgspec
from litestar.params import QueryParameter

from synfonium.apps.drive.http.pages import PAGE_NODES, Reader, Words, order_of
from synfonium.apps.drive.http.service import service_of
from synfonium.apps.drive.model import NodeId
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, get


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """marks: every `step`th entry's id, after which a piece begins. etag: as the folder was then."""

    etag: str
    count: int
    marks: list[NodeId]


@get("/drive/node/{node_id:str}/marks")
async def marks(
    actor: Reader, context: Context, node_id: str, sort: str = "name", step: int = PAGE_NODES
) -> Marks:
    """How many entries a folder has, and where its pieces of `step` entries begin."""
    found = await service_of(context).tree.marks(
        actor, NodeId(node_id), order_of(sort), step=min(max(step, 1), PAGE_NODES)
    )
    return Marks(etag=found.etag, count=found.count, marks=list(found.marks))


@get("/drive/node/{node_id:str}/rows")
async def rows(
    actor: Reader,
    context: Context,
    node_id: str,
    sort: str = "name",
    after: str = "",
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_NODES)] = PAGE_NODES,
) -> Page:
    """The rows of a piece, without their menus."""
    service = service_of(context)
    listing = await service.tree.listing(
        actor, NodeId(node_id), after=NodeId(after) if after else None, limit=limit, order=order_of(sort)
    )
    shared = await service.sharing.shared_ones(actor, [node.id for node in listing.entries])
    vaults = await service.vaults.among(listing.entries)
    return Page("drive/piece.html", entries=listing.entries, shared=shared, words=Words(vaults))


doors = (marks, rows)
