"""Named scopes: what a crawl may enter."""

import msgspec
from sqlalchemy import Connection, delete, insert, select

from synfonium.apps.search.model import CrawlScope
from synfonium.apps.search.store.tables import scopes


def put_scope(connection: Connection, name: str, scope: CrawlScope) -> None:
    """Makes the scope, or changes the one of that name."""
    remove_scope(connection, name)
    connection.execute(insert(scopes), [{"name": name, "rules": msgspec.json.encode(scope)}])


def read_scope(connection: Connection, name: str) -> CrawlScope | None:
    rules = connection.scalar(select(scopes.c.rules).where(scopes.c.name == name))
    return msgspec.json.decode(rules, type=CrawlScope) if rules else None


def all_scopes(connection: Connection, limit: int) -> dict[str, CrawlScope]:
    """By name, in the order of names."""
    found = connection.execute(select(scopes).order_by(scopes.c.name).limit(limit))
    return {row.name: msgspec.json.decode(row.rules, type=CrawlScope) for row in found}


def remove_scope(connection: Connection, name: str) -> bool:
    """Whether there was one."""
    return connection.execute(delete(scopes).where(scopes.c.name == name)).rowcount > 0
