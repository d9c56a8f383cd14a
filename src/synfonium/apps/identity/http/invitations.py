"""Invitations to the installation alone, made by its administrators."""

from typing import Annotated

import msgspec

from synfonium.apps.identity.http.browser import Form, locale_of, service_of
from synfonium.apps.identity.http.organisations import ProvedAdmin
from synfonium.apps.identity.service.invitations import Wish
from synfonium.kernel.actor import Administrator, Impersonal
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, See, get, post

HERE = "/admin/people/invitations"
Admin = Annotated[Administrator, Impersonal("addresses that administrators wrote, and names of who came")]


class GuestForm(msgspec.Struct, frozen=True, kw_only=True):
    email: str = ""
    uses: int = 1
    days: int = 7


@get(HERE)
async def show_guests(actor: Admin, context: Context) -> Page:
    return await _page(context)


async def _page(context: Context, link: str = "", sent: str = "") -> Page:
    found, came = await service_of(context).invitations.all(None)
    return Page(
        "identity/invitations.html",
        invitations=found,
        came=came,
        now_s=context.clock.now_s(),
        link=link,
        sent=sent,
    )


@post(HERE)
async def add_guest(actor: ProvedAdmin, request: AnyRequest, context: Context, data: Form[GuestForm]) -> Page:
    """Shows the link this once; a letter carries it too when there is an address."""
    wish = Wish(email=data.email.strip(), uses=data.uses, days=data.days, locale=locale_of(request, context))
    link = await service_of(context).invitations.make(None, wish, by=actor.id)
    return await _page(context, link, wish.email)


@post(f"{HERE}/{{invitation_id:str}}/revoke")
async def revoke_guest(actor: Admin, context: Context, invitation_id: str) -> See:
    await service_of(context).invitations.revoke(None, invitation_id, by=actor.id)
    return See(HERE)


doors = (show_guests, add_guest, revoke_guest)
