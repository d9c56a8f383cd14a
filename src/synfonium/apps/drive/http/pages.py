"""Looking: folders, one file, choosing where to move, downloading."""

from collections.abc import Collection, Sequence
from typing import Annotated, Literal

import msgspec
from litestar.params import QueryParameter

from synfonium.apps.drive.contract import ROOT, address_of
from synfonium.apps.drive.http.service import MOST_CHOSEN, service_of
from synfonium.apps.drive.http.words import icon_of, may_be_shown, shelf
from synfonium.apps.drive.model import Node, NodeId
from synfonium.apps.drive.model.order import ORDERS, Order
from synfonium.apps.drive.model.previews import MOST_PAGES
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.activity import Happened
from synfonium.apps.drive.service.previews import shown_of
from synfonium.apps.drive.service.versions import History
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Person, Scope
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get

Reader = Annotated[Person, Scope("drive.read")]
Done = Literal["", "made", "sent", "renamed", "moved", "trashed", "restored", "removed", "back", "named"]
PAGE_NODES = 100
SHOWN_VERSIONS = 200
SHOWN_DEEDS = 6


class Words(msgspec.Struct, frozen=True):
    """What a row asks of a node. vaults: which of the nodes are some."""

    vaults: Collection[NodeId] = ()

    def icon_of(self, node: Node) -> str:
        return "lock" if node.id in self.vaults else icon_of(node)

    def shown_of(self, node: Node) -> bool:
        return shown_of(node)

    def url_of(self, node: Node) -> str:
        return url_of(node)


def order_of(text: str) -> Order:
    """Of an address that anybody may have typed."""
    return next((order for order in ORDERS if order == text), "name")


@get("/drive")
async def top(
    actor: Reader,
    context: Context,
    after: str = "",
    done: Done = "",
    node: str = "",
    count: int = 0,
    sort: str = "name",
) -> Page:
    """The actor's topmost folder."""
    return await _folder(actor, context, None, (after, order_of(sort)), (done, node, count))


@get("/drive/node/{node_id:str}")
async def show(
    actor: Reader,
    context: Context,
    node_id: str,
    after: str = "",
    done: Done = "",
    node: str = "",
    count: int = 0,
    sort: str = "name",
) -> Page | See:
    """A folder's content, or a file; a vault is opened in a page of its own."""
    found = await service_of(context).tree.node(actor, NodeId(node_id))
    if found.is_file:
        return await _about(actor, context, found.id, done)
    if await service_of(context).vaults.of(actor, found.id):
        return See(f"/drive/vaults/{found.id}")
    return await _folder(actor, context, found.id, (after, order_of(sort)), (done, node, count))


async def _folder(
    actor: Person,
    context: Context,
    folder: NodeId | None,
    place: tuple[str, Order],
    done: tuple[Done, str, int],
) -> Page:
    service, (after, order) = service_of(context), place
    listing = await service.tree.listing(
        actor, folder, after=NodeId(after) if after else None, limit=PAGE_NODES, order=order
    )
    vaults = await service.vaults.among([*listing.entries, *listing.received])
    return Page(
        "drive/folder.html",
        path=listing.path,
        folder=listing.path[-1],
        entries=listing.entries,
        received=listing.received,
        shared=await service.sharing.shared_ones(actor, [node.id for node in listing.entries]),
        more=listing.entries[-1].id if listing.has_more else "",
        is_first=not after,
        shelf=await shelf(service, actor) if len(listing.path) == 1 else None,
        done=done[0],
        undo=done[1],
        count=done[2],
        order=order,
        words=Words(vaults),
        icon_of=Words(vaults).icon_of,
        url_of=url_of,
        shown_of=shown_of,
    )


def is_received(path: Sequence[Node]) -> bool:
    """Whether the last of the nodes was received by itself, and not with what it lies in."""
    return len(path) > 1 and path[-1].space != path[-2].space


def url_of(node: Node) -> str:
    """A node's page; the top of a space is `/drive`."""
    return f"/drive/node/{node.id}" if node.parent else "/drive"


