"""Requests to leave something out: asked by anybody, followed by who has their address, counted in public."""

from typing import Annotated, Literal

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.search.service.duties.requests import Register
from synfonium.apps.search.store.duties import Kind
from synfonium.common.problem import Problem
from synfonium.kernel.actor import Administrator, Impersonal, Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, See, get, post

_QUIET = {"cache-control": "no-store", "referrer-policy": "no-referrer", "x-robots-tag": "noindex"}
REGISTER = "/admin/search/requests"
Reason = Literal["", "illegal", "copyright", "harm", "deception", "other"]
Admin = Annotated[
    Administrator, Impersonal("what people and sites ask to be left out; no question of anybody")
]
Form = Body(media_type=RequestEncodingType.URL_ENCODED)


class AskForm(msgspec.Struct, frozen=True, kw_only=True):
    """What the three forms send."""

    kind: Kind
    url: Annotated[str, msgspec.Meta(max_length=3000)] = ""
    is_site: str = ""
    name: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    reason: Reason = ""
    text: Annotated[str, msgspec.Meta(max_length=20_000)] = ""
    contact: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class ObjectionForm(msgspec.Struct, frozen=True, kw_only=True):
    text: Annotated[str, msgspec.Meta(max_length=20_000)] = ""


class DecisionForm(msgspec.Struct, frozen=True, kw_only=True):
    """effect: none, name or all."""

    effect: Literal["none", "name", "all"]
    statement: Annotated[str, msgspec.Meta(max_length=20_000)] = ""


@get("/search/requests")
async def ask(actor: Visitor, context: Context) -> Page:
    """The forms, and how many were asked and granted."""
    return await _forms(context)


@post("/search/requests")
async def send(
    actor: Visitor, context: Context, request: AnyRequest, data: Annotated[AskForm, Form]
) -> Page | See:
    """Takes a request and leads to its page."""
    assert context.pages is not None
    asked = {
        **msgspec.structs.asdict(data),
        "is_site": bool(data.is_site),
        "locale": context.pages.reader(request.scope).locale,
    }
    try:
        answer = await context.call("search.request_ask", asked)
    except Problem as problem:
        return await _forms(context, problem=problem, form=data)
    return See(f"/search/request/{answer['address']}")


async def _forms(context: Context, *, problem: Problem | None = None, form: AskForm | None = None) -> Page:
    return Page(
        "search/requests.html",
        status=problem.status if problem else 200,
        headers=_QUIET,
        counts=await Register(context).counts(),
        problem=problem,
        form=form or AskForm(kind="notice"),
    )


@get("/search/request/{address:str}")
async def follow(actor: Visitor, context: Context, address: str, said: str = "") -> Page:
    """A request with its decision, for who has its address. Raises NoSuchRequest."""
    register = Register(context)
    found = await register.find(address)
    return Page(
        "search/request.html",
        headers=_QUIET,
        request=found,
        url=f"/search/request/{address}",
        token=register.token(found),
        file=register.file_of(found),
        said=said,
    )


@post("/search/request/{address:str}/prove")
async def prove(actor: Visitor, context: Context, address: str) -> See:
    """Looks whether who asks controls the site. Raises NoSuchRequest."""
    try:
        await context.call("search.request_prove", {"address": address})
    except Problem as problem:
        if problem.code != "search.not_shown":
            raise
        return See(f"/search/request/{address}?said=not_shown")
    return See(f"/search/request/{address}")


@post("/search/request/{address:str}/object")
async def object_to(
    actor: Visitor, context: Context, address: str, data: Annotated[ObjectionForm, Form]
) -> See:
    """Takes an objection to a decision, once. Raises NoSuchRequest, BadInput."""
    await context.call("search.request_object", {"address": address, "text": data.text})
    return See(f"/search/request/{address}?said=objected")


@get(REGISTER)
async def register(actor: Admin, context: Context) -> Page:
    """What waits for a decision and until when, objections, and what was decided."""
    rows = Register(context)
    return Page(
        "search/register.html",
        waiting=await rows.listing(is_open=True),
        objections=await rows.objections(),
        decided=await rows.listing(is_open=False),
        now_s=context.clock.now_s(),
    )


@post(f"{REGISTER}/{{request_id:str}}")
async def decide(actor: Admin, context: Context, request_id: str, data: Annotated[DecisionForm, Form]) -> See:
    """Raises NoSuchRequest, BadInput."""
    await context.call("search.request_decide", _decision(actor, request_id, data))
    return See(REGISTER)


@post(f"{REGISTER}/{{request_id:str}}/answer")
async def answer(actor: Admin, context: Context, request_id: str, data: Annotated[DecisionForm, Form]) -> See:
    """Answers an objection. Raises NoSuchRequest, BadInput."""
    await context.call("search.request_answer", _decision(actor, request_id, data))
    return See(REGISTER)


def _decision(actor: Administrator, request_id: str, data: DecisionForm) -> dict[str, str]:
    effect = "" if data.effect == "none" else data.effect
    return {"id": request_id, "effect": effect, "statement": data.statement, "by": actor.id}


doors = [ask, send, follow, prove, object_to, register, decide, answer]
