"""Recognises sessions and app tokens, in every role; needs only to read.

What was recognised is remembered for a second, so that a page with forty requests costs
one query, and a revocation is seen everywhere within that second (here at once).
"""

from collections import OrderedDict
from collections.abc import Callable

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.model.people import TOKEN_PREFIX, Account, digest
from synfonium.apps.identity.service.uses import Kind, Uses
from synfonium.apps.identity.store import credentials
from synfonium.common.problem import SignInNeeded
from synfonium.kernel.actor import ALL_SCOPES, Person
from synfonium.kernel.context import Context

REMEMBERED = 4096
REMEMBERED_S = 1.0
LONGEST_SECRET = 200


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Whose credential it is, and when it was last seen used."""

    person: Person
    credential_id: str
    last_used_s: float


class TokenAuthenticator:
    """See kernel.actor.Authenticator."""

    def __init__(self, context: Context, uses: Uses | None = None) -> None:
        self._context, self._uses = context, uses
        self._remembered: OrderedDict[str, tuple[float, Person]] = OrderedDict()
        self.on_forget: Callable[[], None] = lambda: None

    async def by_session(self, cookie: str) -> Person | None:
        return await self._recognise("session", cookie)

    async def by_token(self, token: str) -> Person | None:
        if not token.startswith(TOKEN_PREFIX):
            return None
        return await self._recognise("token", token)

    async def by_password(self, name: str, secret: str) -> Person | None:
        """The password of HTTP Basic is an app token of the person called `name`."""
        person = await self.by_token(secret)
        if person is not None and person.name != name:
            raise SignInNeeded
        return person

    def forget(self) -> None:
        """Looks again at the next request: something was revoked or changed."""
        self._remembered.clear()
        self.on_forget()

    async def _recognise(self, kind: Kind, secret: str) -> Person:
        if len(secret) > LONGEST_SECRET:
            raise SignInNeeded
        hashed, now_s = digest(secret), self._context.clock.now_s()
        known = self._remembered.get(kind + hashed)
        if known and 0 <= now_s - known[0] < REMEMBERED_S:
            return known[1]
        find = self._by_session if kind == "session" else self._by_token
        found = await self._context.database.read(lambda c: find(c, hashed, now_s))
        if found is None:
            raise SignInNeeded
        if self._uses:
            self._uses.saw(kind, found.credential_id, found.last_used_s, now_s)
        person = found.person
        self._remembered[kind + hashed] = (now_s, person)
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return person

    def _by_session(self, connection: Connection, hashed: str, now_s: float) -> Found | None:
        found = credentials.session_by_hash(connection, hashed)
        if found is None:
            return None
        session, account = found
        idle_s = self._context.config.idle_days * 86_400
        if account.is_suspended or now_s >= min(session.expires_s, session.last_used_s + idle_s):
            return None
        administers = session.method == "passkey" or not self._context.config.administrators_need_passkey
        person = _person(account, administers=administers, session_id=session.id, fresh_s=session.proved_s)
        return Found(person=person, credential_id=session.id, last_used_s=session.last_used_s)

    def _by_token(self, connection: Connection, hashed: str, now_s: float) -> Found | None:
        found = credentials.token_by_hash(connection, hashed)
        if found is None:
            return None
        token, account = found
        if account.is_suspended or (token.expires_s is not None and now_s >= token.expires_s):
            return None
        person = _person(
            account, administers=token.administers, scopes=frozenset(token.scopes or (ALL_SCOPES,))
        )
        return Found(person=person, credential_id=token.id, last_used_s=token.last_used_s or 0.0)


def _person(
    account: Account,
    *,
    administers: bool,
    session_id: str = "",
    fresh_s: float = 0.0,
    scopes: frozenset[str] = frozenset({ALL_SCOPES}),
) -> Person:
    return Person(
        id=account.id,
        name=account.name,
        display=account.display,
        is_administrator=account.is_administrator and administers,
        awaits_passkey=account.is_administrator and not administers and bool(session_id),
        locale=account.locale,
        scheme=account.scheme,
        scopes=scopes,
        by_session=bool(session_id),
        session_id=session_id,
        fresh_s=fresh_s,
    )


def authenticator(context: Context) -> TokenAuthenticator:
    """The one of the service where it runs, else one that only reads."""
    if context.service is not None:
        own: TokenAuthenticator = context.service.authenticator
        return own
    return TokenAuthenticator(context)
