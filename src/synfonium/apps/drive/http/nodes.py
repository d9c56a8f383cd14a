"""Changing: new folder, rename, move."""

from typing import Annotated

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.drive.errors import TopStays
from synfonium.apps.drive.http.pages import chosen_ids
from synfonium.apps.drive.http.service import service_of
from synfonium.apps.drive.model import NodeId
from synfonium.kernel.actor import Person, Scope
from synfonium.kernel.context import Context
from synfonium.kernel.doors import See, post

Writer = Annotated[Person, Scope("drive.write")]


class NameForm(msgspec.Struct, frozen=True, kw_only=True):
    name: str


class MoveForm(msgspec.Struct, frozen=True, kw_only=True):
    node: list[str] | str
    into: str


NameData = Annotated[NameForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
MoveData = Annotated[MoveForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@post("/drive/node/{node_id:str}/folder")
async def make_folder(actor: Writer, context: Context, node_id: str, data: NameData) -> See:
    """A new folder in this one."""
    await service_of(context).tree.make_folder(actor, NodeId(node_id), data.name.strip())
    return See(f"/drive/node/{node_id}?done=made")


@post("/drive/node/{node_id:str}/rename")
async def rename(actor: Writer, context: Context, node_id: str, data: NameData) -> See:
    """Another name, in the same place."""
    service = service_of(context)
    path = await service.tree.path(actor, NodeId(node_id))
    if len(path) == 1:
        raise TopStays
    await service.moving.move(actor, path[-1].id, path[-2].id, data.name)
    return See(f"/drive/node/{path[-2].id}?done=renamed")


@post("/drive/move")
async def move(actor: Writer, context: Context, data: MoveData) -> See:
    """Puts what was chosen into a folder, all or none."""
    chosen, into = chosen_ids(data.node), NodeId(data.into)
    await service_of(context).moving.move_into(actor, chosen, into)
    return See(f"/drive/node/{into}?done=moved&count={len(chosen)}")


doors = (make_folder, rename, move)