@get("/drive/node/{node_id:str}/about")
async def about(actor: Reader, context: Context, node_id: str, done: Done = "") -> Page:
    """What is known of a file or folder, and what can be done with it."""
    return await _about(actor, context, NodeId(node_id), done)


async def _about(actor: Person, context: Context, node: NodeId, done: Done) -> Page:
    service = service_of(context)
    path = await service.tree.path(actor, node)
    history = await service.versions.of(actor, node, limit=SHOWN_VERSIONS) if path[-1].is_file else None
    return Page(
        "drive/about.html",
        history=history,
        happened=await happened_to(service, actor, node),
        downloads=await _downloads(service, actor, node),
        view=await service.viewing.of(actor, path[-1]) if history else None,
        most_pages=MOST_PAGES,
        damaged=_damaged(service, history) if history else (),
        is_harmful=_is_harmful(service, history) if history else False,
        authors=await service.versions.authors(history) if history else {},
        path=path,
        node=path[-1],
        is_top=len(path) == 1,
        address=address_of(path[-1].id) if len(path) > 1 else ROOT,
        is_received=is_received(path),
        can_show=may_be_shown(path[-1].media_type),
        done=done,
        icon_of=icon_of,
        url_of=url_of,
    )


async def happened_to(service: DriveService, actor: Person, node: NodeId) -> Happened | None:
    """The latest that happened to it; None for an app, which is told nothing of people."""
    return None if actor.grants else await service.activity.of(actor, node, most=SHOWN_DEEDS)


async def _downloads(service: DriveService, actor: Person, node: NodeId) -> int:
    """How often it was taken away by links to it, as far as the actor may see them."""
    made = (await service.sharing.of_node(actor, node))[1] if not actor.grants else []
    return sum(one.link.downloads for one in made if one.link.node == node)


def _damaged(service: DriveService, history: History) -> set[str]:
    """The versions that cannot be given out."""
    damages, harmful = service.room.damages, service.room.harmful
    return {v.id for v in history.versions if damages.is_refused(v.blob) or v.blob in harmful}


def _is_harmful(service: DriveService, history: History) -> bool:
    return any(v.is_present and v.blob in service.room.harmful for v in history.versions)


@get("/drive/node/{node_id:str}/download")
async def download(actor: Reader, context: Context, node_id: str, shown: bool = False) -> See:
    """Leads to the content on its own origin, where no session can be met."""
    token = await service_of(context).links.make(actor, NodeId(node_id), is_shown=shown)
    return See(f"{context.site.content_url}/content/drive/{token}")


@get("/drive/node/{node_id:str}/zip")
async def archive(actor: Reader, context: Context, node_id: str) -> See:
    """Leads to a folder with all below it, as one archive, on the content origin."""
    token = await service_of(context).links.make_folder(actor, NodeId(node_id))
    return See(f"{context.site.content_url}/content/drive/{token}")


@get("/drive/move")
async def choose(
    actor: Reader,
    context: Context,
    node: Annotated[list[str] | None, QueryParameter(name="node")] = None,
    into: str = "",
) -> Page:
    """Choosing the folder that shall hold what was chosen."""
    chosen = chosen_ids(node)
    tree = service_of(context).tree
    first = await tree.path(actor, chosen[0])
    start = first[-2].id if len(first) > 1 else first[-1].id
    listing = await tree.folders(actor, NodeId(into) if into else start)
    return Page(
        "drive/move.html",
        chosen=chosen,
        first=first[-1],
        path=listing.path,
        folder=listing.path[-1],
        folders=[entry for entry in listing.entries if entry.id not in chosen],
        query="&".join(f"node={id_}" for id_ in chosen),
        from_=start,
        url_of=url_of,
    )


def chosen_ids(ids: list[str] | str | None) -> list[NodeId]:
    """One id (as a form sends it) or several. Raises BadInput for none, or for too many."""
    ids = [ids] if isinstance(ids, str) else ids
    if not ids or len(ids) > MOST_CHOSEN:
        raise BadInput("node", "")
    return [NodeId(id_) for id_ in dict.fromkeys(ids)]


doors = (top, show, about, download, archive, choose)
