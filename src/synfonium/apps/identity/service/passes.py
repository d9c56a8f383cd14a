"""Passes: asking for one, needing one, and what the person sees of it.

Every door by which an administrator sees a person's own data declares `NeedsPass`; the kernel
then asks `use`, and the use is a row of the audit before anything is shown.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.contract import person_address
from synfonium.apps.identity.model.organisations import RANKS, outranks
from synfonium.apps.identity.model.passes import MOST_HOURS, REASON_LENGTH, Looked, Pass
from synfonium.apps.identity.model.people import Account, AppToken, Session, parse_line
from synfonium.apps.identity.service.addresses import MailAddresses
from synfonium.apps.identity.service.clients import Clients
from synfonium.apps.identity.service.memberships import memberships_of
from synfonium.apps.identity.service.people import OPERATOR
from synfonium.apps.identity.service.tries import Tries
from synfonium.apps.identity.store import credentials
from synfonium.apps.identity.store import members as member_store
from synfonium.apps.identity.store import passes as store
from synfonium.apps.identity.store import people as people_store
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import BadInput, Forbidden, NotFound, Problem
from synfonium.kernel import actor
from synfonium.kernel.actor import Administrator, DelegatedAdministrator
from synfonium.kernel.app import installed_apps
from synfonium.kernel.audit.chain import Row
from synfonium.kernel.audit.store import Wanted
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _
from synfonium.kernel.refusals import PassNeeded

__all__ = ["Passes", "Seen", "acts", "passes"]

PASSES_OF_ONE, PASSES_IN_ALL = (20, 3600.0), (200, 3600.0)
ROWS_SHOWN = 200
PASS_ACTS = ("identity.pass.ask", "identity.pass.end")

_ACTS = {
    "identity.pass.ask": _("asked to look at your data"),
    "identity.pass.end": _("ended that"),
    "identity.pass.export": _("took a copy of your data"),
    "identity.person.token": _("made a token that acts for you"),
    "identity.person.add": _("made your account"),
    "identity.person.suspend": _("suspended your account"),
    "identity.person.resume": _("opened your account again"),
    "identity.person.administrator": _("changed whether you administer"),
    "identity.trusted.name": _("asked you to be a trusted person"),
    "identity.trusted.accept": _("agreed to be your trusted person"),
    "identity.trusted.remove": _("ended it that one of you is the other’s trusted person"),
    "identity.rescue.confirm": _("confirmed that it is you who wants to come back"),
    "identity.member.add": _("made you a member of an organisation"),
    "identity.member.remove": _("ended your membership of an organisation"),
    "identity.member.suspend": _("suspended you in an organisation"),
    "identity.member.resume": _("opened an organisation to you again"),
    "identity.member.role": _("changed your role in an organisation"),
    "identity.member.quota": _("changed how much you may store"),
    "identity.outside.link": _("linked an outside account to yours"),
    "kernel.person.export": _("took a copy of your data"),
    "kernel.person.erase": _("asked to erase your account"),
}


def acts() -> dict[str, str]:
    """What others do with what is a person's, in plain words (English gettext source); what
    needs a pass is declared by the app that does it."""
    return {**_ACTS, **_by_pass()}


def _by_pass() -> dict[str, str]:
    return {act: words for app in installed_apps() for act, words in app.pass_acts.items()}


class Asked(msgspec.Struct, frozen=True):
    """About whom a pass is asked, and as whose administrator: the organisation's name, or empty
    for an administrator of the installation."""

    called: str
    organisation: str


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a pass shows. used_bytes: in the drive; None when it does not say."""

    account: Account
    sessions: Sequence[Session]
    tokens: Sequence[AppToken]
    sites: Sequence[str]
    groups: Sequence[str]
    used_bytes: int | None
    given: Pass


