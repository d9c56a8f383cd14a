"""Rights in plain words: given, passed on, taken back."""

from typing import Annotated

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.fabric.model import actions_of, local_path
from synfonium.apps.fabric.service import FabricService
from synfonium.common.ids import GrantId
from synfonium.kernel.actor import Person
from synfonium.kernel.app import installed_apps
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post


class GiveForm(msgspec.Struct, frozen=True):
    app: Annotated[str, msgspec.Meta(max_length=30)]
    subject: Annotated[str, msgspec.Meta(max_length=200)]
    object: Annotated[str, msgspec.Meta(max_length=200)]
    actions: Annotated[str, msgspec.Meta(max_length=30)] = "read"
    label: Annotated[str, msgspec.Meta(max_length=200)] = ""
    next: Annotated[str, msgspec.Meta(max_length=500)] = "/fabric/grants"


class BackForm(msgspec.Struct, frozen=True):
    next: Annotated[str, msgspec.Meta(max_length=500)] = "/fabric/grants"


@get("/fabric/grants")
async def list_grants(actor: Person, context: Context) -> Page:
    service: FabricService = context.service
    titles = {app.name: app.title for app in installed_apps()}
    return Page("fabric/grants.html", grants=await service.granting.of_person(actor.id), titles=titles)


@post("/fabric/grants")
async def give(
    actor: Person,
    context: Context,
    data: Annotated[GiveForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> See:
    service: FabricService = context.service
    await service.granting.give(
        actor.id,
        data.app,
        data.object,
        actions_of(data.actions),
        subject=data.subject,
        label=data.label,
    )
    return See(local_path(data.next, "/fabric/grants"))


@post("/fabric/grants/{grant:str}/revoke")
async def revoke(
    actor: Person,
    context: Context,
    grant: str,
    data: Annotated[BackForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> See:
    service: FabricService = context.service
    await service.granting.revoke(actor, GrantId(grant))
    return See(local_path(data.next, "/fabric/grants"))


@post("/fabric/grants/{grant:str}/undo")
async def undo(
    actor: Person,
    context: Context,
    grant: str,
    data: Annotated[BackForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> See:
    """Gives back what was taken back within the last day."""
    service: FabricService = context.service
    await service.granting.undo(actor, GrantId(grant))
    return See(local_path(data.next, "/fabric/grants"))


doors = (list_grants, give, revoke, undo)
