"""One-time links: the one that makes the first administrator, and those that let added
people choose how they will sign in."""

from collections.abc import Callable

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.errors import AccountSuspended, LinkSpent
from synfonium.apps.identity.model.people import (
    RECOVERY_LINKS,
    Account,
    Link,
    LinkKind,
    digest,
    new_secret,
)
from synfonium.apps.identity.service.addresses import MailAddresses
from synfonium.apps.identity.service.passkeys import Answer, Ceremony, NewPasskey, Passkeys
from synfonium.apps.identity.service.passwords import Passwords
from synfonium.apps.identity.service.people import OPERATOR, checked_display, insert_account, new_account
from synfonium.apps.identity.service.sealed import seal, unseal
from synfonium.apps.identity.service.second import SecondStep, is_on
from synfonium.apps.identity.service.sessions import Browser, NewSession, Sessions, end_sessions
from synfonium.apps.identity.store import credentials
from synfonium.apps.identity.store import passes as pass_store
from synfonium.apps.identity.store import people as store
from synfonium.common.ids import PersonId
from synfonium.kernel.context import Context
from synfonium.kernel.refusals import PassNeeded


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """Who is about to come in by a link: a new account, or one that an administrator added."""

    account: Account
    is_new: bool


class Welcome:
    """Makes one-time links and lets people in by them, once."""

    def __init__(
        self,
        context: Context,
        sessions: Sessions,
        passkeys: Passkeys,
        passwords: Passwords,
        second: SecondStep,
        addresses: MailAddresses,
    ) -> None:
        self._context, self._sessions = context, sessions
        self._passkeys, self._passwords = passkeys, passwords
        self._second, self._addresses = second, addresses

    async def first_link(self) -> str | None:
        """The URL that makes the first administrator; None when there is one. Only the
        newest such link works."""
        link, secret = self._new("first", PersonId(""), self._context.config.first_link_minutes * 60)

        def work(connection: Connection) -> bool:
            if store.count_administrators(connection):
                return False
            credentials.remove_links(connection, "first", "")
            credentials.add_link(connection, link, digest(secret))
            return True

        return self._url(secret) if await self._context.database.write(work) else None

    async def link_for(self, person_id: PersonId, *, by: PersonId) -> str:
        """A URL to hand to a person; it replaces the one made before.

        Whoever holds it comes in as that person: for an account that somebody already uses it
        takes a pass. Raises AccountSuspended, PassNeeded."""
        return await self._context.database.write(lambda c: self.link_in(c, person_id, by=by))

    def link_in(self, connection: Connection, person_id: PersonId, *, by: PersonId) -> str:
        """As `link_for`, within a transaction."""
        link, secret = self._new("welcome", person_id, self._context.config.link_hours * 3600)
        account = store.person_by_id(connection, person_id)
        if account is None or account.is_suspended:
            raise AccountSuspended
        if by not in (OPERATOR, person_id):
            self._need_pass(connection, by, person_id)
        credentials.remove_links(connection, "welcome", person_id)
        credentials.add_link(connection, link, digest(secret))
        self._context.audit.add(connection, by, "identity.link.make", f"identity:person/{person_id}")
        return self._url(secret)

    def _need_pass(self, connection: Connection, by: PersonId, person_id: PersonId) -> None:
        is_used = credentials.ways_in(connection, person_id) > 0
        if is_used and not pass_store.valid(connection, by, person_id, self._context.clock.now_s()):
            raise PassNeeded(person_id)

    def recovery_link(
        self, connection: Connection, kind: LinkKind, person_id: PersonId, life_s: float
    ) -> str:
        """A URL for somebody who comes back; it replaces the one made before."""
        link, secret = self._new(kind, person_id, life_s)
        credentials.remove_links(connection, kind, person_id)
        credentials.add_link(connection, link, digest(secret))
        address = f"identity:person/{person_id}"
        self._context.audit.add(connection, person_id, f"identity.recovery.{kind}", address)
        return self._url(secret)

    async def asks_code(self, secret: str) -> bool:
        """Whether coming in by this link takes the second step too. Raises LinkSpent."""
        return await self._context.database.read(lambda c: self._asks_code(c, *self._valid(c, secret)))

    def _asks_code(self, connection: Connection, link: Link, known: Account | None) -> bool:
        # E-mail stands in for a password and for nothing more.
        return link.kind == "mail" and known is not None and is_on(connection, known.id)

    async def is_return(self, secret: str) -> bool:
        """Whether somebody comes back by this link, who had lost their way in. Raises LinkSpent."""
        link, _account = await self._context.database.read(lambda c: self._valid(c, secret))
        return link.kind in RECOVERY_LINKS

    async def look(self, secret: str) -> Account | None:
        """Whom the link lets in; None when it makes the first administrator. Raises LinkSpent."""
        return await self._context.database.read(lambda c: self._valid(c, secret)[1])

    async def arrival(self, secret: str, name: str, display: str) -> Arrival:
        """Raises LinkSpent, BadInput, and NameTaken when it comes to storing."""
        known = await self.look(secret)
        if known:
            called = checked_display(display) if display else known.display
            return Arrival(account=msgspec.structs.replace(known, display=called), is_new=False)
        now_s = self._context.clock.now_s()
        return Arrival(account=new_account(name, display, is_administrator=True, now_s=now_s), is_new=True)

    async def enter_by_password(
        self, secret: str, name: str, display: str, password: str, code: str, browser: Browser
    ) -> NewSession:
        """Raises LinkSpent, BadInput, NameTaken, CodeRefused, TooManyTries; then nothing was
        written."""
        arrival = await self.arrival(secret, name, display)
        hashed, now_s = await self._passwords.hash(password), self._context.clock.now_s()

        def prove(connection: Connection) -> None:
            store.set_password(connection, arrival.account.id, hashed, now_s)
            self._audit(connection, arrival, "identity.password.set")

        session = self._sessions.new(arrival.account.id, "link", browser)
        return await self._enter(secret, arrival, prove, code, session, browser)

    async def ask_for_passkey(self, secret: str, name: str, display: str) -> tuple[Ceremony, str]:
        """Options to make a passkey, and the sealed arrival to send back with it."""
        arrival = await self.arrival(secret, name, display)
        ceremony = await self._passkeys.ask_to_add(
            arrival.account.id, arrival.account.name, arrival.account.display
        )
        return ceremony, seal(self._context, arrival, "arrival")

    async def enter_by_passkey(
        self, secret: str, sealed_arrival: str, answer: Answer, sealed: str, code: str, browser: Browser
    ) -> NewSession:
        """Raises LinkSpent, ChallengeExpired, PasskeyRefused, NameTaken, CodeRefused,
        TooManyTries."""
        arrival = unseal(self._context, sealed_arrival, "arrival", Arrival)
        new: NewPasskey = self._passkeys.verify_new(answer, sealed, browser, arrival.account.id)
        session = self._sessions.new(arrival.account.id, "passkey", browser)

        def prove(connection: Connection) -> None:
            self._passkeys.insert(connection, new)

        return await self._enter(secret, arrival, prove, code, session, browser)

    async def _enter(
        self,
        secret: str,
        arrival: Arrival,
        prove: Callable[[Connection], None],
        code: str,
        new: NewSession,
        browser: Browser,
    ) -> NewSession:
        if await self.asks_code(secret):
            self._second.take(arrival.account.id)

        def work(connection: Connection) -> None:
            link, known = self._valid(connection, secret)
            if (known.id if known else None) != (None if arrival.is_new else arrival.account.id):
                raise LinkSpent
            if not credentials.take_link(connection, digest(secret)):
                raise LinkSpent
            if self._asks_code(connection, link, known):
                self._second.use(connection, arrival.account.id, code)
            self._settle(connection, arrival)
            prove(connection)
            if link.kind in RECOVERY_LINKS:
                self._tell(connection, arrival.account)
            self._sessions.begin(connection, new, browser, is_expected=True)

        await self._context.database.write(work)
        self._sessions.forget()
        return new

    def _settle(self, connection: Connection, arrival: Arrival) -> None:
        if arrival.is_new:
            insert_account(self._context, connection, arrival.account, OPERATOR)
        else:
            # Whoever needs a link again may have lost a device that is still signed in.
            end_sessions(self._context, connection, arrival.account.id)
            store.change_person(connection, arrival.account.id, display=arrival.account.display)

    def _tell(self, connection: Connection, account: Account) -> None:
        security_url = f"{self._context.site.public_url}/settings/security"
        values = {"name": account.name, "security_url": security_url}
        self._addresses.write(connection, account.id, "recovered", values)

    def _valid(self, connection: Connection, secret: str) -> tuple[Link, Account | None]:
        link = credentials.link_by_hash(connection, digest(secret))
        if link is None or self._context.clock.now_s() >= link.expires_s:
            raise LinkSpent
        if link.kind == "first":
            if store.count_administrators(connection):
                raise LinkSpent
            return link, None
        account = store.person_by_id(connection, link.person_id)
        if account is None or account.is_suspended:
            raise LinkSpent
        return link, account

    def _new(self, kind: LinkKind, person_id: PersonId, life_s: float) -> tuple[Link, str]:
        expires_s = self._context.clock.now_s() + life_s
        return Link(kind=kind, person_id=person_id, expires_s=expires_s), new_secret()

    def _url(self, secret: str) -> str:
        return f"{self._context.site.public_url}/welcome/{secret}"

    def _audit(self, connection: Connection, arrival: Arrival, act: str) -> None:
        person_id = arrival.account.id
        self._context.audit.add(connection, person_id, act, f"identity:person/{person_id}")
