"""What the rules of a host are."""

import msgspec
from sqlalchemy import Connection, delete, insert, select

from synfonium.apps.search.store.tables import hosts


class HostRow(msgspec.Struct, frozen=True, kw_only=True):
    """What robots.txt of a host said, and when."""

    authority: str
    robots: str
    robots_read_s: float


def read_host(connection: Connection, authority: str) -> HostRow | None:
    row = connection.execute(select(hosts).where(hosts.c.authority == authority)).first()
    return HostRow(**row._mapping) if row else None


def put_host(connection: Connection, host: HostRow) -> None:
    connection.execute(delete(hosts).where(hosts.c.authority == host.authority))
    connection.execute(insert(hosts), [msgspec.structs.asdict(host)])
