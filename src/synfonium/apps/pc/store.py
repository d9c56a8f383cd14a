"""Rows of PCs and of tickets to their screens."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    MetaData,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)

from synfonium.apps.pc.model.machine import Machine, State, Wanted
from synfonium.kernel.audit import audit_table
from synfonium.kernel.outbox import outbox_table

metadata = MetaData()
outbox = outbox_table("pc", metadata)
audit = audit_table("pc", metadata)

machines = Table(
    "pc_machine",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("owner", String(26), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("image", String(40), nullable=False),
    Column("cpus", Float, nullable=False),
    Column("memory_bytes", BigInteger, nullable=False),
    Column("disk_bytes", BigInteger, nullable=False),
    Column("wanted", String(10), nullable=False),
    Column("state", String(10), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("started_s", Float, nullable=False),
    Column("created_s", Float, nullable=False),
    UniqueConstraint("owner", "name", name="pc_machine_name"),
    info={
        "personal": {
            "owner": "id of the person; whose PC this is; until the PC is deleted",
            "name": "what the person calls the PC; to tell their PCs apart; until the PC is deleted",
        },
        "owner": "owner",
    },
)

tickets = Table(
    "pc_ticket",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("machine", String(26), nullable=False),
    Column("person", String(26), nullable=False),
    Column("session", String(64), nullable=False),
    Column("expires_s", Float, nullable=False),
    info={
        "personal": {
            "person": "id of the person; who may open the screen; seconds",
            "session": "id of the sign-in; a ticket is of no use to another; seconds",
        },
        "owner": "person",
        "secrets": ("digest",),
        "ends": ("expires_s", 0.0),
    },
)


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """Lets one session of one person open one PC's screen once, before `expires_s`."""

    digest: str
    machine: str
    person: str
    session: str
    expires_s: float


def add_machine(connection: Connection, machine: Machine) -> None:
    connection.execute(insert(machines), [msgspec.structs.asdict(machine)])


def machine_of(connection: Connection, machine_id: str) -> Machine | None:
    row = connection.execute(select(machines).where(machines.c.id == machine_id)).one_or_none()
    return _machine(row) if row else None


def machines_of(connection: Connection, owner: str = "") -> Sequence[Machine]:
    """A person's PCs, or everybody's, the oldest first."""
    query = select(machines).order_by(machines.c.created_s, machines.c.id)
    if owner:
        query = query.where(machines.c.owner == owner)
    return [_machine(row) for row in connection.execute(query)]


def count_of(connection: Connection, owner: str) -> int:
    query = select(func.count()).select_from(machines).where(machines.c.owner == owner)
    return int(connection.execute(query).scalar_one())


def has_name(connection: Connection, owner: str, name: str) -> bool:
    query = select(machines.c.id).where(machines.c.owner == owner, machines.c.name == name)
    return connection.execute(query).first() is not None


def want(connection: Connection, machine_id: str, wanted: Wanted) -> None:
    connection.execute(update(machines).where(machines.c.id == machine_id).values(wanted=wanted))


def see(
    connection: Connection, machine_id: str, state: State, *, reason: str = "", started_s: float = 0.0
) -> None:
    """Writes down what is true of a PC now."""
    values = {"state": state, "reason": reason, "started_s": started_s}
    connection.execute(update(machines).where(machines.c.id == machine_id).values(**values))


def remove_machine(connection: Connection, machine_id: str) -> None:
    connection.execute(delete(tickets).where(tickets.c.machine == machine_id))
    connection.execute(delete(machines).where(machines.c.id == machine_id))


def add_ticket(connection: Connection, ticket: Ticket, now_s: float) -> None:
    """Keeps a ticket, and forgets those that nobody used in time."""
    connection.execute(delete(tickets).where(tickets.c.expires_s < now_s))
    connection.execute(insert(tickets), [msgspec.structs.asdict(ticket)])


def take_ticket(connection: Connection, digest: str) -> Ticket | None:
    """The ticket, which is gone from now on."""
    row = connection.execute(select(tickets).where(tickets.c.digest == digest)).one_or_none()
    taken = connection.execute(delete(tickets).where(tickets.c.digest == digest))
    return Ticket(**row._mapping) if row and taken.rowcount == 1 else None


def _machine(row: Row[tuple[object, ...]]) -> Machine:
    return Machine(**row._mapping)
