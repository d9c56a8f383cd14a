"""The second step and the recovery codes of the person who is signed in."""

import msgspec

from synfonium.apps.identity.errors import CodeRefused, TooManyTries
from synfonium.apps.identity.http.browser import Form, service_of
from synfonium.apps.identity.http.security import HERE, ProvedPerson
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post


class ConfirmForm(msgspec.Struct, frozen=True, kw_only=True):
    sealed: str
    code: str


@get(f"{HERE}/totp")
async def show_totp(actor: ProvedPerson, context: Context) -> Page:
    enrolment = service_of(context).second.begin(actor.id, actor.name)
    return Page("identity/totp.html", enrolment=enrolment, wrong="")


@post(f"{HERE}/totp")
async def set_totp(actor: ProvedPerson, context: Context, data: Form[ConfirmForm]) -> Page | See:
    """Shows recovery codes, this once, unless the person has some."""
    second = service_of(context).second
    try:
        await second.confirm(actor.id, data.sealed, data.code)
    except (CodeRefused, TooManyTries) as refusal:
        enrolment = second.begin(actor.id, actor.name, data.sealed)
        return Page("identity/totp.html", status=refusal.status, enrolment=enrolment, wrong=refusal.title)
    if await second.codes_left(actor.id):
        return See(HERE)
    return await _codes_page(actor, context, second_is_on=True)


@post(f"{HERE}/totp/remove")
async def remove_totp(actor: ProvedPerson, context: Context) -> See:
    await service_of(context).second.remove(actor.id)
    return See(HERE)


@post(f"{HERE}/codes")
async def make_codes(actor: ProvedPerson, context: Context) -> Page:
    return await _codes_page(actor, context)


async def _codes_page(actor: ProvedPerson, context: Context, *, second_is_on: bool = False) -> Page:
    return Page(
        "identity/codes.html",
        codes=await service_of(context).second.new_codes(actor.id),
        made_s=context.clock.now_s(),
        site_host=context.site.host,
        second_is_on=second_is_on,
    )


doors = (show_totp, set_totp, remove_totp, make_codes)
