"""The audit comes back with its signed chain, and a changed row is found at the restore."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from synfonium.apps.operations.errors import NotTheSame
from synfonium.apps.operations.service import checking
from synfonium.composition import PickedEngines
from synfonium.kernel.app import installed_apps
from synfonium.kernel.config import Settings
from synfonium.kernel.secret_box import open_secret_box
from synfonium.testing.client import installation


@pytest.fixture
async def home(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    async with installation(made) as house:
        await house.person("ana")
    return made


def looking(home: Path) -> checking.Look:
    engines = PickedEngines(home, Settings(home, {}).house, single_process=False, read_only=True)
    return checking.Look(
        apps=tuple(app for app in installed_apps() if app.migrations),
        database=lambda app: engines.database(app, read_only=True),
        blobs=engines.blobs,
        copies=engines.copies(),
    )


async def test_a_whole_audit_is_counted_and_a_changed_one_is_found(home: Path) -> None:
    look = looking(home)
    assert checking.check_audit(home, look, open_secret_box(home)) > 0
    heads = home / "audit" / "identity.heads"
    whole = heads.read_bytes()
    heads.write_bytes(b"")  # the file may lack what the moment of the backup had just signed
    assert checking.check_audit(home, look, open_secret_box(home)) > 0
    heads.write_bytes(whole)
    with closing(sqlite3.connect(home / "databases" / "identity.sqlite")) as raw:
        raw.execute("UPDATE identity_audit SET act = 'identity.person.other' WHERE seq = 1")
        raw.commit()
    with pytest.raises(NotTheSame):
        checking.check_audit(home, looking(home), open_secret_box(home))
