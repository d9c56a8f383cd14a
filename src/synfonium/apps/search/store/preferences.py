"""Rows of `search_preferences`: the token that a person has kept with their account."""

from sqlalchemy import Connection, delete, insert, select, update

from synfonium.apps.search.store.tables import kept_preferences


def kept_token(connection: Connection, person: str) -> str:
    """ "" for a person who keeps none."""
    asked = select(kept_preferences.c.token).where(kept_preferences.c.person == person)
    return str(connection.execute(asked).scalar() or "")


def keep_token(connection: Connection, person: str, token: str) -> None:
    """Instead of the one before; "" keeps none."""
    mine = kept_preferences.c.person == person
    if not token:
        connection.execute(delete(kept_preferences).where(mine))
    elif not connection.execute(update(kept_preferences).where(mine).values(token=token)).rowcount:
        connection.execute(insert(kept_preferences).values(person=person, token=token))
