"""Notice and action (Regulation (EU) 2022/2065, articles 16 and 17): strangers report what is behind a
link, the operator decides with reasons, and whose link it is learns of both."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive import contract
from synfonium.apps.drive.errors import NoSuchReport, TooManyReports
from synfonium.apps.drive.model.share import Link
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.service.sharees import Sharees
from synfonium.apps.drive.service.telling import Telling
from synfonium.apps.drive.service.tries import Tries
from synfonium.apps.drive.store import links, reports
from synfonium.apps.drive.store.reports import Report
from synfonium.common.ids import new_id
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Person
from synfonium.kernel.i18n import _

MOST_TEXT = 2_000
MOST_CONTACT = 254
MOST_OPEN_OF_LINK = 20
MOST_OPEN = 10_000
MOST_SHOWN = 200
Reason = Literal["illegal", "copyright", "harm", "deception", "other"]
Decision = Literal["blocked", "rejected"]


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A report with whose link it is; is_there: the link has not been ended meanwhile."""

    report: Report
    owner: str
    is_there: bool


class Reporting:
    """What the file is, and what it is called, is shown to nobody here: it is the owner's."""

    def __init__(self, room: Room, sharees: Sharees) -> None:
        self._room, self._sharees = room, sharees
        self._tries, self._telling = Tries(), Telling(room.context)

    async def report(self, link: Link, reason: Reason, text: str, contact: str) -> None:
        """Raises BadInput, TooManyReports."""
        text, contact = text.strip(), contact.strip()
        if not text or len(text) > MOST_TEXT:
            raise BadInput("text", _("Write what is not right, in at most 2000 characters."))
        if len(contact) > MOST_CONTACT or (contact and "@" not in contact):
            raise BadInput("contact", _("This is not an e-mail address."))
        now_s = self._room.now_s()
        self._tries.take(link.id, now_s)
        report = Report(
            id=new_id(now_s),
            link=link.id,
            by=link.by,
            reason=reason,
            text=text,
            contact=contact,
            made_s=now_s,
        )

        def work(connection: Connection) -> None:
            if reports.open_of(connection, link.id) >= MOST_OPEN_OF_LINK:
                raise TooManyReports
            if reports.open_in_all(connection) >= MOST_OPEN:
                raise TooManyReports
            reports.add(connection, report)

        await self._room.context.database.write(work)

    async def all(self) -> tuple[list[Waiting], list[Waiting]]:
        """Those that wait, and those that are decided."""

        def work(connection: Connection) -> tuple[Sequence[Report], Sequence[Report], set[str]]:
            waiting = reports.listing(connection, is_open=True, limit=MOST_SHOWN)
            decided = reports.listing(connection, is_open=False, limit=MOST_SHOWN)
            there = links.those_there(connection, [one.link for one in (*waiting, *decided)])
            return waiting, decided, there

        waiting, decided, there = await self._room.read(work)
        names = {by: await self._sharees.called("person", by) for by in {r.by for r in (*waiting, *decided)}}

        def seen(found: Sequence[Report]) -> list[Waiting]:
            return [
                Waiting(report=one, owner=names.get(one.by, ""), is_there=one.link in there) for one in found
            ]

        return seen(waiting), seen(decided)

    async def decide(self, actor: Person, report: str, decision: Decision, statement: str) -> None:
        """With its reasons, which whose link it is reads. Raises NoSuchReport, BadInput."""
        statement, now_s = statement.strip(), self._room.now_s()
        if not statement or len(statement) > MOST_TEXT:
            raise BadInput("statement", _("A decision needs its reasons, in at most 2000 characters."))

        def work(connection: Connection) -> Report:
            found = reports.find(connection, report)
            if found is None or found.state != "open":
                raise NoSuchReport
            decided = msgspec.structs.replace(
                found, state=decision, statement=statement, decided_by=actor.id, decided_s=now_s
            )
            link = links.find(connection, found.link)
            reports.decide(connection, found.link, decided)
            if decision == "blocked":
                reports.block(connection, found.link, now_s)
            subject = contract.address_of(link.node) if link else contract.ROOT
            self._room.context.audit.add(connection, actor.id, f"drive.link.{decision}", subject)
            return decided

        decided = await self._room.context.database.write(work)
        if decision == "blocked":
            await self._telling.blocked(decided.by, statement)
