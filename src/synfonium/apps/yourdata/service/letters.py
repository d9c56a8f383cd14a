"""Letters about a person's data, to those who have an address."""

from contextlib import suppress

from sqlalchemy import Connection

from synfonium.apps.identity.contract import Mailboxes
from synfonium.apps.yourdata.model import Erasure
from synfonium.common.ids import PersonId
from synfonium.kernel.context import Context
from synfonium.kernel.mail import Letter, MailQueueFull


async def archive_ready(context: Context, person: str, ends_s: float) -> Letter | None:
    """None for a person without an address."""
    values = {"data_url": f"{context.site.public_url}/settings/data", "ends_s": ends_s}
    return await _letter(context, person, "yourdata/mail/archive_ready", values)


async def account_closed(context: Context, erasure: Erasure) -> Letter | None:
    """Says how to keep it, and where the receipt will be. None as above."""
    base = context.site.public_url
    values = {
        "due_s": erasure.due_s,
        "signin_url": f"{base}/signin",
        "receipt_url": f"{base}/leaving/receipt/{erasure.id}",
    }
    return await _letter(context, erasure.person, "yourdata/mail/account_closed", values)


def add(context: Context, connection: Connection, letter: Letter | None) -> None:
    """Queues it. A letter is a courtesy: a queue that is full stops nothing."""
    if letter is not None:
        with suppress(MailQueueFull):
            context.mail.add(connection, letter)


async def _letter(context: Context, person: str, template: str, values: dict[str, object]) -> Letter | None:
    for mailboxes in context.offers(Mailboxes):  # type: ignore[type-abstract]
        box = await mailboxes.of(PersonId(person))
        if box is not None:
            return Letter(to=box.address, template=template, locale=box.locale, values=values, about=person)
    return None
