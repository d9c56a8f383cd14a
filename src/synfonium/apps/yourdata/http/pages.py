"""Pages of your data: archives, leaving, and what is kept of whom."""

from typing import Annotated

import msgspec
from litestar import Response

from synfonium.apps.yourdata.service import YourdataService
from synfonium.apps.yourdata.service.leaving import Leavings
from synfonium.apps.yourdata.service.processing import record
from synfonium.common.problem import Forbidden
from synfonium.kernel.actor import Person, Proved, Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post

HERE = "/settings/data"
FRESH_S = 600


@get(HERE)
async def show(actor: Person, context: Context) -> Page:
    service: YourdataService = context.service
    return Page(
        "yourdata/data.html",
        archives=await service.archives.of(actor.id),
        erase_days=context.config.erase_days,
        archive_days=context.config.archive_days,
    )


@get(f"{HERE}/kept")
async def show_record(actor: Person | Visitor, context: Context) -> Page:
    """The record of processing activities, generated from what the tables declare."""
    return Page("yourdata/processing.html", record=record(), config=context.config)


@post(f"{HERE}/archives")
async def ask(actor: Annotated[Person, Proved(within_s=FRESH_S)], context: Context) -> See:
    _needs_session(actor)
    await context.call("yourdata.ask_archive", {"person": actor.id})
    return See(f"{HERE}#take")


@post(f"{HERE}/archives/{{archive:str}}/drop")
async def drop(actor: Person, context: Context, archive: str) -> See:
    _needs_session(actor)
    await context.call("yourdata.drop_archive", {"person": actor.id, "id": archive})
    return See(f"{HERE}#take")


@get(f"{HERE}/leave")
async def show_leave(actor: Annotated[Person, Proved(within_s=FRESH_S)], context: Context) -> Page:
    _needs_session(actor)
    return Page("yourdata/leave.html", erase_days=context.config.erase_days)


@post(f"{HERE}/leave")
async def leave(actor: Annotated[Person, Proved(within_s=FRESH_S)], context: Context) -> Page:
    """Closes the account; whoever is at its devices is signed out by that."""
    _needs_session(actor)
    left = await context.call("yourdata.leave", {"person": actor.id})
    return Page(
        "yourdata/left.html",
        due_s=left["due_s"],
        receipt=left["id"],
        ticket="",
        public_url=context.site.public_url,
    )


@get("/leaving/{ticket:str}")
async def show_decision(actor: Person | Visitor, context: Context, ticket: str) -> Page:
    """For who has just shown that the closed account is theirs. Raises NotLeaving."""
    service: YourdataService = context.service
    erasure = await service.erasures.waiting_of(Leavings(context).person_of(ticket))
    return Page(
        "yourdata/left.html",
        due_s=erasure.due_s,
        receipt=erasure.id,
        ticket=ticket,
        public_url=context.site.public_url,
    )


@post("/leaving/{ticket:str}")
async def stay(actor: Person | Visitor, context: Context, ticket: str) -> Page:
    await context.call("yourdata.stay", {"person": Leavings(context).person_of(ticket)})
    return Page("yourdata/stayed.html")


@get("/leaving/receipt/{erasure:str}")
async def receipt(actor: Person | Visitor, context: Context, erasure: str) -> Response[bytes] | Page:
    """The signed receipt, for whoever has its address; until it is there, when it will be."""
    service: YourdataService = context.service
    found = await service.erasures.one(erasure)
    if not found.receipt:
        return Page("yourdata/waiting.html", due_s=found.due_s)
    named = {"content-disposition": 'attachment; filename="synfonium-receipt.json"'}
    words = msgspec.json.format(found.receipt.encode())
    return Response(words, media_type="application/json", headers=named)


def _needs_session(actor: Person) -> None:
    """All of somebody's data is asked for in a browser, not by an app's token."""
    if not actor.by_session:
        raise Forbidden


doors = (show, show_record, ask, drop, show_leave, leave, show_decision, stay, receipt)
