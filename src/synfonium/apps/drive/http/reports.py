"""Reports of what is behind a link: sent by anybody, decided by the operator."""

from typing import Annotated

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.drive.http.public import QUIET, AnyRequest, come
from synfonium.apps.drive.http.service import service_of
from synfonium.apps.drive.service.reporting import Answer, Decision, Reason
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


class AnswerForm(msgspec.Struct, frozen=True, kw_only=True):
    answer: Answer
    statement: str


class ObjectionForm(msgspec.Struct, frozen=True, kw_only=True):
    text: str


AnswerData = Annotated[AnswerForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
ObjectionData = Annotated[ObjectionForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
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
    assert context.pages is not None
    locale = context.pages.reader(request.scope).locale
    await service_of(context).reporting.report(entry.link, data.reason, data.text, data.contact, locale)
    return See(f"/s/{token}?done=reported")


@get("/admin/reports")
async def show(actor: Admin, context: Context) -> Page:
    """What waits for a decision, and what was decided."""
    service = service_of(context).reporting
    waiting, decided = await service.all()
    objections = await service.objections()
    return Page("drive/reports.html", waiting=waiting, decided=decided, objections=objections)


@post("/admin/reports/{report_id:str}")
async def decide(actor: Admin, context: Context, report_id: str, data: DecisionData) -> See:
    """Closes the link, or leaves it; with reasons."""
    await service_of(context).reporting.decide(actor, report_id, data.decision, data.statement)
    return See("/admin/reports")


@post("/admin/reports/{report_id:str}/answer")
async def answer(actor: Admin, context: Context, report_id: str, data: AnswerData) -> See:
    """Keeps a decision that somebody objects to, or turns it round; with reasons."""
    await service_of(context).reporting.answer(actor, report_id, data.answer, data.statement)
    return See("/admin/reports")


@get("/drive/objection/{token:str}")
async def object_to(actor: Visitor, context: Context, token: str) -> Page:
    """A decision with its reasons, for who has the letter or the notice about it."""
    report = await service_of(context).reporting.decided(token)
    return Page("drive/objection.html", headers=QUIET, report=report, url=f"/drive/objection/{token}")


@post("/drive/objection/{token:str}")
async def send_objection(actor: Visitor, context: Context, token: str, data: ObjectionData) -> See:
    """Takes an objection, once."""
    await service_of(context).reporting.object(token, data.text)
    return See(f"/drive/objection/{token}")


doors = (ask, send, show, decide, answer, object_to, send_objection)
