"""Where a person types the code that a device shows (RFC 8628, section 3.3)."""

from typing import Annotated

import msgspec
from litestar.params import QueryParameter

from synfonium.apps.identity.errors import CodeUnknown
from synfonium.apps.identity.http.asking import asking
from synfonium.apps.identity.http.browser import Form, needs_session, service_of
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post

HERE = "/device"


class CodeForm(msgspec.Struct, frozen=True, kw_only=True):
    user_code: str


class DecisionForm(msgspec.Struct, frozen=True, kw_only=True):
    user_code: str
    decision: str


@get(HERE)
async def show(actor: Person, code: Annotated[str, QueryParameter(name="user_code")] = "") -> Page:
    """A link may fill the code in; the person compares it and sends it all the same (5.4)."""
    return Page("identity/device.html", code=code[:20], wrong=None)


@post(HERE)
async def ask(actor: Person, context: Context, data: Form[CodeForm]) -> Page | See:
    needs_session(actor)
    try:
        asked = await service_of(context).oauth.devices.ask(data.user_code, actor)
    except CodeUnknown as refusal:
        wrong = {"title": refusal.title, "remedy": refusal.remedy}
        return Page("identity/device.html", status=refusal.status, code=data.user_code[:20], wrong=wrong)
    return asking(asked, f"{HERE}/decide")


@post(f"{HERE}/decide")
async def decide(actor: Person, context: Context, data: Form[DecisionForm]) -> Page:
    needs_session(actor)
    allow = data.decision == "allow"
    await service_of(context).oauth.devices.decide(data.user_code, actor, allow=allow)
    return Page("identity/device_done.html", allowed=allow)


doors = (show, ask, decide)
