"""Letters of notice and action (Regulation (EU) 2022/2065): a receipt to who reports (article 16, 4), the
decision with its reasons and how to object to it (16, 5 and 17), and what became of an objection (20).

Nothing that a stranger wrote goes into a letter: the address may be somebody else's."""

import base64
import hmac
from collections.abc import Sequence
from contextlib import suppress

from blake3 import blake3
from sqlalchemy import Connection

from synfonium.apps.drive.store.reports import Report
from synfonium.apps.identity.contract import Mailboxes
from synfonium.kernel.context import Context
from synfonium.kernel.mail import Letter, MailQueueFull

MAC_BYTES = 16
ID_CHARACTERS = 26
LARGEST_TOKEN = 64


class ReportLetters:
    """Makes them, and the addresses in them at which one objects."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._key = context.secrets.derive("drive/objections")

    def path(self, report: Report) -> str:
        """Where who did not get their way objects; without an account."""
        mac = base64.urlsafe_b64encode(self._mac(report.id)).decode().rstrip("=")
        return f"/drive/objection/{report.id}{mac}"

    def report_of(self, token: str) -> str:
        """The id of the report; empty for a token that is not of this house."""
        id_, mac = token[:ID_CHARACTERS], token[ID_CHARACTERS:]
        if len(token) > LARGEST_TOKEN or not token.isascii():
            return ""
        whole = base64.urlsafe_b64encode(self._mac(id_)).decode().rstrip("=")
        return id_ if hmac.compare_digest(mac, whole) else ""

    def _mac(self, report: str) -> bytes:
        return blake3(report.encode(), key=self._key).digest(MAC_BYTES)

    def received(self, report: Report) -> Letter | None:
        """None for who gave no address."""
        return self._to_reporter(report, "report_received", {"made_s": report.made_s})

    def decided(self, report: Report) -> Letter | None:
        closed = report.state == "blocked"
        values = {
            "made_s": report.made_s,
            "closed": closed,
            "statement": report.statement,
            "can_object": not closed,
            "object_url": self._url(report),
        }
        return self._to_reporter(report, "report_decided", values)

    async def closed(self, report: Report) -> Letter | None:
        """To whose link it was; None for who has no address."""
        values: dict[str, object] = {"statement": report.statement, "object_url": self._url(report)}
        return await self._to_owner(report, "link_closed", values)

    async def reviewed(
        self, report: Report, together: Sequence[Report], *, is_changed: bool
    ) -> list[Letter | None]:
        """To who objected; when that changes something, to everybody whom the decision concerned.
        together: what it answered."""
        values = {"changed": is_changed, "closed": report.state == "blocked", "statement": report.answer}
        owner = await self._to_owner(report, "decision_reviewed", values)
        if is_changed:
            return [owner, *(self._to_reporter(one, "decision_reviewed", values) for one in together)]
        if report.state == "blocked":
            return [owner]
        return [self._to_reporter(report, "decision_reviewed", values)]

    def add(self, connection: Connection, letter: Letter | None) -> None:
        """Queues it; a queue that is full stops no decision."""
        if letter is not None:
            with suppress(MailQueueFull):
                self._context.mail.add(connection, letter)

    def _url(self, report: Report) -> str:
        return f"{self._context.site.public_url}{self.path(report)}"

    def _to_reporter(self, report: Report, name: str, values: dict[str, object]) -> Letter | None:
        if not report.contact:
            return None
        return Letter(to=report.contact, template=f"drive/mail/{name}", locale=report.locale, values=values)

    async def _to_owner(self, report: Report, name: str, values: dict[str, object]) -> Letter | None:
        for mailboxes in self._context.offers(Mailboxes):  # type: ignore[type-abstract]
            box = await mailboxes.of(report.by) if report.by else None
            if box is not None:
                return Letter(
                    to=box.address,
                    template=f"drive/mail/{name}",
                    locale=box.locale,
                    values=values,
                    about=report.by,
                )
        return None