class Passes:
    """What administrators may see of people, and what those see of that."""

    def __init__(self, context: Context, addresses: MailAddresses, clients: Clients) -> None:
        self._context, self._addresses, self._clients = context, addresses, clients
        self._tries = Tries(context.clock.now_s, of_one=PASSES_OF_ONE, in_all=PASSES_IN_ALL)

    async def about(self, asking: Administrator | DelegatedAdministrator, person_id: PersonId) -> Asked:
        """Raises NotFound for whoever looks after nobody of that id."""

        def read(connection: Connection) -> Asked:
            account = people_store.person_by_id(connection, person_id)
            if account is None:
                raise NotFound
            if asking.is_administrator or asking.id == person_id:
                return Asked(account.display, "")
            return Asked(account.display, _looked_after_in(connection, asking.id, account))

        return await self._context.database.read(read)

    async def ask(
        self, by: PersonId, person_id: PersonId, reason: str, hours: int, organisation: str = ""
    ) -> None:
        """Gives a pass; the person is told by mail. Raises BadInput, Forbidden, NotFound, TooManyTries."""
        given = self._new(by, person_id, reason, hours)
        self._tries.take(by)

        def work(connection: Connection) -> None:
            asking = people_store.person_by_id(connection, by)
            if asking is None or not people_store.person_by_id(connection, person_id):
                raise NotFound
            store.add(connection, given)
            self._audit(connection, by, "identity.pass.ask", person_id)
            values = {
                "who": asking.display,
                "reason": given.reason,
                "until_s": given.until_s,
                "organisation": organisation,
                "privacy_url": f"{self._context.site.public_url}/settings/privacy",
            }
            if self._is_active(connection, person_id):
                self._addresses.write(connection, person_id, "looked_at", values)

        await self._context.database.write(work)

    def _new(self, by: PersonId, person_id: PersonId, reason: str, hours: int) -> Pass:
        if by == person_id:
            raise Forbidden
        if not 1 <= hours <= MOST_HOURS:
            raise BadInput("hours", _("Between one hour and a day."))
        try:
            plain = parse_line(reason, REASON_LENGTH[1])
        except ValueError:
            plain = ""
        if len(plain) < REASON_LENGTH[0]:
            raise BadInput("reason", _("Say why in one line of 10 to 500 characters: the person reads it."))
        now_s = self._context.clock.now_s()
        return Pass(
            id=new_id(now_s),
            person=person_id,
            administrator=by,
            reason=plain,
            asked_s=now_s,
            until_s=now_s + hours * 3600.0,
        )

    async def use(self, by: PersonId, person_id: PersonId, act: str) -> bool:
        """Whether there is a pass; its use is then written down. Raises BadInput for an act that
        no app declares."""
        if act not in _by_pass():
            raise BadInput("act", "")

        def work(connection: Connection) -> bool:
            if not store.valid(connection, by, person_id, self._context.clock.now_s()):
                return False
            self._audit(connection, by, act, person_id)
            return True

        return await self._context.database.write(work)

    async def end(self, by: PersonId, person_id: PersonId) -> None:
        """Gives the pass back before its time; again, it changes nothing."""

        def work(connection: Connection) -> None:
            if store.end(connection, by, person_id, self._context.clock.now_s()):
                self._audit(connection, by, "identity.pass.end", person_id)

        await self._context.database.write(work)

    async def look(self, by: PersonId, person_id: PersonId) -> Seen:
        """Devices, tokens, sites, groups and storage of a person. Raises PassNeeded, NotFound.

        The use of the pass was written down by the door."""
        now_s = self._context.clock.now_s()

        def read(
            connection: Connection,
        ) -> tuple[Pass, Account, Sequence[Session], Sequence[AppToken], list[str]]:
            given = store.valid(connection, by, person_id, now_s)
            if given is None:
                raise PassNeeded(person_id)
            account = people_store.person_by_id(connection, person_id)
            if account is None:
                raise NotFound
            groups = [
                ", ".join((one.name, *(group.name for group in one.groups)))
                for one in memberships_of(connection, person_id)
            ]
            sessions = credentials.sessions_of(connection, person_id, now_s)
            return given, account, sessions, credentials.tokens_of(connection, person_id), groups

        given, account, sessions, tokens, groups = await self._context.database.read(read)
        sites = [client.name for client, _scopes, _s in await self._clients.consents_of(person_id)]
        used_bytes = await self._storage_of(person_id)
        return Seen(
            account=account,
            sessions=sessions,
            tokens=tokens,
            sites=sites,
            groups=groups,
            used_bytes=used_bytes,
            given=given,
        )

    async def note(self, person_id: PersonId, act: str) -> None:
        """What the operator did on the machine, as the person will read it. Raises BadInput."""
        if act not in acts():
            raise BadInput("act", "")
        await self._context.database.write(lambda c: self._audit(c, OPERATOR, act, person_id))

    async def _storage_of(self, person_id: PersonId) -> int | None:
        try:
            glance = await self._context.call("drive.glance", {"person": person_id})
        except Problem:
            return None
        measure = msgspec.to_builtins(glance).get("measure") or {}
        used = measure.get("used_bytes")
        return used if isinstance(used, int) else None

    # What the person sees

    async def looked(
        self, person_id: PersonId, *, act: str = "", before_s: float | None = None
    ) -> list[Looked]:
        """What others did with what is this person's, in every app; the newest first."""
        words, of_pass = acts(), {*PASS_ACTS, *_by_pass()}
        wanted = Wanted(about=person_address(person_id), act=act if act in words else "", before_s=before_s)
        rows = await self._context.audit_of_all().find(wanted, ROWS_SHOWN)
        rows = [row for row in rows if row.person != person_id]
        names, given = await self._context.database.read(
            lambda c: (self._names(c, {row.person for row in rows}), store.of_person(c, person_id))
        )
        return [
            Looked(
                time_s=row.time_s,
                who="" if row.person == OPERATOR else names.get(row.person, row.person),
                act=row.act,
                words=words.get(row.act, ""),
                reason=why.reason if (why := _why(given, row, of_pass)) else "",
                until_s=why.until_s if why else 0.0,
            )
            for row in rows
        ]

    def _names(self, connection: Connection, ids: set[str]) -> dict[str, str]:
        found = [people_store.person_by_id(connection, one) for one in sorted(ids)[:ROWS_SHOWN]]
        return {account.id: account.display for account in found if account}

    def _is_active(self, connection: Connection, person_id: PersonId) -> bool:
        account = people_store.person_by_id(connection, person_id)
        return account is not None and not account.is_suspended

    def _audit(self, connection: Connection, by: PersonId, act: str, person_id: PersonId) -> None:
        self._context.audit.add(connection, by, act, person_address(person_id))


