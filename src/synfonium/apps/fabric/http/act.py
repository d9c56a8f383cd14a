"""Declared actions: what can be done, and doing it, for programs and, without script, for people."""

import json
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar import Response

from synfonium.apps.fabric.contract import APP_SCOPE, Object, Offered
from synfonium.apps.fabric.errors import NoObject, WrongInput
from synfonium.apps.fabric.model import acts
from synfonium.apps.fabric.service import FabricService
from synfonium.apps.fabric.service.acting import Deed
from synfonium.common.problem import BadInput, Problem
from synfonium.kernel.actor import Person, Scope
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Described, Page, See, get, post
from synfonium.kernel.i18n import _
from synfonium.kernel.problems import wants_page, words

Acts = Annotated[Person, Scope(APP_SCOPE)]
HERE = "/fabric/actions"
LARGEST_BYTES = 256 * 1024
MOST_FIELDS = 200
JSON = "application/json"
FORM_STATUSES = (403, 404, 409, 422, 429, 502, 503, 504, 507)


class ActBody(msgspec.Struct, frozen=True, kw_only=True):
    """object: what it is done with, "" for nothing. input: as the action's schema says."""

    object: str = ""
    input: dict[str, Any] = {}


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """A form that came back: what was typed, and what is wrong with it."""

    values: Mapping[str, str] = {}
    field: str = ""
    title: str = ""
    remedy: str = ""


_EMPTY = Filled()


@get(HERE, described=Described(gives=list[Offered]))
async def list_actions(
    actor: Acts, request: AnyRequest, context: Context, on: str | None = None, q: str = "", done: str = ""
) -> Page | Response[list[Offered]]:
    """What whoever asks may do: with the object `on`, with nothing (`on=`), or at all."""
    locale, service = _locale(request, context), _service(context)
    offered = await service.acting.offered(actor, locale, on)
    if not wants_page(request.scope):
        return Response(offered, headers={"vary": "Accept, Accept-Language"})
    shown = await service.acting.described(actor, on) if on else None
    found = [one for one in offered if _is_found(one, q)]
    return Page(
        "fabric/actions.html",
        actions=found,
        query=q[:100],
        shown=shown,
        on=on or "",
        done=next((one.title for one in offered if one.name == done), ""),
    )


@get(HERE + "/{name:str}", described=Described(gives=Offered))
async def show_action(
    actor: Acts, request: AnyRequest, context: Context, name: str, on: str = ""
) -> Page | Response[Offered]:
    """One action: its schema for programs, its form for people."""
    service = _service(context)
    one = await service.acting.one(actor, name, _locale(request, context))
    if not wants_page(request.scope):
        return Response(one)
    return await _form(actor, context, one, on, _EMPTY)


@post(
    HERE + "/{name:str}",
    max_body_bytes=LARGEST_BYTES,
    described=Described(takes=ActBody, gives=dict[str, Any], headers=("Idempotency-Key",)),
)
async def act(
    actor: Acts, request: AnyRequest, context: Context, name: str
) -> Page | See | Response[dict[str, Any]]:
    """Does it. A second request with the same Idempotency-Key gets the first one's answer."""
    service = _service(context)
    key = request.headers.get("idempotency-key", "")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == JSON:
        body = _decoded(await request.body())
        deed = Deed(name=name, object=body.object, input=body.input)
        return Response(await service.acting.act(actor, deed, key=key))
    return await _by_form(actor, request, context, name)


async def _by_form(actor: Person, request: AnyRequest, context: Context, name: str) -> Page | See:
    service, locale = _service(context), _locale(request, context)
    one = await service.acting.one(actor, name, locale)
    sent = filled_form(await request.body())
    on = sent.get("_object", "")
    try:
        deed = Deed(name=name, object=on, input=acts.from_form(one.input, sent))
        answer = await service.acting.act(actor, deed)
    except Problem as refusal:
        if refusal.status not in FORM_STATUSES:
            raise
        return await _form(actor, context, one, on, refused(refusal, sent, context, locale))
    return See(_after(answer, on, name)) if one.effect != "look" else _answered(one, answer)


def _after(answer: Mapping[str, Any], on: str, name: str) -> str:
    """Where one looks at what came of it, or the list with a word that it is done."""
    page = str(answer.get("page") or "")
    asked = {"done": name, **({"on": on} if on and not page else {})}
    return page if page.startswith("/") else f"{HERE}?{urlencode(asked)}"


def _answered(one: Offered, answer: Mapping[str, Any]) -> Page:
    text = json.dumps(answer, ensure_ascii=False, indent=2)
    return Page("fabric/answer.html", action=one, answer=text, page=str(answer.get("page") or ""))


async def _form(actor: Person, context: Context, one: Offered, on: str, filled: Filled) -> Page:
    shown: Object | None = None
    if one.on and on:
        try:
            shown = await _service(context).acting.described(actor, on)
        except NoObject:
            shown = None
    return Page(
        "fabric/action.html",
        status=422 if filled.title else 200,
        action=one,
        fields=acts.fields_of(one.input, filled.values or None),
        on=on,
        shown=shown,
        filled=filled,
        things=await _service(context).acting.things(actor, one),
    )


def refused(refusal: Problem, sent: Mapping[str, str], context: Context, locale: str) -> Filled:
    assert context.pages is not None
    title, remedy = words(refusal, context.pages.catalogue(locale))
    member = refusal.member if isinstance(refusal, WrongInput) else ""
    return Filled(values=sent, field=member, title=title, remedy=remedy)


def _is_found(one: Offered, query: str) -> bool:
    return all(word in f"{one.title} {one.app_title}".lower() for word in query[:100].lower().split())


def _decoded(body: bytes) -> ActBody:
    try:
        return msgspec.json.decode(body or b"{}", type=ActBody)
    except (msgspec.MsgspecError, RecursionError):
        raise BadInput("body", _('An object with "object" and "input", as JSON.')) from None


def filled_form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise BadInput("body", _("This form cannot be read.")) from None


def _locale(request: AnyRequest, context: Context) -> str:
    assert context.pages is not None
    return context.pages.reader(request.scope).locale


def _service(context: Context) -> FabricService:
    service: FabricService = context.service
    return service


doors = (list_actions, show_action, act)
