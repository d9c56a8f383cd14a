"""Notice and action (Regulation (EU) 2022/2065, articles 16 and 17): strangers report what is behind a
link, the operator decides with reasons, and whose link it is learns of both."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive import contract
from synfonium.apps.drive.errors import NoSuchReport, TooManyReports
from synfonium.apps.drive.model.share import Link
from synfonium.apps.drive.service.report_letters import ReportLetters
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
from synfonium.libraries.mail_address import parse_address

MOST_TEXT = 2_000
MOST_OPEN_OF_LINK = 20
MOST_OPEN = 10_000
MOST_SHOWN = 200
MOST_RECEIPTS = 3
DAY_S = 86_400.0
OBJECT_S = 180 * DAY_S
Reason = Literal["illegal", "copyright", "harm", "deception", "other"]
Decision = Literal["blocked", "rejected"]
Answer = Literal["kept", "changed"]


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
        self._letters = ReportLetters(room.context)

    async def report(self, link: Link, reason: Reason, text: str, contact: str, locale: str = "") -> None:
        """Who gives an address gets a receipt, in their language. Raises BadInput, TooManyReports."""
        text, contact = text.strip(), contact.strip()
        if not text or len(text) > MOST_TEXT:
            raise BadInput("text", _("Write what is not right, in at most 2000 characters."))
        contact = _address(contact)
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
            locale=locale,
        )

        def work(connection: Connection) -> None:
            if reports.open_of(connection, link.id) >= MOST_OPEN_OF_LINK:
                raise TooManyReports
            if reports.open_in_all(connection) >= MOST_OPEN:
                raise TooManyReports
            # The address may be somebody else's, whom nobody shall be able to bury in receipts.
            if contact and reports.written_by(connection, contact, now_s - DAY_S) < MOST_RECEIPTS:
                self._letters.add(connection, self._letters.received(report))
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

    async def objections(self) -> list[Waiting]:
        """Those that wait for an answer."""
        found = await self._room.read(lambda c: reports.objected(c, MOST_SHOWN))
        there = await self._room.read(lambda c: links.those_there(c, [one.link for one in found]))
        return [
            Waiting(
                report=one, owner=await self._sharees.called("person", one.by), is_there=one.link in there
            )
            for one in found
        ]

    async def decide(self, actor: Person, report: str, decision: Decision, statement: str) -> None:
        """With its reasons, which who reported it reads, and whose link it is when it is closed: who did
        not get their way is told how to object. Raises NoSuchReport, BadInput."""
        statement, now_s = _reasons(statement), self._room.now_s()
        found = await self._room.read(lambda c: reports.find(c, report))
        if found is None or found.state != "open":
            raise NoSuchReport

        def decided(one: Report) -> Report:
            return msgspec.structs.replace(
                one, state=decision, statement=statement, decided_by=actor.id, decided_s=now_s
            )

        last = decided(found)
        letter = await self._letters.closed(last) if decision == "blocked" else None

        def work(connection: Connection) -> None:
            waiting = reports.waiting_for(connection, last.link)
            if last.id not in [one.id for one in waiting]:
                raise NoSuchReport
            reports.decide(connection, last.link, last)
            for one in waiting:
                self._letters.add(connection, self._letters.decided(decided(one)))
            self._letters.add(connection, letter)
            if decision == "blocked":
                reports.block(connection, last.link, now_s)
            self._note(connection, actor, last, decision)

        await self._room.context.database.write(work)
        if decision == "blocked":
            await self._telling.blocked(last.by, statement, self._letters.path(last))

    def _note(self, connection: Connection, actor: Person, report: Report, act: str) -> None:
        link = links.find(connection, report.link)
        subject = contract.address_of(link.node) if link else contract.ROOT
        self._room.context.audit.add(connection, actor.id, f"drive.link.{act}", subject)

    # Objecting

    async def decided(self, token: str) -> Report:
        """What somebody may object to, or has. Raises NoSuchReport."""
        id_ = self._letters.report_of(token)
        found = await self._room.read(lambda c: reports.find(c, id_)) if id_ else None
        if found is None or found.state == "open" or not found.decided_s:
            raise NoSuchReport
        if self._room.now_s() - found.decided_s > OBJECT_S:
            raise NoSuchReport
        return found

    async def object(self, token: str, text: str) -> None:
        """Once, by whoever did not get their way. Raises NoSuchReport, BadInput."""
        text, found = text.strip(), await self.decided(token)
        if not text or len(text) > MOST_TEXT:
            raise BadInput("text", _("Write what is not right, in at most 2000 characters."))

        def work(connection: Connection) -> None:
            one = reports.find(connection, found.id)
            if one is None or one.objected_s or one.answered_s:
                raise NoSuchReport
            objected = msgspec.structs.replace(one, objection=text, objected_s=self._room.now_s())
            reports.change(connection, objected)

        await self._room.context.database.write(work)

    async def answer(self, actor: Person, report: str, answer: Answer, statement: str) -> None:
        """Keeps the decision, or turns it round, for all that it answered; with reasons. Raises
        NoSuchReport, BadInput."""
        statement, now_s = _reasons(statement), self._room.now_s()
        found = await self._room.read(lambda c: reports.find(c, report))
        if found is None or not found.objected_s or found.answered_s:
            raise NoSuchReport
        state = found.state if answer == "kept" else "rejected" if found.state == "blocked" else "blocked"
        together = await self._room.read(lambda c: reports.decided_with(c, found))
        answered = [
            msgspec.structs.replace(one, state=state, answer=statement, answered_s=now_s) for one in together
        ]
        mine = next(one for one in answered if one.id == report)
        letters = await self._letters.reviewed(mine, answered, is_changed=answer == "changed")

        def work(connection: Connection) -> None:
            one = reports.find(connection, report)
            if one is None or one.answered_s:
                raise NoSuchReport
            for changed in answered:
                reports.change(connection, changed)
            if answer == "changed":
                reports.block(connection, found.link, now_s if state == "blocked" else 0.0)
            for letter in letters:
                self._letters.add(connection, letter)
            self._note(connection, actor, mine, f"objection_{answer}")

        await self._room.context.database.write(work)
        if answer == "changed" or state == "blocked":
            await self._telling.reviewed(found.by, statement, is_closed=state == "blocked")


def _address(text: str) -> str:
    """Raises BadInput for what is none; empty stays empty."""
    if not text:
        return ""
    try:
        return parse_address(text)
    except ValueError:
        raise BadInput("contact", _("This is not an e-mail address.")) from None


def _reasons(text: str) -> str:
    """Raises BadInput."""
    text = text.strip()
    if not text or len(text) > MOST_TEXT:
        raise BadInput("statement", _("A decision needs its reasons, in at most 2000 characters."))
    return text
