"""What identity asks of us at a sign-in: is this account one that its person closed?"""

import base64
import binascii

import msgspec

from synfonium.apps.identity.contract import Leaving
from synfonium.apps.yourdata import store
from synfonium.apps.yourdata.errors import NotLeaving
from synfonium.kernel.context import Context

TICKET_S = 900
_PURPOSE = "yourdata/keep"


class _Ticket(msgspec.Struct, frozen=True, array_like=True):
    person: str
    ends_s: int


class Leavings:
    """See identity's contract; in every process, by reading alone."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def path_of(self, person: str) -> str:
        found = await self._context.database.read(lambda c: store.erasure_of(c, person))
        if found is None or found.state != "waiting":
            return ""
        return f"/leaving/{self.ticket(person)}"

    def ticket(self, person: str) -> str:
        """Lets who has just proved that they are the person decide, for a quarter of an hour."""
        ticket = _Ticket(person, int(self._context.clock.now_s()) + TICKET_S)
        sealed = self._context.secrets.seal(msgspec.msgpack.encode(ticket), purpose=_PURPOSE)
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def person_of(self, ticket: str) -> str:
        """Raises NotLeaving."""
        try:
            sealed = base64.b64decode(ticket[:500] + "=" * (-len(ticket) % 4), altchars=b"-_", validate=True)
            found = msgspec.msgpack.decode(self._context.secrets.open(sealed, purpose=_PURPOSE), type=_Ticket)
        except (ValueError, binascii.Error, msgspec.MsgspecError):
            raise NotLeaving from None
        if found.ends_s < self._context.clock.now_s():
            raise NotLeaving
        return found.person


def leaving(context: Context) -> Leaving:
    return Leavings(context)
