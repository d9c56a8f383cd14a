"""A person's e-mail address: asked for in the settings, confirmed from the letter."""

from urllib.parse import urlencode

import msgspec

from synfonium.apps.identity.errors import TooManyTries
from synfonium.apps.identity.http.browser import Form, service_of
from synfonium.apps.identity.http.security import HERE, ProvedPerson
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Person, Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post


class AddressForm(msgspec.Struct, frozen=True):
    address: str


class LinkForm(msgspec.Struct, frozen=True):
    link: str


@get(f"{HERE}/email")
async def show_address(actor: ProvedPerson, context: Context, asked: str = "") -> Page:
    return await _page(actor, context, is_asked=bool(asked))


@post(f"{HERE}/email")
async def ask_for_address(actor: ProvedPerson, context: Context, data: Form[AddressForm]) -> Page | See:
    """The same answer whether or not the address is somebody's: the letter knows."""
    try:
        await service_of(context).addresses.ask(actor.id, data.address)
    except BadInput as refusal:
        reason = str(refusal.values["reason"])
        return await _page(actor, context, typed=data.address, wrong=reason, status=422)
    except TooManyTries as refusal:
        return await _page(actor, context, typed=data.address, wrong=refusal.title, status=refusal.status)
    return See(f"{HERE}/email?{urlencode({'asked': 'yes'})}")


@post(f"{HERE}/email/remove")
async def remove_address(actor: ProvedPerson, context: Context) -> See:
    await service_of(context).addresses.remove(actor.id)
    return See(HERE)


@get("/email/{link:str}")
async def show_link(actor: Person | Visitor, context: Context, link: str) -> Page:
    """Only a look: programs that read mail open links by themselves."""
    name, address = await service_of(context).addresses.look(link)
    return Page("identity/address_link.html", link=link, name=name, address=address, is_done=False)


@post("/email")
async def confirm_address(actor: Person | Visitor, context: Context, data: Form[LinkForm]) -> Page:
    addresses = service_of(context).addresses
    name, address = await addresses.look(data.link)
    await addresses.confirm(data.link)
    return Page("identity/address_link.html", link="", name=name, address=address, is_done=True)


async def _page(
    actor: Person,
    context: Context,
    *,
    typed: str = "",
    wrong: str = "",
    is_asked: bool = False,
    status: int = 200,
) -> Page:
    return Page(
        "identity/address.html",
        status=status,
        address=await service_of(context).addresses.of(actor.id),
        typed=typed[:254],
        wrong=wrong,
        is_asked=is_asked,
    )


doors = (show_address, ask_for_address, remove_address, show_link, confirm_address)
