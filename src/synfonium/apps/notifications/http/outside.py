"""How an app from outside tells the person something whose credential it has."""

from typing import Annotated

import msgspec

from synfonium.apps.fabric.contract import APP_SCOPE
from synfonium.apps.notifications.contract import PlainNotice
from synfonium.apps.notifications.errors import NotAnApp
from synfonium.apps.notifications.http.shown import service_of
from synfonium.kernel.actor import Person, Scope
from synfonium.kernel.context import Context
from synfonium.kernel.doors import post

LARGEST_BODY_BYTES = 8 * 1024


class Told(msgspec.Struct, frozen=True):
    """It was taken in; how the person hears of it is their choice."""

    done: bool = True


@post("/notifications", max_body_bytes=LARGEST_BODY_BYTES)
async def tell(actor: Annotated[Person, Scope(APP_SCOPE)], context: Context, data: PlainNotice) -> Told:
    """Raises NotAnApp, BadNotice, TooManyToday."""
    if not actor.app:
        raise NotAnApp
    await service_of(context).telling.tell_from_outside(actor.app, actor.id, data)
    return Told()


doors = (tell,)
