"""One-use tickets: what opens a screen, for a few seconds, to one sign-in."""

import hashlib
import secrets

from synfonium.apps.pc import store
from synfonium.apps.pc.errors import TicketRefused
from synfonium.apps.pc.model.machine import Machine
from synfonium.common.ids import PersonId
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context

_TICKET_BYTES = 32


class Tickets:
    """Gives tickets and takes them back; only their digests are kept."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def give(self, actor: Person, machine: Machine) -> str:
        """A ticket of 256 random bits to the screen of `machine`."""
        ticket = secrets.token_urlsafe(_TICKET_BYTES)
        now_s = self._context.clock.now_s()
        kept = store.Ticket(
            digest=_digest(ticket),
            machine=machine.id,
            person=actor.id,
            session=actor.session_id,
            expires_s=now_s + self._context.config.ticket_s,
        )
        await self._context.database.write(lambda c: store.add_ticket(c, kept, now_s))
        return ticket

    async def take(self, ticket: str, person: PersonId, session: str) -> str:
        """The id of the machine that the ticket opens; it opens nothing from then on.

        Raises TicketRefused, also for a ticket that another person or session got.
        """
        digest = _digest(ticket)
        kept = await self._context.database.write(lambda c: store.take_ticket(c, digest))
        if kept is None or kept.expires_s < self._context.clock.now_s():
            raise TicketRefused
        if (kept.person, kept.session) != (person, session):
            raise TicketRefused
        return kept.machine


def _digest(ticket: str) -> str:
    return hashlib.sha256(ticket.encode("utf-8", "replace")).hexdigest()
