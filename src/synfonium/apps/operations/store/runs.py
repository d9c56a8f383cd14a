"""Rows of `operations_run`."""

from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from synfonium.apps.operations.model.manifest import Checked
from synfonium.apps.operations.model.run import Kind, Run
from synfonium.apps.operations.store.tables import runs


def add(connection: Connection, run: Run, *, is_job: bool) -> None:
    connection.execute(insert(runs).values(**_values(run), is_job=is_job))


def change(connection: Connection, run: Run) -> None:
    connection.execute(update(runs).where(runs.c.id == run.id).values(**_values(run)))


def find(connection: Connection, run_id: str) -> Run | None:
    row = connection.execute(select(runs).where(runs.c.id == run_id)).mappings().first()
    return _run(row) if row else None


def since(connection: Connection, time_s: float) -> list[Run]:
    """Runs that began since then, newest first; at most a thousand."""
    asked = select(runs).where(runs.c.begun_s >= time_s).order_by(runs.c.begun_s.desc()).limit(1000)
    return [_run(row) for row in connection.execute(asked).mappings()]


def latest(connection: Connection) -> list[Run]:
    """The last hundred of each kind: what the schedule looks at."""
    found = []
    for kind in ("backup", "rehearsal"):
        asked = select(runs).where(runs.c.kind == kind).order_by(runs.c.begun_s.desc()).limit(100)
        found += [_run(row) for row in connection.execute(asked).mappings()]
    return found


def waiting(connection: Connection, kind: Kind) -> str | None:
    """The run of this kind that waits or runs as a job."""
    asked = select(runs.c.id).where(
        runs.c.kind == kind, runs.c.state.in_(("waiting", "running")), runs.c.is_job.is_(True)
    )
    return connection.execute(asked).scalar()


def end_interrupted(connection: Connection, now_s: float) -> None:
    """What ran for a command when the process ended; jobs go on by themselves."""
    connection.execute(
        update(runs)
        .where(runs.c.state == "running", runs.c.is_job.is_(False))
        .values(state="failed", ended_s=now_s, reason="operations.interrupted")
    )


def forget_before(connection: Connection, time_s: float) -> None:
    connection.execute(delete(runs).where(runs.c.begun_s < time_s))


def _values(run: Run) -> dict[str, Any]:
    values = {name: getattr(run, name) for name in run.__struct_fields__ if name != "checked"}
    return {**values, "checked": msgspec.json.encode(run.checked).decode() if run.checked else None}


def _run(row: Any) -> Run:
    checked = msgspec.json.decode(row["checked"], type=Checked) if row["checked"] else None
    plain = {name: row[name] for name in Run.__struct_fields__ if name != "checked"}
    return Run(**plain, checked=checked)
