"""API tokens: the operator gives a program more questions; what it asks stays as unknown as everybody's."""

import secrets
import time
from hashlib import sha256

import msgspec
from sqlalchemy import Connection

from synfonium.apps.search.errors import NoSuchToken, TooManyTokens
from synfonium.apps.search.store import duties
from synfonium.apps.search.store.duties import TokenRow
from synfonium.common.ids import new_id
from synfonium.common.problem import BadInput
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _
from synfonium.kernel.limits import TOKEN_PREFIX, Rate

DAY_S = 86_400.0
MOST_TOKENS = 1_000
MOST_DAYS = 3_650
READ_EVERY_S = 5.0


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """name: whose program it is, for the operator. per_s: questions a second; days: until it ends."""

    name: str
    per_s: float = 50.0
    days: int = 365


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """token: to be shown once; only its hash is kept."""

    id: str
    token: str


class ApiTokens:
    """Issues and takes back, where the database is written."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def issue(self, wanted: Wanted) -> Issued:
        """Raises BadInput, TooManyTokens."""
        name, now_s = wanted.name.strip(), self._context.clock.now_s()
        if not 1 <= len(name) <= 100:
            raise BadInput("name", _("A name has 1 to 100 characters."))
        if not 0 < wanted.per_s <= 100_000:
            raise BadInput("per_s", _("A number above 0, up to 100000."))
        if not 1 <= wanted.days <= MOST_DAYS:
            raise BadInput("days", _("From 1 to 3650 days."))
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        row = TokenRow(
            id=new_id(now_s),
            name=name,
            hash=_hash(token),
            per_s=wanted.per_s,
            burst=max(10, int(wanted.per_s * 30)),
            made_s=now_s,
            until_s=now_s + wanted.days * DAY_S,
        )
        await self._context.database.write(lambda c: _add(c, row))
        return Issued(id=row.id, token=token)

    async def take_back(self, id_: str) -> None:
        """Raises NoSuchToken."""
        if not await self._context.database.write(lambda c: duties.remove_token(c, id_)):
            raise NoSuchToken

    async def all(self) -> list[TokenRow]:
        return await self._context.database.read(duties.read_tokens)


class TokenRates:
    """What the front asks (kernel.limits.Tokens): reads the few tokens there are every few seconds."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._rows = dict[bytes, TokenRow]()
        self._read_s = -READ_EVERY_S

    async def rate_of(self, token: str) -> Rate | None:
        """None for one that is not good."""
        if time.monotonic() - self._read_s >= READ_EVERY_S:
            rows = await self._context.database.read(duties.read_tokens)
            self._rows, self._read_s = {row.hash: row for row in rows}, time.monotonic()
        row = self._rows.get(_hash(token))
        if row is None or row.until_s <= self._context.clock.now_s():
            return None
        return Rate(row.per_s, row.burst)


def rates(context: Context) -> TokenRates:
    return TokenRates(context)


def _add(connection: Connection, row: TokenRow) -> None:
    if len(duties.read_tokens(connection)) >= MOST_TOKENS:
        raise TooManyTokens
    duties.add_token(connection, row)


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
