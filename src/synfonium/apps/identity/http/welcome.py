"""Coming in by a one-time link, and choosing there how to sign in from then on.

The secret is in the address of the first page alone, which is how a link works; pages
send no referrer, and no address is logged.
"""

from typing import Any

import msgspec
from litestar import Response

from synfonium.apps.identity.errors import CodeRefused, NameTaken, TooManyTries
from synfonium.apps.identity.http.browser import (
    Form,
    Next,
    browser_of,
    entered,
    entered_by_script,
    refuse_other_sites,
    service_of,
)
from synfonium.apps.identity.service.passkeys import Ceremony
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, See, get, post


class WelcomeForm(msgspec.Struct, frozen=True, kw_only=True):
    link: str
    name: str = ""
    display: str = ""
    password: str = ""
    code: str = ""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    link: str
    name: str = ""
    display: str = ""


class WelcomeCeremony(msgspec.Struct, frozen=True, kw_only=True):
    ceremony: Ceremony
    arrival: str


class NewPasskeyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    link: str
    arrival: str
    sealed: str
    credential: dict[str, Any]
    code: str = ""


@get("/welcome/{link:str}")
async def show_welcome(actor: Visitor, context: Context, link: str) -> Page:
    return await _page(context, WelcomeForm(link=link))


@post("/welcome")
async def enter(actor: Visitor, request: AnyRequest, context: Context, data: Form[WelcomeForm]) -> See | Page:
    refuse_other_sites(request, context)
    browser = browser_of(request, context)
    try:
        new = await service_of(context).welcome.enter_by_password(
            data.link, data.name, data.display, data.password, data.code, browser
        )
    except BadInput as refusal:
        return await _page(context, data, str(refusal.values["field"]), str(refusal.values["reason"]), 422)
    except NameTaken as refusal:
        return await _page(context, data, "name", refusal.title, refusal.status)
    except (CodeRefused, TooManyTries) as refusal:
        return await _page(context, data, "code", refusal.title, refusal.status)
    return entered(context, new, "/")


@post("/api/identity/welcome/challenge")
async def challenge(actor: Visitor, context: Context, data: Wish) -> WelcomeCeremony:
    ceremony, arrival = await service_of(context).welcome.ask_for_passkey(data.link, data.name, data.display)
    return WelcomeCeremony(ceremony=ceremony, arrival=arrival)


@post("/api/identity/welcome/passkey")
async def enter_by_passkey(
    actor: Visitor, request: AnyRequest, context: Context, data: NewPasskeyAnswer
) -> Response[Next]:
    refuse_other_sites(request, context)
    new = await service_of(context).welcome.enter_by_passkey(
        data.link, data.arrival, data.credential, data.sealed, data.code, browser_of(request, context)
    )
    return entered_by_script(context, new, "/")


async def _page(
    context: Context, form: WelcomeForm, field: str = "", reason: str = "", status: int = 200
) -> Page:
    welcome = service_of(context).welcome
    account = await welcome.look(form.link)
    return Page(
        "identity/welcome.html",
        status=status,
        link=form.link,
        account=account,
        asks_code=await welcome.asks_code(form.link),
        is_return=await welcome.is_return(form.link),
        name=account.name if account else form.name[:40],
        called=form.display[:80] or (account.display if account else ""),
        wrong={field: reason} if field else {},
    )


doors = (show_welcome, enter, challenge, enter_by_passkey)
