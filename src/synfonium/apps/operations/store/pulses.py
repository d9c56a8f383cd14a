"""Rows of `operations_pulse`."""

import msgspec
from sqlalchemy import Connection, delete, insert, select

from synfonium.apps.operations.store.tables import pulses
from synfonium.kernel.vitals import Vitals


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """How a role was at one moment."""

    time_s: float
    is_up: bool
    memory_bytes: int
    waiting: int


def add(connection: Connection, now_s: float, role: str, vitals: Vitals | None) -> None:
    row = {
        "time_s": now_s,
        "role": role,
        "is_up": vitals is not None,
        "memory_bytes": vitals.memory_bytes if vitals else 0,
        "waiting": vitals.waiting if vitals else 0,
    }
    connection.execute(insert(pulses), [row])


def of_role(connection: Connection, role: str) -> list[Beat]:
    """The last day's, oldest first; at most 300."""
    asked = select(pulses).where(pulses.c.role == role).order_by(pulses.c.time_s.desc()).limit(300)
    rows = connection.execute(asked).all()[::-1]
    return [
        Beat(time_s=r.time_s, is_up=r.is_up, memory_bytes=r.memory_bytes, waiting=r.waiting) for r in rows
    ]


def forget_before(connection: Connection, time_s: float) -> None:
    connection.execute(delete(pulses).where(pulses.c.time_s < time_s))
