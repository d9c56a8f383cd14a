"""Rights in plain words: given, passed on, taken back."""

from typing import Annotated

import msgspec

from synfonium.apps.fabric.http.service import service_of
from synfonium.apps.fabric.http.words import Form
from synfonium.apps.fabric.model import actions_of, local_path
from synfonium.common.ids import GrantId
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.doors import See, post

PAGE = "/fabric/grants"


class GiveForm(msgspec.Struct, frozen=True):
    app: Annotated[str, msgspec.Meta(max_length=30)]
    subject: Annotated[str, msgspec.Meta(max_length=200)]
    object: Annotated[str, msgspec.Meta(max_length=200)]
    actions: Annotated[str, msgspec.Meta(max_length=30)] = "read"
    label: Annotated[str, msgspec.Meta(max_length=200)] = ""
    next: Annotated[str, msgspec.Meta(max_length=500)] = PAGE


class BackForm(msgspec.Struct, frozen=True):
    next: Annotated[str, msgspec.Meta(max_length=500)] = PAGE


class AllForm(msgspec.Struct, frozen=True):
    """All that an app has, or one subject of it."""

    app: Annotated[str, msgspec.Meta(max_length=30)]
    subject: Annotated[str, msgspec.Meta(max_length=200)] = ""


class MomentForm(msgspec.Struct, frozen=True):
    """at: when they were taken back, as the page after it says."""

    at: float


@post("/fabric/grants")
async def give(actor: Person, context: Context, data: Form[GiveForm]) -> See:
    await service_of(context).granting.give(
        actor.id,
        data.app,
        data.object,
        actions_of(data.actions),
        subject=data.subject,
        label=data.label,
    )
    return See(local_path(data.next, PAGE))


@post("/fabric/grants/{grant:str}/revoke")
async def revoke(actor: Person, context: Context, grant: str, data: Form[BackForm]) -> See:
    await service_of(context).granting.revoke(actor, GrantId(grant))
    return See(local_path(data.next, PAGE))


@post("/fabric/grants/{grant:str}/undo")
async def undo(actor: Person, context: Context, grant: str, data: Form[BackForm]) -> See:
    """Gives back, within a day, what was taken back."""
    await service_of(context).granting.undo(actor, GrantId(grant))
    return See(local_path(data.next, PAGE))


@post("/fabric/grants/revoke")
async def revoke_all(actor: Person, context: Context, data: Form[AllForm]) -> See:
    count, at_s = await service_of(context).ledger.revoke_app(actor, data.app, data.subject)
    return See(f"{PAGE}?done=all&count={count}&at={at_s!r}")


@post("/fabric/grants/undo")
async def undo_all(actor: Person, context: Context, data: Form[MomentForm]) -> See:
    """Gives back what was taken back at one moment."""
    await service_of(context).ledger.undo_all(actor, data.at)
    return See(f"{PAGE}?done=back")


doors = (give, revoke, undo, revoke_all, undo_all)