class _Anywhere:
    """Passes as any process may use them: the one that keeps them writes."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def use(self, by: PersonId, person: PersonId, act: str) -> bool:
        answer = await self._context.call("identity.pass_use", {"by": by, "person": person, "act": act})
        return bool(answer["has_pass"])


def passes(context: Context) -> actor.Passes:
    return _Anywhere(context)


def _looked_after_in(connection: Connection, by: PersonId, account: Account) -> str:
    """The name of the organisation whose account it is, and which `by` administers.
    Raises NotFound."""
    for member, organisation in member_store.memberships_of(connection, [account.id]):
        mine = member_store.member(connection, member.organisation, by)
        if mine is None or mine[0].is_suspended or organisation.is_suspended:
            continue
        rank = RANKS[mine[0].role]
        may_change = rank >= RANKS["administrator"] and outranks(rank, member.role)
        if member.is_managed and may_change and not account.is_administrator:
            return str(organisation.name)
    raise NotFound


def _why(given: Sequence[Pass], row: Row, of_pass: set[str]) -> Pass | None:
    """The pass that an administrator had at that moment."""
    if row.act not in of_pass:
        return None
    # The row is written a moment after the pass; and before it ends, or as it does.
    theirs = (one for one in given if one.administrator == row.person)
    return next((one for one in theirs if one.asked_s - 1 <= row.time_s <= one.until_s + 1), None)
