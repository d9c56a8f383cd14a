"""Who comes in by a source's word: whoever is bound to it, or a newcomer that the source may bring."""

from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity import contract
from synfonium.apps.identity.contract import person_address
from synfonium.apps.identity.errors import (
    AccountSuspended,
    ChallengeExpired,
    LastWayIn,
    LinkedElsewhere,
    NotLinked,
)
from synfonium.apps.identity.model.outside import Binding, Said, Source, may_come, usable_display
from synfonium.apps.identity.model.people import Account
from synfonium.apps.identity.service.people import insert_account, new_account
from synfonium.apps.identity.service.sessions import Browser, NewSession, Sessions, tell
from synfonium.apps.identity.store import credentials
from synfonium.apps.identity.store import outside as store
from synfonium.apps.identity.store import people as people_store
from synfonium.common.ids import PersonId
from synfonium.common.problem import NotFound
from synfonium.kernel.context import Context

DAY_S = 86_400
Gather = Callable[[Connection, str, PersonId, Sequence[str], Sequence[str]], None]
"""Keeps an organisation's groups in step: see `together.Together.follow`."""


class Admission:
    """Finds, binds and lets in; each in one transaction."""

    def __init__(self, context: Context, sessions: Sessions) -> None:
        self._context, self._sessions = context, sessions
        self.gather: Gather | None = None

    async def account_of(self, issuer: str, subject: str) -> Account | None:
        """Whose account it is."""

        def look(connection: Connection) -> Account | None:
            binding = store.binding_of(connection, issuer, subject)
            return people_store.person_by_id(connection, binding.person_id) if binding else None

        return await self._context.database.read(look)

    async def enter(self, source: Source, said: Said, browser: Browser) -> NewSession:
        """A session for whoever is bound. Raises NotLinked, AccountSuspended."""
        account = await self.account_of(said.issuer, said.subject)
        if account is None:
            raise NotLinked
        new = self._new_session(account.id, source, browser)

        def work(connection: Connection) -> None:
            binding = store.binding_of(connection, said.issuer, said.subject)
            known = people_store.person_by_id(connection, account.id)
            if binding is None or known is None or binding.person_id != account.id:
                raise NotLinked
            if known.is_suspended:
                raise AccountSuspended
            self._follow(connection, source, binding, said, is_use=True)
            self._begin(connection, new, said, browser)

        await self._context.database.write(work)
        self._sessions.forget()
        return new

    async def create(
        self, source: Source, said: Said, name: str, display: str, browser: Browser, spend: str
    ) -> NewSession:
        """An account for a newcomer, bound, and a session; `spend` may be used once.

        Raises NotLinked, BadInput, NameTaken, LinkedElsewhere, ChallengeExpired.
        """
        account = self._new_account(source, said, name, display)
        new, until_s = self._new_session(account.id, source, browser), account.created_s + DAY_S

        def work(connection: Connection) -> None:
            if not credentials.spend(connection, spend, until_s):
                raise ChallengeExpired
            self._insert(connection, account, source, said)
            self._begin(connection, new, said, browser)

        await self._context.database.write(work)
        self._sessions.forget()
        return new

    async def create_bound(self, source: Source, said: Said, name: str, display: str) -> Account:
        """An account for a newcomer, bound. Raises NotLinked, BadInput, NameTaken, LinkedElsewhere."""
        account = self._new_account(source, said, name, display)
        await self._context.database.write(lambda c: self._insert(c, account, source, said))
        return account

    async def follow(self, source: Source, said: Said, *, is_use: bool = True) -> Account:
        """Takes over what a source says of somebody bound. Raises NotLinked."""

        def work(connection: Connection) -> Account:
            binding = store.binding_of(connection, said.issuer, said.subject)
            if binding is None:
                raise NotLinked
            self._follow(connection, source, binding, said, is_use=is_use)
            account = people_store.person_by_id(connection, binding.person_id)
            if account is None:
                raise NotLinked
            return account

        return await self._context.database.write(work)

    def _new_account(self, source: Source, said: Said, name: str, display: str) -> Account:
        if not may_come(source.settings, said):
            raise NotLinked
        return new_account(name, display, is_administrator=False, now_s=self._context.clock.now_s())

    def _insert(self, connection: Connection, account: Account, source: Source, said: Said) -> None:
        insert_account(self._context, connection, account, account.id)
        self._bind(connection, account.id, source.id, said)
        self._gather(connection, source, account.id, (), said.groups or ())

    async def link(self, person_id: PersonId, source_id: str, said: Said, *, by: PersonId) -> None:
        """Binds a person's account to theirs there. Raises LinkedElsewhere."""

        def work(connection: Connection) -> None:
            known = store.binding_of(connection, said.issuer, said.subject)
            if known and known.person_id == person_id:
                return
            self._bind(connection, person_id, source_id, said, by=by)

        await self._context.database.write(work)

    async def unlink(self, person_id: PersonId, issuer: str, subject: str) -> None:
        """Raises NotFound, and LastWayIn when nothing else would open the account."""

        def work(connection: Connection) -> None:
            if not store.remove_binding(connection, person_id, issuer, subject):
                raise NotFound
            if not credentials.ways_in(connection, person_id):
                raise LastWayIn
            self._end(connection, issuer, subject=subject)
            self._audit(connection, person_id, "identity.outside.unlink", person_id)

        await self._context.database.write(work)
        self._sessions.forget()

    async def end_sessions(self, issuer: str, *, subject: str, sid: str, spend: str) -> None:
        """The source says that a session ended there. Raises ChallengeExpired for a replay."""
        until_s = self._context.clock.now_s() + DAY_S

        def work(connection: Connection) -> None:
            if not credentials.spend(connection, spend, until_s):
                raise ChallengeExpired
            self._end(connection, issuer, subject=subject, sid=sid)

        await self._context.database.write(work)
        self._sessions.forget()

    def _end(self, connection: Connection, issuer: str, *, subject: str = "", sid: str = "") -> None:
        ids = store.take_outside_sessions(connection, issuer, subject=subject, sid=sid)
        tell(self._context, connection, credentials.end_sessions_called(connection, ids))

    def _bind(
        self,
        connection: Connection,
        person_id: PersonId,
        source_id: str,
        said: Said,
        by: PersonId | None = None,
    ) -> None:
        others = [b for b in store.bindings_of(connection, person_id) if b.issuer == said.issuer]
        if others or store.binding_of(connection, said.issuer, said.subject):
            raise LinkedElsewhere
        binding = Binding(
            source=source_id,
            issuer=said.issuer,
            subject=said.subject,
            person_id=person_id,
            display=usable_display(said.display),
            groups=said.groups or (),
            bound_s=self._context.clock.now_s(),
        )
        store.add_binding(connection, binding)
        self._audit(connection, by or person_id, "identity.outside.link", person_id)

    def _gather(
        self,
        connection: Connection,
        source: Source,
        person_id: PersonId,
        before: Sequence[str],
        after: Sequence[str],
    ) -> None:
        if self.gather and source.settings.organisation:
            self.gather(connection, source.settings.organisation, person_id, before, after)

    def _follow(
        self, connection: Connection, source: Source, binding: Binding, said: Said, *, is_use: bool
    ) -> None:
        """Takes over what changed there since the last time."""
        display = usable_display(said.display) or binding.display
        groups = binding.groups if said.groups is None else said.groups
        if display != binding.display:
            people_store.change_person(connection, binding.person_id, display=display)
            self._context.outbox.add(connection, contract.PERSON_CHANGED, person_address(binding.person_id))
        used_s = self._context.clock.now_s() if is_use else binding.last_used_s
        after = msgspec.structs.replace(binding, display=display, groups=groups, last_used_s=used_s)
        if after != binding:
            store.use_binding(connection, after)
        self._gather(connection, source, binding.person_id, binding.groups, groups)

    def _begin(self, connection: Connection, new: NewSession, said: Said, browser: Browser) -> None:
        self._sessions.begin(connection, new, browser)
        store.add_outside_session(connection, new.session.id, said.issuer, said.subject, said.session)

    def _new_session(self, person_id: PersonId, source: Source, browser: Browser) -> NewSession:
        return self._sessions.new(person_id, "outside", browser, source.session_s)

    def _audit(self, connection: Connection, by: PersonId, act: str, person_id: PersonId) -> None:
        self._context.audit.add(connection, by, act, person_address(person_id))
