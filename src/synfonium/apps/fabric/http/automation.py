"""Rules: when something happens, then an action is done. A sentence with choices; no script."""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from synfonium.apps.fabric.contract import Apps, Offered, in_language
from synfonium.apps.fabric.errors import NoAction, NoObject, WrongInput
from synfonium.apps.fabric.http.act import filled_form, refused
from synfonium.apps.fabric.http.service import service_of
from synfonium.apps.fabric.http.words import Form, needs_session
from synfonium.apps.fabric.model import acts
from synfonium.apps.fabric.model.automation import NAMES, SUBJECT, Rule
from synfonium.common.ids import PersonId
from synfonium.common.problem import BadInput, Problem
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, See, get, post
from synfonium.kernel.i18n import _

HERE = "/fabric/rules"
MOST_BYTES = 64 * 1024


class Tried(msgspec.Struct, frozen=True):
    object: Annotated[str, msgspec.Meta(max_length=200)] = ""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as its person reads it."""

    rule: Rule
    when: str
    then: str
    within: str


@get(HERE)
async def list_rules(actor: Person, request: AnyRequest, context: Context, done: str = "") -> Page:
    needs_session(actor)
    rules = await service_of(context).automation.of_person(actor.id)
    shown = [await _shown(actor, request, context, rule) for rule in rules]
    return Page("fabric/rules.html", rules=shown, done=done)


@get(HERE + "/new")
async def new(
    actor: Person, request: AnyRequest, context: Context, event: str = "", action: str = ""
) -> Page:
    """First what happens and what is to be done then, after that what it takes."""
    needs_session(actor)
    return await _new(actor, request, context, event, action, {}, None)


@post(HERE, max_body_bytes=MOST_BYTES)
async def make(actor: Person, request: AnyRequest, context: Context) -> Page | See:
    needs_session(actor)
    sent = filled_form(await request.body())
    event, action = sent.get("_event", ""), sent.get("_action", "")
    try:
        one = await service_of(context).acting.one(actor, action, _locale(request, context))
        made = await service_of(context).automation.make(actor, _rule(actor.id, one, sent))
    except (BadInput, WrongInput, NoObject, NoAction) as refusal:
        return await _new(actor, request, context, event, action, sent, refusal)
    return See(f"{HERE}/{made.id}?done=made")


@get(HERE + "/{rule_id:str}")
async def show(
    actor: Person,
    request: AnyRequest,
    context: Context,
    rule_id: str,
    done: Literal["", "made", "fits", "other", "no"] = "",
) -> Page:
    """One rule, and what it did the last 20 times."""
    needs_session(actor)
    automation = service_of(context).automation
    rule = await automation.one(actor.id, rule_id)
    return Page(
        "fabric/rule.html",
        shown=await _shown(actor, request, context, rule),
        runs=await automation.history(actor.id, rule_id),
        done=done,
    )


@post(HERE + "/{rule_id:str}/try")
async def rehearse(
    actor: Person, request: AnyRequest, context: Context, rule_id: str, data: Form[Tried]
) -> Page:
    """Whether it would be done with a thing; nothing is done."""
    needs_session(actor)
    automation = service_of(context).automation
    rule = await automation.one(actor.id, rule_id)
    filled, fits = None, False
    try:
        fits = await automation.rehearse(actor, rule_id, data.object)
    except Problem as refusal:
        filled = refused(refusal, {}, context, _locale(request, context))
    return Page(
        "fabric/rule.html",
        shown=await _shown(actor, request, context, rule),
        runs=await automation.history(actor.id, rule_id),
        done="no" if filled else "fits" if fits else "other",
        filled=filled,
    )


@post(HERE + "/{rule_id:str}/pause")
async def pause(actor: Person, context: Context, rule_id: str) -> See:
    needs_session(actor)
    await service_of(context).automation.pause(actor.id, rule_id, enabled=False)
    return See(f"{HERE}/{rule_id}")


@post(HERE + "/{rule_id:str}/resume")
async def resume(actor: Person, context: Context, rule_id: str) -> See:
    needs_session(actor)
    await service_of(context).automation.pause(actor.id, rule_id, enabled=True)
    return See(f"{HERE}/{rule_id}")


@post(HERE + "/{rule_id:str}/remove")
async def remove(actor: Person, context: Context, rule_id: str) -> See:
    needs_session(actor)
    await service_of(context).automation.remove(actor.id, rule_id)
    return See(f"{HERE}?done=removed")


async def _new(
    actor: Person,
    request: AnyRequest,
    context: Context,
    event: str,
    action: str,
    sent: Mapping[str, str],
    refusal: Problem | None,
) -> Page:
    locale, acting = _locale(request, context), service_of(context).acting
    offered = [one for one in await acting.offered(actor, locale) if one.effect != "look"]
    chosen = next((one for one in offered if one.name == action), None)
    events = await _events(actor, request, context)
    return Page(
        "fabric/rule_new.html",
        status=422 if refusal else 200,
        events=events,
        actions=[(one.name, f"{one.title} ({one.app_title})") for one in offered],
        event=event if event in dict(events) else "",
        when=dict(events).get(event, ""),
        action=chosen,
        fields=acts.fields_of(chosen.input, dict(sent) or None) if chosen else [],
        things=await acting.things(actor, chosen) if chosen else (),
        sent=sent,
        filled=refused(refusal, sent, context, locale) if refusal else None,
        names=NAMES,
        subject=SUBJECT,
    )


def _rule(person: PersonId, one: Offered, sent: Mapping[str, str]) -> Rule:
    """Raises BadInput."""

    def text(name: str, longest: int) -> str:
        found = sent.get(name, "").strip()
        if len(found) > longest or not found.isprintable():
            raise BadInput(name.strip("_"), _("This is too long, or holds what cannot be shown."))
        return found

    return Rule(
        id="",
        person=person,
        name=text("_name", 100) or one.title[:100],
        event=text("_event", 100),
        object=text("_within", 200),
        media_type=text("_media_type", 100),
        title=text("_title", 200),
        action=one.name,
        target=text("_target", 200) if one.on else "",
        input=acts.from_form(one.input, sent),
    )


async def _events(actor: Person, request: AnyRequest, context: Context) -> list[tuple[str, str]]:
    locale = _locale(request, context)
    apps = await context.offer(Apps).all(actor.id)  # type: ignore[type-abstract]
    return [
        (one.type, f"{in_language(one.title, locale)} ({in_language(app.manifest.name, locale)})")
        for app in apps
        if not app.is_outside
        for one in app.manifest.synfonium.emits
    ]


async def _shown(actor: Person, request: AnyRequest, context: Context, rule: Rule) -> Shown:
    acting, locale = service_of(context).acting, _locale(request, context)
    try:
        then = (await acting.one(actor, rule.action, locale)).title
    except NoAction:
        then = rule.action
    try:
        within = (await acting.described(actor, rule.object)).title if rule.object else ""
    except NoObject:
        within = rule.object
    when = dict(await _events(actor, request, context)).get(rule.event, rule.event)
    return Shown(rule=rule, when=when, then=then, within=within)


def _locale(request: AnyRequest, context: Context) -> str:
    assert context.pages is not None
    return context.pages.reader(request.scope).locale


doors = (list_rules, new, make, show, rehearse, pause, resume, remove)
