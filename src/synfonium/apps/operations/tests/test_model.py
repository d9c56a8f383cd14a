"""The recovery key, and when something is due."""

import os

import pytest

from synfonium.apps.operations.model.recovery_key import normal, written
from synfonium.apps.operations.model.run import Rhythm, Run, last_failed, next_backup_s, next_rehearsal_s

DAY_S = 86_400.0
RHYTHM = Rhythm.of(24, 7)


def run(kind: str, state: str, begun_s: float) -> Run:
    return Run(id="x", kind=kind, state=state, begun_s=begun_s, ended_s=begun_s + 60)  # type: ignore[arg-type]


def test_a_key_is_understood_however_it_was_copied() -> None:
    for _ in range(50):
        key = written(os.urandom(20))
        assert len(key) == 39
        assert normal(f"  {key.lower().replace('-', ' ')}\n") == key
        assert normal(key.replace("0", "o").replace("1", "l")) == key


@pytest.mark.parametrize("typed", ["", "0000-0000", "U" * 32, "0" * 33, "é" * 32])
def test_what_is_no_key_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):
        normal(typed)


def test_a_first_backup_is_due_at_once_and_the_next_a_day_later() -> None:
    assert next_backup_s([], RHYTHM, 1000.0) == 1000.0
    assert next_backup_s([run("backup", "done", 1000.0)], RHYTHM, 5000.0) == 1000.0 + DAY_S
    assert next_backup_s([run("backup", "done", 1000.0)], RHYTHM, 9 * DAY_S) == 9 * DAY_S


def test_nothing_is_due_while_one_runs_or_when_never_was_said() -> None:
    assert next_backup_s([run("backup", "waiting", 1000.0)], RHYTHM, 9 * DAY_S) is None
    assert next_backup_s([], Rhythm.of(0, 0), 1000.0) is None


def test_a_failed_one_is_tried_again_an_hour_later() -> None:
    runs = [run("backup", "done", 0.0), run("backup", "failed", DAY_S)]
    assert next_backup_s(runs, RHYTHM, DAY_S + 100) == DAY_S + 60 + 3600
    assert last_failed(runs, "backup") == runs[1]
    assert last_failed([*runs, run("backup", "done", 2 * DAY_S)], "backup") is None


def test_there_is_nothing_to_rehearse_before_the_first_backup() -> None:
    assert next_rehearsal_s([], RHYTHM, 1000.0) is None
    assert next_rehearsal_s([run("backup", "done", 0.0)], RHYTHM, 1000.0) == 1000.0
