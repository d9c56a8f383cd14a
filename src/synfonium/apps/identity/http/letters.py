"""How the mail is, for administrators; and the one click that stops a notice (RFC 8058)."""

from typing import Annotated

import msgspec

from synfonium.apps.identity.http.browser import Form, locale_of, service_of
from synfonium.common.ids import PersonId
from synfonium.kernel.actor import Administrator, Impersonal, Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, See, get, post
from synfonium.kernel.i18n import _
from synfonium.kernel.mail.topics import TOPICS

HERE = "/admin/mail"
STOP = "/mail/stop/{token:str}"
Admin = Annotated[Administrator, Impersonal("how many letters wait or failed, and why; not to whom")]


class TestForm(msgspec.Struct, frozen=True):
    """Where the test letter goes."""

    to: str


@get(HERE, summary=_("Mail"))
async def show_mail(actor: Admin, context: Context, sent: bool = False) -> Page:
    letters = service_of(context).letters
    return Page(
        "identity/letters.html",
        state=await letters.state(),
        troubled=await letters.troubled(),
        sent=sent,
        address=await service_of(context).addresses.of(actor.id),
        now_s=context.clock.now_s(),
    )


@post(f"{HERE}/test")
async def send_test(actor: Admin, request: AnyRequest, context: Context, data: Form[TestForm]) -> See:
    await service_of(context).letters.send_test(actor.id, data.to, locale_of(request, context))
    return See(f"{HERE}?sent=true")


@get(STOP)
async def show_stop(actor: Visitor, context: Context, token: str) -> Page:
    """Asks; programs that open every link of a letter stop nothing."""
    stop = service_of(context).letters.read_stop(token)
    return Page("identity/letters_stop.html", token=token, topic=TOPICS.get(stop.topic, ""), is_done=False)


@post(STOP)
async def stop_letters(actor: Visitor, context: Context, token: str) -> Page:
    """One click, by the mail program or by the person; again, it changes nothing."""
    letters = service_of(context).letters
    stop = letters.read_stop(token)
    await letters.choose(PersonId(stop.person_id), stop.topic, is_wanted=False)
    return Page("identity/letters_stop.html", token=token, topic=TOPICS.get(stop.topic, ""), is_done=True)


doors = (show_mail, send_test, show_stop, stop_letters)
