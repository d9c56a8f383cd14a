"""Looking at a person's data by a pass; the person's own page of who did; letters one click stops."""

from typing import Annotated

import msgspec

from synfonium.apps.identity.http.browser import Form, service_of
from synfonium.apps.identity.model.passes import MOST_HOURS
from synfonium.apps.identity.model.people import local_path
from synfonium.apps.identity.service.passes import ROWS_SHOWN, acts
from synfonium.common.ids import PersonId
from synfonium.kernel.actor import (
    Administrator,
    DelegatedAdministrator,
    Impersonal,
    NeedsPass,
    Person,
    Proved,
)
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post
from synfonium.kernel.i18n import _

DATA = "/admin/people/{person_id:str}/data"
PASS = "/pass/{person_id:str}"
PRIVACY = "/settings/privacy"
HOURS = (1, 4, 8, MOST_HOURS)
NAME = Impersonal("the name of whom the pass is asked for")
Asking = Annotated[DelegatedAdministrator, NAME]
ProvedAsking = Annotated[DelegatedAdministrator, NAME, Proved()]


class PassForm(msgspec.Struct, frozen=True):
    """Why, for how many hours, and where to go on."""

    reason: str
    hours: int = 1
    next: str = ""


class TopicForm(msgspec.Struct, frozen=True):
    """topic: one that can be stopped. wanted: empty for no more."""

    topic: str
    wanted: str = ""


@get(DATA, summary=_("A person’s data"))
async def show_data(
    actor: Annotated[Administrator, NeedsPass("identity.pass.look")], context: Context, person_id: str
) -> Page:
    """What a pass shows."""
    seen = await service_of(context).passes.look(actor.id, PersonId(person_id))
    return Page("identity/data.html", seen=seen, now_s=context.clock.now_s())


@get(PASS, summary=_("A pass"))
async def show_pass(actor: Asking, context: Context, person_id: str, next: str = "") -> Page:
    """The form that asks for a pass, and nothing of the person but the name."""
    person = PersonId(person_id)
    asked = await service_of(context).passes.about(actor, person)
    return Page(
        "identity/pass.html",
        asked=asked,
        about=person,
        is_self=person == actor.id,
        hours=HOURS,
        next=_after(person, next),
    )


@post(PASS)
async def ask_for_pass(actor: ProvedAsking, context: Context, person_id: str, data: Form[PassForm]) -> See:
    person, passes = PersonId(person_id), service_of(context).passes
    asked = await passes.about(actor, person)
    await passes.ask(actor.id, person, data.reason, data.hours, asked.organisation)
    return See(_after(person, data.next))


@post(f"{PASS}/end")
async def end_pass(actor: Asking, context: Context, person_id: str) -> See:
    await service_of(context).passes.end(actor.id, PersonId(person_id))
    return See("/admin/people")


def _after(person: PersonId, next: str) -> str:
    return local_path(next, DATA.replace("{person_id:str}", person))


@get(PRIVACY, summary=_("Who looked"))
async def show_privacy(
    actor: Person, context: Context, act: str = "", before: float = 0.0, saved: bool = False
) -> Page:
    """What others did with what is mine, and which letters I want."""
    service = service_of(context)
    looked = await service.passes.looked(actor.id, act=act, before_s=before or None)
    return Page(
        "identity/privacy.html",
        looked=looked,
        older=looked[-1].time_s if len(looked) >= ROWS_SHOWN else 0.0,
        act=act,
        acts=acts(),
        topics=await service.letters.topics_of(actor.id),
        saved=saved,
        now_s=context.clock.now_s(),
    )


@post(f"{PRIVACY}/letters")
async def choose_letters(actor: Person, context: Context, data: Form[TopicForm]) -> See:
    await service_of(context).letters.choose(actor.id, data.topic, is_wanted=bool(data.wanted))
    return See(f"{PRIVACY}?saved=true#letters")


doors = (show_data, show_pass, ask_for_pass, end_pass, show_privacy, choose_letters)
