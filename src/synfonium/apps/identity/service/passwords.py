"""Passwords, the second way in: argon2id in threads, few at a time, with counted tries.

RFC 9106, section 4, second recommended option (64 MiB, 3 passes) with one lane: two
hashes at once must leave the machine to everybody else.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection

from synfonium.apps.identity.errors import (
    AccountSuspended,
    ChallengeExpired,
    LastWayIn,
    SignInRefused,
    TooManyTries,
)
from synfonium.apps.identity.model.outside import Said, Source
from synfonium.apps.identity.model.people import Account, digest, new_secret, parse_password
from synfonium.apps.identity.service.sealed import seal, unseal
from synfonium.apps.identity.service.second import SecondStep
from synfonium.apps.identity.service.sessions import Browser, NewSession, Sessions, end_sessions
from synfonium.apps.identity.service.tries import Tries
from synfonium.apps.identity.store import credentials, outside
from synfonium.apps.identity.store import people as store
from synfonium.common.ids import PersonId
from synfonium.common.problem import BadInput
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

T = TypeVar("T")
AT_ONCE = 2
MOST_WAITING = 32
TRIES_AN_ACCOUNT = (10, 300.0)
TRIES_IN_ALL = (300, 60.0)
HALFWAY_LIFE_S = 300
_HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
# Of a random password that was thrown away: an unknown name takes as long as a known one.
_NOBODYS = "$argon2id$v=19$m=65536,t=3,p=1$JAZRudHzS5nKfOz/3jUNgQ$yvBvh6mmmjjdV1QPU6JsBdb7pV3Eg90KqSR2DwE1Lqk"


class Halfway(msgspec.Struct, frozen=True, kw_only=True):
    """The password was right, or the word of an outside source (`said`), and the second step is
    still to come; travels sealed."""

    person_id: PersonId
    secret: str
    expires_s: float
    said: Said | None = None


Elsewhere = Callable[[str, str, Account | None], Awaitable[tuple[Account, Source] | None]]
"""Whose name and password these are in a directory: name, password, who has the name here."""


class Passwords:
    """Checks, sets and removes passwords."""

    def __init__(
        self, context: Context, sessions: Sessions, second: SecondStep, elsewhere: Elsewhere
    ) -> None:
        self._context, self._sessions, self._second = context, sessions, second
        self._elsewhere = elsewhere
        self._at_once, self._waiting = asyncio.Semaphore(AT_ONCE), 0
        self._tries = Tries(lambda: context.clock.now_s(), of_one=TRIES_AN_ACCOUNT, in_all=TRIES_IN_ALL)

    async def sign_in(self, name: str, password: str, browser: Browser) -> NewSession | str:
        """A session for whoever knows the password of `name`; where a second step is on, sealed
        text for `finish` instead.

        Raises SignInRefused, TooManyTries, AccountSuspended.
        """
        account, source = await self._known(name, password)
        if halfway := await self.halfway(account.id):
            return halfway
        if account.is_suspended:
            raise AccountSuspended(person=account.id)
        if source:
            new = self._sessions.new(account.id, "ldap", browser, source.session_s)
        else:
            new = self._sessions.new(account.id, "password", browser)
        await self._context.database.write(lambda c: self._sessions.begin(c, new, browser))
        self._sessions.forget_replaced(browser)
        return new

    async def halfway(self, person_id: PersonId, said: Said | None = None) -> str:
        """Sealed text for `finish` where a second step is on, else empty."""
        if not await self._second.is_on(person_id):
            return ""
        expires_s = self._context.clock.now_s() + HALFWAY_LIFE_S
        halfway = Halfway(person_id=person_id, secret=new_secret(), expires_s=expires_s, said=said)
        return seal(self._context, halfway, "halfway")

    async def finish(self, sealed: str, code: str, browser: Browser) -> NewSession:
        """After the right password, the right code. Raises CodeRefused, TooManyTries,
        AccountSuspended, and ChallengeExpired when the password was too long ago."""
        halfway = unseal(self._context, sealed, "halfway", Halfway)
        person_id = halfway.person_id
        if self._context.clock.now_s() >= halfway.expires_s:
            raise ChallengeExpired
        self._second.take(person_id)
        new = self._sessions.new(person_id, "totp", browser)

        def work(connection: Connection) -> bool:
            if not credentials.spend(connection, digest(halfway.secret), halfway.expires_s):
                raise ChallengeExpired
            self._second.use(connection, person_id, code)
            account = store.person_by_id(connection, person_id)
            # Said only now: before the second step, nobody learns of an account, or decides about it.
            if account is None or account.is_suspended:
                return False
            self._sessions.begin(connection, new, browser)
            if said := halfway.said:
                outside.add_outside_session(
                    connection, new.session.id, said.issuer, said.subject, said.session
                )
            return True

        is_open = await self._context.database.write(work)
        self._second.forgive(person_id)
        if not is_open:
            raise AccountSuspended(person=person_id)
        self._sessions.forget_replaced(browser)
        return new

    async def prove(self, name: str, password: str, code: str, browser: Browser) -> NewSession:
        """The browser's session, proved again, with the second step where it is on.

        Raises as `sign_in` and `finish` do, and SignInNeeded.
        """
        account, _source = await self._known(name, password)
        if account.is_suspended:
            raise AccountSuspended(person=account.id)
        is_on = await self._second.is_on(account.id)
        if is_on:
            self._second.take(account.id)

        def work(connection: Connection) -> NewSession:
            if is_on:
                self._second.use(connection, account.id, code)
            return self._sessions.prove(connection, account.id, "password", browser)

        new = await self._context.database.write(work)
        self._second.forgive(account.id)
        self._sessions.forget()
        return new

    async def _known(self, name: str, password: str) -> tuple[Account, Source | None]:
        self._tries.take(name[:40])
        account, hashed = await self._context.database.read(lambda c: _account_and_hash(c, name))
        is_right = await self._check(hashed or _NOBODYS, password)
        source: Source | None = None
        if account is None or not hashed or not is_right:
            found = await self._elsewhere(name, password, account)
            if found is None:
                raise SignInRefused
            account, source = found
        self._tries.forgive(name[:40])
        return account, source

    async def hash(self, password: str) -> str:
        """What to store. Raises BadInput for a password that is too short or too long."""
        try:
            wanted = parse_password(password)
        except ValueError:
            raise BadInput(
                "password", _("A password has at least 10 characters; length is all that counts.")
            ) from None
        return await self._in_thread(lambda: _HASHER.hash(wanted))

    async def set(self, person_id: PersonId, password: str, session_id: str) -> None:
        """Sets or changes it, and ends the person's other sessions. Raises BadInput."""
        hashed, now_s = await self.hash(password), self._context.clock.now_s()

        def work(connection: Connection) -> None:
            store.set_password(connection, person_id, hashed, now_s)
            end_sessions(self._context, connection, person_id, but=session_id)
            self._audit(connection, person_id, "identity.password.set")

        await self._context.database.write(work)
        self._sessions.forget()

    async def remove(self, person_id: PersonId) -> None:
        """Raises LastWayIn when there is no passkey."""

        def work(connection: Connection) -> None:
            if not store.remove_password(connection, person_id):
                return
            if not credentials.ways_in(connection, person_id):
                raise LastWayIn
            self._audit(connection, person_id, "identity.password.remove")

        await self._context.database.write(work)

    async def exists(self, person_id: PersonId) -> bool:
        return await self._context.database.read(lambda c: store.password_of(c, person_id)) is not None

    async def _check(self, hashed: str, password: str) -> bool:
        try:
            tried = parse_password(password)
        except ValueError:
            tried = ""

        def check() -> bool:
            try:
                return _HASHER.verify(hashed, tried)
            except (VerificationError, InvalidHashError):
                return False

        return await self._in_thread(check)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._waiting >= MOST_WAITING:
            raise TooManyTries
        self._waiting += 1
        try:
            async with self._at_once:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1

    def _audit(self, connection: Connection, person_id: PersonId, act: str) -> None:
        self._context.audit.add(connection, person_id, act, f"identity:person/{person_id}")


def _account_and_hash(connection: Connection, name: str) -> tuple[Account | None, str | None]:
    account = store.person_by_name(connection, name)
    return account, store.password_of(connection, account.id) if account else None
