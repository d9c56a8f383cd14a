"""Looking at a person's data by a pass; the person's own page of who did; letters one click stops."""

from typing import Annotated

import msgspec

from synfonium.apps.identity.errors import PassNeeded
from synfonium.apps.identity.http.browser import Form, service_of
from synfonium.apps.identity.model.passes import MOST_HOURS
from synfonium.apps.identity.service.passes import ACTS, ROWS_SHOWN
from synfonium.common.ids import PersonId
from synfonium.kernel.actor import Administrator, Person, Proved
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post
from synfonium.kernel.i18n import _

BASE = "/admin/people/{person_id:str}/data"
PRIVACY = "/settings/privacy"
HOURS = (1, 4, 8, MOST_HOURS)
ProvedAdministrator = Annotated[Administrator, Proved()]


class PassForm(msgspec.Struct, frozen=True):
    """Why, and for how many hours."""

    reason: str
    hours: int = 1


class TopicForm(msgspec.Struct, frozen=True):
    """topic: one that can be stopped. wanted: empty for no more."""

    topic: str
    wanted: str = ""


@get(BASE, summary=_("A person’s data"))
async def show_data(actor: Administrator, context: Context, person_id: str) -> Page:
    """What a pass shows; without one, the form that asks for it, and nothing else."""
    passes = service_of(context).passes
    person = PersonId(person_id)
    try:
        seen = await passes.look(actor.id, person)
    except PassNeeded:
        seen = None
    return Page(
        "identity/data.html",
        seen=seen,
        about=person,
        called=await passes.name_of(person),
        is_self=person == actor.id,
        hours=HOURS,
        now_s=context.clock.now_s(),
    )


@post(BASE)
async def ask_for_data(
    actor: ProvedAdministrator, context: Context, person_id: str, data: Form[PassForm]
) -> See:
    await service_of(context).passes.ask(actor.id, PersonId(person_id), data.reason, data.hours)
    return See(f"/admin/people/{person_id}/data")


@post(f"{BASE}/end")
async def end_data(actor: Administrator, context: Context, person_id: str) -> See:
    await service_of(context).passes.end(actor.id, PersonId(person_id))
    return See("/admin/people")


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
        acts=ACTS,
        topics=await service.letters.topics_of(actor.id),
        saved=saved,
        now_s=context.clock.now_s(),
    )


@post(f"{PRIVACY}/letters")
async def choose_letters(actor: Person, context: Context, data: Form[TopicForm]) -> See:
    await service_of(context).letters.choose(actor.id, data.topic, is_wanted=bool(data.wanted))
    return See(f"{PRIVACY}?saved=true#letters")


doors = (show_data, ask_for_data, end_data, show_privacy, choose_letters)
