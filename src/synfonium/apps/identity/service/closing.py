"""Closing accounts and opening them again, for whoever has a reason to."""

from collections.abc import Sequence

from sqlalchemy import Connection

from synfonium.apps.identity import contract
from synfonium.apps.identity.contract import person_address
from synfonium.apps.identity.model.organisations import Hold
from synfonium.apps.identity.service.sessions import end_sessions
from synfonium.apps.identity.store import holds
from synfonium.common.ids import PersonId
from synfonium.kernel.context import Context


def close(context: Context, connection: Connection, ids: Sequence[str], reason: Hold) -> None:
    """Suspends accounts and ends their sessions; nothing in them is lost."""
    holds.hold(connection, ids, reason)
    for person in holds.signed_in(connection, ids):
        end_sessions(context, connection, PersonId(person))
    for person in ids:
        context.outbox.add(connection, contract.PERSON_SUSPENDED, person_address(PersonId(person)))


def open_again(context: Context, connection: Connection, ids: Sequence[str], reason: Hold | None) -> None:
    """Takes back `reason`, or all there are; accounts that nothing holds any more open."""
    holds.release(connection, ids, reason)
    for person in ids:
        context.outbox.add(connection, contract.PERSON_RESUMED, person_address(PersonId(person)))
