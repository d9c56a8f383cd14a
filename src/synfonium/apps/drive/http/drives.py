"""Whole drives, for administrators: locking one by its key, and handing one over."""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.drive.errors import NoSuchSpace
from synfonium.apps.drive.http.service import service_of
from synfonium.apps.identity.contract import People, PersonView
from synfonium.common.ids import PersonId
from synfonium.kernel.actor import Administrator, Impersonal, NeedsPass, Proved
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, needs_pass, post

SHOWN = Impersonal("names of whose drives are locked or handed over")
Admin = Annotated[Administrator, SHOWN]
ProvedAdmin = Annotated[Administrator, SHOWN, Proved()]
Giver = Annotated[Administrator, NeedsPass("drive.hand_over", person=""), Proved()]
Done = Literal["", "locked", "unlocked", "handed"]


class LockForm(msgspec.Struct, frozen=True, kw_only=True):
    """name: a person, or the id of a group folder."""

    name: str
    act: Literal["lock", "unlock"]


class HandOverForm(msgspec.Struct, frozen=True, kw_only=True):
    person: str
    name: str


LockData = Annotated[LockForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
HandOverData = Annotated[HandOverForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/admin/drives")
async def show(actor: Admin, context: Context, done: Done = "") -> Page:
    """By which keys drives are opened, which are locked, and which are handed over."""
    service = service_of(context)
    owners = await service.locking.locked_ones()
    handed = await service.handing_over.latest()
    ids = [*owners, *(one.person for one in handed), *(one.to for one in handed)]
    return Page(
        "drive/drives.html",
        keys=await service.locking.state(),
        locked=owners,
        handed=handed,
        called=await _called(context, ids),
        done=done,
    )


async def _called(context: Context, ids: Sequence[PersonId]) -> dict[str, PersonView]:
    people = context.offer(People)  # type: ignore[type-abstract]
    found = [await people.by_id(id_) for id_ in dict.fromkeys(ids)]
    return {one.id: one for one in found if one}


async def _person(context: Context, name: str) -> PersonView | None:
    return await context.offer(People).by_name(name.strip())  # type: ignore[type-abstract]


@post("/admin/drives/lock")
async def lock(actor: ProvedAdmin, context: Context, data: LockData) -> See:
    """Makes a space unreadable at once, or readable again."""
    found = await _person(context, data.name)
    owner = found.id if found else PersonId(data.name.strip())
    await service_of(context).locking.lock(owner, is_locked=data.act == "lock", by=actor.id)
    return See(f"/admin/drives?done={data.act}ed")


@post("/admin/drives/hand-over")
async def hand_over(actor: Giver, context: Context, data: HandOverData) -> See:
    """All that a person owns becomes another's; with a pass for that person."""
    found = await _person(context, data.person)
    if found is None:
        raise NoSuchSpace
    await needs_pass(context, actor, found.id, "drive.hand_over")
    await service_of(context).handing_over.begin_for(actor, found, data.name)
    return See("/admin/drives?done=handed")


doors = (show, lock, hand_over)
