"""Open with, and share to: which app takes a thing."""

from typing import Annotated

import msgspec
from litestar.params import QueryParameter

from synfonium.apps.fabric.contract import FILE, Intent
from synfonium.apps.fabric.errors import NothingOpens
from synfonium.apps.fabric.http.service import service_of
from synfonium.apps.fabric.http.words import Form, icon_of, name_of, needs_session
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, get, post


class OpenForm(msgspec.Struct, frozen=True, kw_only=True):
    object: str
    intent: Intent = "view"
    app: str = ""
    remember: str = ""


class ShareForm(msgspec.Struct, frozen=True, kw_only=True):
    object: str
    app: str


@get("/fabric/open")
async def choose(
    actor: Person,
    request: AnyRequest,
    context: Context,
    address: Annotated[str, QueryParameter(name="object")],
    intent: Intent = "view",
) -> Page:
    """Who opens this? A page, since to open is to give."""
    service = service_of(context)
    shown = await service.granting.object_of(actor.id, address)
    handlers = await service.opening.handlers(actor.id, shown, intent)
    return Page(
        "fabric/open.html",
        shown=shown,
        intent=intent,
        handlers=[(handler, name_of(handler.app, context, request)) for handler in handlers],
        icon=icon_of(shown),
        is_file=FILE in shown.interfaces,
    )


@post("/fabric/open")
async def open_(actor: Person, request: AnyRequest, context: Context, data: Form[OpenForm]) -> Page:
    """Opens with the app chosen, else with the usual one; without one it asks."""
    needs_session(actor)
    opening = service_of(context).opening
    try:
        url = await opening.open(actor.id, data.object, data.intent, data.app, remember=bool(data.remember))
    except NothingOpens:
        if data.app:
            raise
        return await choose.fn(actor, request, context, data.object, data.intent)  # type: ignore[no-any-return]
    return _going(url)


@get("/fabric/share")
async def share_with(
    actor: Person,
    request: AnyRequest,
    context: Context,
    address: Annotated[str, QueryParameter(name="object")],
) -> Page:
    service = service_of(context)
    shown = await service.granting.object_of(actor.id, address)
    targets = await service.opening.targets(actor.id)
    return Page(
        "fabric/share.html",
        shown=shown,
        targets=[(target, name_of(target, context, request)) for target in targets],
        icon=icon_of(shown),
    )


@post("/fabric/share")
async def share(actor: Person, context: Context, data: Form[ShareForm]) -> Page:
    needs_session(actor)
    return _going(await service_of(context).opening.share(actor.id, data.object, data.app))


def _going(url: str) -> Page:
    """A redirect to another site at the end of a form's journey is refused by the page's own
    `form-action 'self'`: a page of ours sends the browser on instead."""
    return Page("fabric/going.html", url=url)


doors = (choose, open_, share_with, share)
