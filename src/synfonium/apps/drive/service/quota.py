"""Whether there is room for more."""

from sqlalchemy import Connection

from synfonium.apps.drive.errors import QuotaExceeded
from synfonium.apps.drive.service.room import Reach, Room
from synfonium.apps.drive.store import spaces


def free_bytes(room: Room, connection: Connection, reach: Reach) -> int | None:
    """What may still be added to the space; None for no limit. Never negative."""
    quota = room.quota_bytes(reach.space)
    return None if quota is None else max(0, quota - spaces.used_bytes(connection, reach.space))


def need_room(room: Room, connection: Connection, reach: Reach, more_bytes: int) -> None:
    """Raises QuotaExceeded when `more_bytes` do not fit."""
    free = free_bytes(room, connection, reach) if more_bytes > 0 else None
    if free is not None and more_bytes > free:
        raise QuotaExceeded
