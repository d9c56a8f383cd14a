"""What people agreed that sites may learn."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select

from synfonium.apps.identity.model.oauth.client import Client
from synfonium.apps.identity.store.oauth.clients import as_client
from synfonium.apps.identity.store.tables import clients, consents

_CONSENTED = select(consents.c.scopes).where(
    (consents.c.person == bindparam("person_id")) & (consents.c.client == bindparam("client_id"))
)


def consented(connection: Connection, person_id: str, client_id: str) -> frozenset[str]:
    """The scopes that a person agreed to for a client; empty when never asked."""
    found = connection.execute(_CONSENTED, {"person_id": person_id, "client_id": client_id}).scalar()
    return frozenset(str(found).split()) if found is not None else frozenset()


def consent(
    connection: Connection, person_id: str, client_id: str, scopes: Sequence[str], now_s: float
) -> None:
    """Adds `scopes` to what the person agreed to."""
    joined = sorted(consented(connection, person_id, client_id) | set(scopes))
    mine = (consents.c.person == person_id) & (consents.c.client == client_id)
    connection.execute(delete(consents).where(mine))
    row = {"person": person_id, "client": client_id, "scopes": " ".join(joined), "given_s": now_s}
    connection.execute(insert(consents), [row])


def consents_of(connection: Connection, person_id: str) -> Sequence[tuple[Client, tuple[str, ...], float]]:
    """Clients a person agreed to, with scopes and since when."""
    query = (
        select(clients, consents.c.scopes, consents.c.given_s)
        .join(consents, consents.c.client == clients.c.id)
        .where(consents.c.person == person_id)
        .order_by(clients.c.name)
    )
    return [(as_client(row), tuple(row.scopes.split()), row.given_s) for row in connection.execute(query)]


def withdraw(connection: Connection, person_id: str, client_id: str) -> bool:
    """Whether there was a consent to take back."""
    mine = (consents.c.person == person_id) & (consents.c.client == client_id)
    return connection.execute(delete(consents).where(mine)).rowcount == 1
