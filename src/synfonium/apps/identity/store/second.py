"""Rows of the second step: the sealed secret of an app's codes, and hashes of recovery codes."""

from collections.abc import Iterable

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Index,
    LargeBinary,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from synfonium.apps.identity.store.tables import metadata

totp = Table(
    "identity_totp",
    metadata,
    Column("person", String(26), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("last_step", BigInteger, nullable=False),
    Column("made_s", Float, nullable=False),
    info={
        "personal": {
            "person": "whose it is; to check the second step; until it is switched off",
            "last_step": "time step of the last code; so that a code works once; until the next code",
        },
        "owner": "person",
    },
)

recovery_codes = Table(
    "identity_recovery_code",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("person", String(26), nullable=False),
    Column("made_s", Float, nullable=False),
    Index("identity_recovery_code_person", "person"),
    info={
        "personal": {"person": "whose it is; to let them in again; until used or replaced"},
        "owner": "person",
    },
)


def set_totp(connection: Connection, person_id: str, sealed: bytes, step: int, now_s: float) -> None:
    remove_totp(connection, person_id)
    row = {"person": person_id, "sealed": sealed, "last_step": step, "made_s": now_s}
    connection.execute(insert(totp), [row])


def totp_of(connection: Connection, person_id: str) -> bytes | None:
    """The sealed secret."""
    found = connection.execute(select(totp.c.sealed).where(totp.c.person == person_id)).scalar()
    return None if found is None else bytes(found)


def use_step(connection: Connection, person_id: str, step: int) -> bool:
    """Whether no code of this time step or a later one has been used yet."""
    fresh = (totp.c.person == person_id) & (totp.c.last_step < step)
    return connection.execute(update(totp).where(fresh).values(last_step=step)).rowcount == 1


def remove_totp(connection: Connection, person_id: str) -> bool:
    return connection.execute(delete(totp).where(totp.c.person == person_id)).rowcount == 1


def replace_codes(connection: Connection, person_id: str, hashes: Iterable[str], now_s: float) -> None:
    connection.execute(delete(recovery_codes).where(recovery_codes.c.person == person_id))
    rows = [{"hash": hashed, "person": person_id, "made_s": now_s} for hashed in hashes]
    connection.execute(insert(recovery_codes), rows)


def take_code(connection: Connection, person_id: str, hashed: str) -> bool:
    """Removes the code; False when it is not one of this person's, or was used."""
    mine = (recovery_codes.c.person == person_id) & (recovery_codes.c.hash == hashed)
    return connection.execute(delete(recovery_codes).where(mine)).rowcount == 1


def count_codes(connection: Connection, person_id: str) -> int:
    mine = select(func.count()).select_from(recovery_codes).where(recovery_codes.c.person == person_id)
    return int(connection.execute(mine).scalar_one())
