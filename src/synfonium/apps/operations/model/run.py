"""Backups and rehearsals as they are remembered, and when the next one is due."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from synfonium.apps.operations.model.manifest import Checked

Kind = Literal["backup", "rehearsal"]
State = Literal["waiting", "running", "done", "failed"]
_HOUR_S, _DAY_S = 3600.0, 86_400.0
# A failed one is tried again sooner than it would be due, and not at once.
_AGAIN_S = 3600.0


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One backup or rehearsal. ended_s: 0 while it is not over. reason: a problem's code."""

    id: str
    kind: Kind
    state: State
    begun_s: float
    ended_s: float = 0.0
    kept_id: str = ""
    added_bytes: int = 0
    total_bytes: int = 0
    vault_bytes: int = 0
    reason: str = ""
    checked: Checked | None = None


class Rhythm(msgspec.Struct, frozen=True, kw_only=True):
    """How often; 0 means never."""

    backup_s: float
    rehearsal_s: float

    @classmethod
    def of(cls, every_hours: float, every_days: float) -> "Rhythm":
        return cls(backup_s=max(0.0, every_hours) * _HOUR_S, rehearsal_s=max(0.0, every_days) * _DAY_S)


def next_backup_s(runs: Sequence[Run], rhythm: Rhythm, now_s: float) -> float | None:
    """When the next backup is due (`now_s` when that has passed), or None for never."""
    return _next_s(runs, "backup", rhythm.backup_s, now_s)


def next_rehearsal_s(runs: Sequence[Run], rhythm: Rhythm, now_s: float) -> float | None:
    """As `next_backup_s`; there is nothing to rehearse before the first backup."""
    if last_done(runs, "backup") is None:
        return None
    return _next_s(runs, "rehearsal", rhythm.rehearsal_s, now_s)


def last_done(runs: Sequence[Run], kind: Kind) -> Run | None:
    done = [run for run in runs if run.kind == kind and run.state == "done"]
    return max(done, key=lambda run: run.ended_s, default=None)


def last_failed(runs: Sequence[Run], kind: Kind) -> Run | None:
    """The failure that nothing has succeeded after."""
    own = [run for run in runs if run.kind == kind and run.state in ("done", "failed")]
    last = max(own, key=lambda run: run.ended_s, default=None)
    return last if last and last.state == "failed" else None


def _next_s(runs: Sequence[Run], kind: Kind, every_s: float, now_s: float) -> float | None:
    if every_s <= 0:
        return None
    if any(run.kind == kind and run.state in ("waiting", "running") for run in runs):
        return None
    done, failed = last_done(runs, kind), last_failed(runs, kind)
    due_s = done.begun_s + every_s if done else 0.0
    if failed:
        due_s = max(min(due_s, failed.ended_s + _AGAIN_S), failed.ended_s + _AGAIN_S)
    return max(due_s, now_s)
