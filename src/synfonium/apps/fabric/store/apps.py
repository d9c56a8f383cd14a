"""Outside apps that were registered; installed ones bring their manifest in their folder."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Column, Connection, Float, LargeBinary, String, Table, Text, func, insert, select

from synfonium.apps.fabric.store.tables import metadata
from synfonium.common.ids import AppName

apps = Table(
    "fabric_app",
    metadata,
    Column("name", String(30), primary_key=True),
    Column("origin", String(300), nullable=False),
    Column("client_id", String(26), nullable=False, unique=True),
    Column("owner", String(26), nullable=False, index=True),
    Column("manifest", Text, nullable=False),
    Column("webhook_sealed", LargeBinary, nullable=False),
    Column("created_s", Float, nullable=False),
    Column("changed_s", Float, nullable=False),
    Column("upstream", String(300), nullable=False),
    info={
        "personal": {
            "owner": "id of who registered an app for themselves; to show it to them; until they remove it",
            "manifest": "what their app says of itself; to reach it; until they remove it",
        },
        "owner": "owner",
    },
)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row without its manifest and secret. owner: "" for an app that everybody has."""

    name: AppName
    origin: str
    client_id: str
    owner: str
    created_s: float
    changed_s: float
    upstream: str = ""


_BARE = select(*(apps.c[name] for name in Row.__struct_fields__))


def every(connection: Connection, owner: str | None = None, limit: int = 10_000) -> Sequence[Row]:
    """By name; of `owner` alone when given."""
    query = _BARE.order_by(apps.c.name).limit(limit)
    if owner is not None:
        query = query.where(apps.c.owner == owner)
    return [msgspec.convert(row, Row, from_attributes=True) for row in connection.execute(query)]


def named(connection: Connection, name: str) -> Row | None:
    row = connection.execute(_BARE.where(apps.c.name == name)).first()
    return None if row is None else msgspec.convert(row, Row, from_attributes=True)


def manifest(connection: Connection, name: str) -> bytes:
    """What was registered, to the byte; empty when it has gone."""
    text = connection.execute(select(apps.c.manifest).where(apps.c.name == name)).scalar()
    return (text or "").encode()


def webhook_sealed(connection: Connection, name: str) -> bytes:
    return bytes(connection.execute(select(apps.c.webhook_sealed).where(apps.c.name == name)).scalar() or b"")


def count(connection: Connection, owner: str) -> int:
    query = select(func.count()).select_from(apps).where(apps.c.owner == owner)
    return int(connection.execute(query).scalar_one())


def add(connection: Connection, row: Row, manifest: bytes, webhook: bytes) -> None:
    values = {**msgspec.structs.asdict(row), "manifest": manifest.decode(), "webhook_sealed": webhook}
    connection.execute(insert(apps), [values])


def change(connection: Connection, name: str, manifest: bytes, upstream: str, now_s: float) -> None:
    values = {"manifest": manifest.decode(), "changed_s": now_s, "upstream": upstream}
    connection.execute(apps.update().where(apps.c.name == name).values(values))


def set_webhook(connection: Connection, name: str, webhook: bytes) -> None:
    connection.execute(apps.update().where(apps.c.name == name).values(webhook_sealed=webhook))


def remove(connection: Connection, name: str) -> bool:
    return connection.execute(apps.delete().where(apps.c.name == name)).rowcount == 1
