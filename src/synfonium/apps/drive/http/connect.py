"""Where a person lets a file client in that has asked by the login flow."""

from typing import Annotated, Literal

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.drive.http.service import service_of
from synfonium.kernel.actor import Person, Proved
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, get, post

ProvedPerson = Annotated[Person, Proved()]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    decision: Literal["allow", "refuse"]


DecisionData = Annotated[Decision, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/drive/connect/{login:str}")
async def show(actor: ProvedPerson, context: Context, login: str) -> Page:
    """Who asks for what."""
    label = service_of(context).connecting.label(login)
    return Page("drive/connect.html", label=label, login=login, person=actor)


@post("/drive/connect/{login:str}")
async def decide(actor: ProvedPerson, context: Context, login: str, data: DecisionData) -> Page:
    """Lets the client in, or not."""
    connecting, is_allowed = service_of(context).connecting, data.decision == "allow"
    if is_allowed:
        await connecting.grant(actor, login)
    else:
        connecting.refuse(login)
    return Page("drive/connected.html", is_allowed=is_allowed)


doors = (show, decide)
