"""Passwords, the second way in: argon2id in threads, few at a time, with counted tries.

RFC 9106, section 4, second recommended option (64 MiB, 3 passes) with one lane: two
hashes at once must leave the machine to everybody else.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection

from synfonium.apps.identity.errors import AccountSuspended, LastWayIn, SignInRefused, TooManyTries
from synfonium.apps.identity.model.people import Account, parse_password
from synfonium.apps.identity.service.sessions import Browser, NewSession, Sessions, end_sessions
from synfonium.apps.identity.store import credentials
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
ACCOUNTS_COUNTED = 10_000
_HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
# Of a random password that was thrown away: an unknown name takes as long as a known one.
_NOBODYS = "$argon2id$v=19$m=65536,t=3,p=1$JAZRudHzS5nKfOz/3jUNgQ$yvBvh6mmmjjdV1QPU6JsBdb7pV3Eg90KqSR2DwE1Lqk"


class Bucket:
    """`most` tries at once, refilled evenly over `seconds`."""

    def __init__(self, most: int, seconds: float, now_s: float) -> None:
        self._most, self._rate = most, most / seconds
        self._left, self._at_s = float(most), now_s

    def take(self, now_s: float) -> bool:
        self._left = min(self._most, self._left + max(0.0, now_s - self._at_s) * self._rate)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Tries:
    """Counts tries by account name and in all, in memory; no address is looked at."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._in_all = Bucket(*TRIES_IN_ALL, now_s())
        self._accounts: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, name: str) -> None:
        """Raises TooManyTries."""
        now_s = self._now_s()
        bucket = self._accounts.pop(name, None) or Bucket(*TRIES_AN_ACCOUNT, now_s)
        self._accounts[name] = bucket
        if len(self._accounts) > ACCOUNTS_COUNTED:
            self._accounts.popitem(last=False)
        if not bucket.take(now_s) or not self._in_all.take(now_s):
            raise TooManyTries

    def forgive(self, name: str) -> None:
        self._accounts.pop(name, None)


class Passwords:
    """Checks, sets and removes passwords."""

    def __init__(self, context: Context, sessions: Sessions) -> None:
        self._context, self._sessions = context, sessions
        self._at_once, self._waiting = asyncio.Semaphore(AT_ONCE), 0
        self._tries = Tries(lambda: context.clock.now_s())

    async def sign_in(self, name: str, password: str, browser: Browser) -> NewSession:
        """A session for whoever knows the password of `name`.

        Raises SignInRefused, TooManyTries, AccountSuspended.
        """
        account = await self._known(name, password)
        new = self._sessions.new(account.id, "password", browser)
        await self._context.database.write(lambda c: self._sessions.begin(c, new, browser))
        self._sessions.forget()
        return new

    async def prove(self, name: str, password: str, browser: Browser) -> NewSession:
        """The browser's session, proved again. Raises as `sign_in` does, and SignInNeeded."""
        account = await self._known(name, password)
        new = await self._context.database.write(
            lambda c: self._sessions.prove(c, account.id, "password", browser)
        )
        self._sessions.forget()
        return new

    async def _known(self, name: str, password: str) -> Account:
        self._tries.take(name[:40])
        account, hashed = await self._context.database.read(lambda c: _account_and_hash(c, name))
        is_right = await self._check(hashed or _NOBODYS, password)
        if account is None or not hashed or not is_right:
            raise SignInRefused
        if account.is_suspended:
            raise AccountSuspended
        self._tries.forgive(name[:40])
        return account

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
