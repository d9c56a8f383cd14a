"""Letters about requests: a receipt, the decision with its reasons, and what became of an objection.

Nothing that a stranger wrote goes into a letter: the address may be somebody else's.
"""

from collections.abc import Mapping
from contextlib import suppress

from sqlalchemy import Connection

from synfonium.apps.search.service.duties.control import Control
from synfonium.apps.search.store.duties import RequestRow
from synfonium.kernel.context import Context
from synfonium.kernel.mail import Letter, MailQueueFull


class DutyLetters:
    """Makes and queues them; a queue that is full stops no decision."""

    def __init__(self, context: Context, control: Control) -> None:
        self._context, self._control = context, control

    def received(self, connection: Connection, request: RequestRow) -> None:
        values = {"made_s": request.made_s, "days": days_of(request.kind)}
        self._add(connection, request, "request_received", values)

    def decided(self, connection: Connection, request: RequestRow) -> None:
        values = {"made_s": request.made_s, "effect": request.effect, "statement": request.statement}
        self._add(connection, request, "request_decided", values)

    def answered(self, connection: Connection, request: RequestRow) -> None:
        values = {"effect": request.effect, "statement": request.answer}
        self._add(connection, request, "request_answered", values)

    def _add(
        self, connection: Connection, request: RequestRow, name: str, values: Mapping[str, object]
    ) -> None:
        if not request.contact:
            return
        url = f"{self._context.site.public_url}/search/request/{self._control.address(request.id)}"
        letter = Letter(
            to=request.contact,
            template=f"search/mail/{name}",
            locale=request.locale,
            values={**values, "kind": request.kind, "request_url": url},
        )
        with suppress(MailQueueFull):
            self._context.mail.add(connection, letter)


def days_of(kind: str) -> int:
    """Within how many days it is to be decided: a month for a person (Regulation (EU) 2016/679, article
    12, 3), a week for what is illegal."""
    return 30 if kind == "delisting" else 7
