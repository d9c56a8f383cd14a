"""Jobs that bring files in, and their notes."""

from collections.abc import Collection, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from synfonium.apps.drive.model.move_in import Left, MoveIn
from synfonium.apps.drive.store.tables_moving import move_in_files, move_ins
from synfonium.common.ids import PersonId

j, f = move_ins.c, move_in_files.c
_AT_ONCE = 500


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One thing of a source that was dealt with. why: empty when it is here. place: only of what is not."""

    key: str
    why: str = ""
    place: str = ""


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be added to a job's numbers."""

    done: int = 0
    done_bytes: int = 0
    same: int = 0
    not_taken: int = 0


def add(connection: Connection, job: MoveIn) -> None:
    connection.execute(insert(move_ins), msgspec.structs.asdict(job))


def find(connection: Connection, id_: str) -> MoveIn | None:
    row = connection.execute(select(move_ins).where(j.id == id_)).first()
    return MoveIn(**row._mapping) if row else None


def of_person(connection: Connection, person: PersonId, *, limit: int = 50) -> list[MoveIn]:
    """The newest first."""
    query = select(move_ins).where(j.person == person).order_by(j.id.desc()).limit(limit)
    return [MoveIn(**row._mapping) for row in connection.execute(query)]


def in_states(connection: Connection, states: Sequence[str], *, limit: int = 100) -> list[MoveIn]:
    """The oldest first."""
    query = select(move_ins).where(j.state.in_(states)).order_by(j.id).limit(limit)
    return [MoveIn(**row._mapping) for row in connection.execute(query)]


def change(connection: Connection, id_: str, states: Collection[str], values: Mapping[str, object]) -> bool:
    """Whether it was there, and in one of these states."""
    one = update(move_ins).where(j.id == id_, j.state.in_(states)).values(values)
    return connection.execute(one).rowcount == 1


def remove(connection: Connection, id_: str) -> None:
    connection.execute(delete(move_in_files).where(f.job == id_))
    connection.execute(delete(move_ins).where(j.id == id_))


def note(connection: Connection, id_: str, notes: Sequence[Note], counted: Counted) -> bool:
    """Keeps notes and adds to the numbers; False when the job is gone or runs no more: nothing is kept."""
    added = (
        update(move_ins)
        .where(j.id == id_, j.state == "running")
        .values(
            done=j.done + counted.done,
            done_bytes=j.done_bytes + counted.done_bytes,
            same=j.same + counted.same,
            not_taken=j.not_taken + counted.not_taken,
        )
    )
    if connection.execute(added).rowcount != 1:
        return False
    keys = [one.key for one in notes]
    for first in range(0, len(keys), _AT_ONCE):
        connection.execute(
            delete(move_in_files).where(f.job == id_, f.key.in_(keys[first : first + _AT_ONCE]))
        )
    if notes:
        rows = {one.key: {"job": id_, **msgspec.structs.asdict(one)} for one in notes}
        connection.execute(insert(move_in_files), list(rows.values()))
    return True


def noted(connection: Connection, id_: str, keys: Sequence[str]) -> frozenset[str]:
    """Which of these, at most 500, a note tells of."""
    query = select(f.key).where(f.job == id_, f.key.in_(keys))
    return frozenset(connection.execute(query).scalars())


def forget_not_taken(connection: Connection, id_: str) -> None:
    """What could not be taken is tried again."""
    connection.execute(delete(move_in_files).where(f.job == id_, f.why != ""))
    connection.execute(update(move_ins).where(j.id == id_).values(not_taken=0))


def forget_taken(connection: Connection, id_: str) -> None:
    """What has come needs no note once the job has ended."""
    connection.execute(delete(move_in_files).where(f.job == id_, f.why == ""))


def not_taken(connection: Connection, id_: str, *, limit: int) -> list[Left]:
    query = select(f.place, f.why).where(f.job == id_, f.why != "").order_by(f.place).limit(limit)
    return [Left(**row._mapping) for row in connection.execute(query)]
