"""Reports of what is behind a link: sent by anybody, decided by the operator."""

from typing import Annotated

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.drive.http.pages import service_of
from synfonium.apps.drive.http.public import QUIET, AnyRequest, come
from synfonium.apps.drive.service.reporting import Decision, Reason
from synfonium.kernel.actor import Administrator, Impersonal, Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post

Admin = Annotated[Administrator, Impersonal("what strangers wrote about links, and names of whose these are")]


class ReportForm(msgspec.Struct, frozen=True, kw_only=True):
    text: str
    reason: Reason = "other"
    contact: str = ""


class DecisionForm(msgspec.Struct, frozen=True, kw_only=True):
    decision: Decision
    statement: str


ReportData = Annotated[ReportForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
DecisionData = Annotated[DecisionForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/s/{token:str}/report")
async def ask(actor: Visitor, context: Context, request: AnyRequest, token: str) -> Page:
    """Where anybody who has a link says what is not right behind it."""
    await come(context, request, token)
    return Page("drive/link_report.html", headers=QUIET, url=f"/s/{token}")


@post("/s/{token:str}/report")
async def send(actor: Visitor, context: Context, request: AnyRequest, token: str, data: ReportData) -> See:
    """Takes a report."""
    entry = await come(context, request, token)
    await service_of(context).reporting.report(entry.link, data.reason, data.text, data.contact)
    return See(f"/s/{token}?done=reported")


@get("/admin/reports")
async def show(actor: Admin, context: Context) -> Page:
    """What waits for a decision, and what was decided."""
    waiting, decided = await service_of(context).reporting.all()
    return Page("drive/reports.html", waiting=waiting, decided=decided)


@post("/admin/reports/{report_id:str}")
async def decide(actor: Admin, context: Context, report_id: str, data: DecisionData) -> See:
    """Closes the link, or leaves it; with reasons."""
    await service_of(context).reporting.decide(actor, report_id, data.decision, data.statement)
    return See("/admin/reports")


doors = (ask, send, show, decide)
