"""The tables of an app's audit, for its store and for its migrations."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    select,
    update,
)

from synfonium.kernel.audit.chain import GENESIS, row_hash

__all__ = ["add_chain", "add_heads_and_indexes", "audit_heads_table", "audit_table"]

_BATCH = 500


def audit_table(app: str, metadata: MetaData) -> Table:
    """The table `<app>_audit`; each app that changes things makes it, and that of the heads."""
    audit_heads_table(app, metadata)
    return Table(
        f"{app}_audit",
        metadata,
        Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        Column("time_s", Float, nullable=False),
        Column("person", String(26), nullable=False),
        Column("act", String(100), nullable=False),
        Column("subject", String(200), nullable=False),
        Column("by_app", String(60), nullable=False, default=""),
        Column("previous", String(64), nullable=False),
        Column("hash", String(64), nullable=False),
        Index(f"{app}_audit_person", "person"),
        Index(f"{app}_audit_subject", "subject"),
        info={
            "personal": {"person": "id of who did it; accountability towards that person; 12 months"},
            "kept": "who did what must stay provable; an id alone says nothing once the account is gone",
            "swept": "synfonium.kernel.audit.keeper:Keeper.forget",
        },
        keep_existing=True,
        sqlite_autoincrement=True,
    )


def audit_heads_table(app: str, metadata: MetaData) -> Table:
    """The table `<app>_audit_head`: signed heads, also kept in the home's `audit/<app>.heads`."""
    return Table(
        f"{app}_audit_head",
        metadata,
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("seq", BigInteger, nullable=False),
        Column("hash", String(64), nullable=False),
        Column("time_s", Float, nullable=False),
        Column("kind", String(10), nullable=False),
        Column("previous", String(64), nullable=False),
        Column("signature", String(88), nullable=False),
        info={"personal": {}},
        keep_existing=True,
    )


def add_chain(op: Any, app: str) -> None:
    """For a migration: gives an audit of before its chain, and the table of its heads.

    op: Alembic's operations. What was written before is chained as it is found.
    """
    for name in ("previous", "hash"):
        op.add_column(f"{app}_audit", Column(name, String(64), nullable=False, server_default=""))
    add_heads_and_indexes(op, app)
    chain_rows(op.get_bind(), app)


def add_heads_and_indexes(op: Any, app: str) -> None:
    """For a migration: what belongs to `<app>_audit` beside it."""
    op.create_table(
        f"{app}_audit_head",
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("seq", BigInteger, nullable=False),
        Column("hash", String(64), nullable=False),
        Column("time_s", Float, nullable=False),
        Column("kind", String(10), nullable=False),
        Column("previous", String(64), nullable=False),
        Column("signature", String(88), nullable=False),
    )
    op.create_index(f"{app}_audit_person", f"{app}_audit", ["person"])
    op.create_index(f"{app}_audit_subject", f"{app}_audit", ["subject"])


def chain_rows(connection: Connection, app: str) -> None:
    """Numbers rows from 1 without gaps and chains them, in their order."""
    table = audit_table(app, MetaData())
    previous, number, after = GENESIS, 0, -1
    ordered = select(table).order_by(table.c.seq).limit(_BATCH)
    while rows := connection.execute(ordered.where(table.c.seq > after)).all():
        for row in rows:
            number += 1
            texts = (row.person, row.act, row.subject, row.by_app)
            found = row_hash(app, number, row.time_s, texts, previous)
            values = {"seq": number, "previous": previous, "hash": found}
            connection.execute(update(table).where(table.c.seq == row.seq).values(values))
            previous, after = found, row.seq
