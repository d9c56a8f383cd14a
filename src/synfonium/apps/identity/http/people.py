"""The people of the installation, for its administrators."""

from typing import Annotated

import msgspec

from synfonium.apps.identity.http.browser import Form, in_the_form, service_of
from synfonium.apps.identity.model.people import Account
from synfonium.common.ids import PersonId
from synfonium.common.problem import Problem
from synfonium.kernel.actor import Administrator, Impersonal, NeedsPass, Proved
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post
from synfonium.kernel.i18n import _

HERE = "/admin/people"
SHOWN = 100
ENTRIES = Impersonal("entries of the directory: names, roles, organisations, state, passkey or none")
Admin = Annotated[Administrator, ENTRIES]
ProvedAdmin = Annotated[Administrator, ENTRIES, Proved()]
# Whoever has a sign-in link comes in as that person, and sees all that is theirs.
LinkMaker = Annotated[Administrator, NeedsPass("identity.link.make", person=""), Proved()]


class AddForm(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    display: str = ""
    is_administrator: str = ""


class RightForm(msgspec.Struct, frozen=True):
    is_administrator: bool


@get(HERE, summary=_("People"))
async def show_people(
    actor: Admin, context: Context, q: str = "", organisation: str = "", after: str = ""
) -> Page:
    return await _page(context, q[:80], organisation[:40], after)


async def _page(
    context: Context,
    q: str = "",
    organisation: str = "",
    after: str = "",
    link: str = "",
    called: str = "",
    refused: Problem | None = None,
    typed: AddForm | None = None,
) -> Page:
    directory = service_of(context).people
    found, with_passkey = await directory.all(after, find=q, organisation=organisation, limit=SHOWN + 1)
    people = found[:SHOWN]
    organisations, _members = await service_of(context).organisations.all()
    return Page(
        "identity/people.html",
        status=refused.status if refused else 200,
        refused=refused,
        typed=typed or AddForm(name=""),
        people=people,
        more=people[-1].name if len(found) > SHOWN else "",
        joined=await directory.organisations_of([one.id for one in people]),
        organisations=organisations,
        q=q,
        organisation=organisation,
        with_passkey=with_passkey,
        after=after,
        link=link,
        called=called,
        link_hours=context.config.link_hours,
    )


@post(HERE)
async def add_person(actor: ProvedAdmin, context: Context, data: Form[AddForm]) -> Page:
    """Shows the one-time link to hand over, this once."""
    service = service_of(context)
    try:
        account: Account = await service.people.add(
            data.name.strip().lower(),
            data.display,
            is_administrator=bool(data.is_administrator),
            by=actor.id,
        )
    except Problem as refusal:
        return await _page(context, refused=in_the_form(refusal), typed=data)
    link = await service.welcome.link_for(account.id, by=actor.id)
    return await _page(context, link=link, called=account.display)


@post(f"{HERE}/{{person_id:str}}/link")
async def make_link(actor: LinkMaker, context: Context, person_id: str) -> Page:
    link = await service_of(context).welcome.link_for(PersonId(person_id), by=actor.id)
    return await _page(context, link=link)


@post(f"{HERE}/{{person_id:str}}/suspend")
async def suspend(actor: Admin, context: Context, person_id: str) -> See:
    await service_of(context).people.suspend(PersonId(person_id), by=actor.id)
    return See(HERE)


@post(f"{HERE}/{{person_id:str}}/resume")
async def resume(actor: Admin, context: Context, person_id: str) -> See:
    await service_of(context).people.resume(PersonId(person_id), by=actor.id)
    return See(HERE)


@post(f"{HERE}/{{person_id:str}}/administrator")
async def set_administrator(
    actor: ProvedAdmin, context: Context, person_id: str, data: Form[RightForm]
) -> See:
    people = service_of(context).people
    await people.set_administrator(PersonId(person_id), data.is_administrator, by=actor.id)
    return See(HERE)


doors = (show_people, add_person, make_link, suspend, resume, set_administrator)
