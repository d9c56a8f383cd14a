"""Trusted people of the person who is signed in, and those who trust them."""

import msgspec

from synfonium.apps.identity.errors import CodeRefused, PersonUnknown, TooManyTries
from synfonium.apps.identity.http.browser import Form, needs_session, service_of
from synfonium.apps.identity.http.security import ProvedPerson
from synfonium.apps.identity.model.trust import MOST_TRUSTED
from synfonium.common.ids import PersonId
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post

HERE = "/settings/trusted"


class NameForm(msgspec.Struct, frozen=True):
    name: str


class CodeForm(msgspec.Struct, frozen=True):
    code: str


@get(HERE)
async def show_trusted(actor: Person, context: Context, confirmed: str = "") -> Page:
    return await _page(actor, context, is_confirmed=bool(confirmed))


@post(HERE)
async def name_trusted(actor: ProvedPerson, context: Context, data: Form[NameForm]) -> Page | See:
    name = data.name.strip().lower()
    try:
        await service_of(context).trust.name(actor.id, name)
    except BadInput as refusal:
        wrong = {"name": str(refusal.values["reason"])}
        return await _page(actor, context, wrong=wrong, name=name, status=refusal.status)
    except PersonUnknown as refusal:
        return await _page(actor, context, wrong={"name": refusal.title}, name=name, status=422)
    return See(HERE)


@post(f"{HERE}/{{person_id:str}}/accept")
async def accept(actor: Person, context: Context, person_id: str) -> See:
    needs_session(actor)
    await service_of(context).trust.accept(actor.id, PersonId(person_id))
    return See(HERE)


@post(f"{HERE}/{{person_id:str}}/remove")
async def remove_trusted(actor: ProvedPerson, context: Context, person_id: str) -> See:
    await service_of(context).trust.remove(actor.id, PersonId(person_id), by=actor.id)
    return See(HERE)


@post(f"{HERE}/{{person_id:str}}/decline")
async def decline(actor: Person, context: Context, person_id: str) -> See:
    needs_session(actor)
    await service_of(context).trust.remove(PersonId(person_id), actor.id, by=actor.id)
    return See(HERE)


@post(f"{HERE}/rescues/{{rescue_id:str}}")
async def confirm(actor: ProvedPerson, context: Context, rescue_id: str, data: Form[CodeForm]) -> Page | See:
    try:
        await service_of(context).trust.confirm(actor.id, rescue_id, data.code)
    except (CodeRefused, TooManyTries) as refusal:
        return await _page(actor, context, wrong={rescue_id: refusal.title}, status=refusal.status)
    return See(f"{HERE}?confirmed=yes")


@post(f"{HERE}/stop")
async def stop(actor: Person, context: Context) -> See:
    needs_session(actor)
    await service_of(context).trust.stop_all(actor.id)
    return See(HERE)


async def _page(
    actor: Person,
    context: Context,
    *,
    wrong: dict[str, str] | None = None,
    name: str = "",
    status: int = 200,
    is_confirmed: bool = False,
) -> Page:
    trust = service_of(context).trust
    mine, trusting = await trust.of(actor.id)
    return Page(
        "identity/trusted.html",
        status=status,
        mine=mine,
        trusting=trusting,
        under_way=await trust.under_way(actor.id),
        most=MOST_TRUSTED,
        hours=context.config.trusted_wait_hours,
        wrong=wrong or {},
        name=name[:40],
        confirmed=is_confirmed,
    )


doors = (show_trusted, name_trusted, accept, remove_trusted, decline, confirm, stop)
