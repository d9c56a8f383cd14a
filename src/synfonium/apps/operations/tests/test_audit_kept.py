"""The audit comes back with its signed chain, and a changed row is found at the restore."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from synfonium.apps.operations.errors import NotTheSame
from synfonium.apps.operations.service import checking
from synfonium.composition import PickedEngines
from synfonium.kernel.app import installed_apps
from synfonium.kernel.config import Settings
from synfonium.kernel.secret_box import open_secret_box
from synfonium.testing.chosen_database import database_of
from synfonium.testing.client import installation


@pytest.fixture
async def home(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    async with installation(made) as house:
        await house.person("ana")
    return made


@asynccontextmanager
async def engines_of(home: Path, *, read_only: bool) -> AsyncIterator[PickedEngines]:
    settings = Settings(home, database_of(home)).house
    engines = PickedEngines(home, settings, single_process=False, read_only=read_only)
    try:
        yield engines
    finally:
        await engines.close()


@asynccontextmanager
async def looking(home: Path) -> AsyncIterator[checking.Look]:
    async with engines_of(home, read_only=True) as engines:
        yield checking.Look(
            apps=tuple(app for app in installed_apps() if app.migrations),
            database=lambda app: engines.database(app, read_only=True),
            blobs=engines.blobs,
            copies=engines.copies(),
        )


async def test_a_whole_audit_is_counted_and_a_changed_one_is_found(home: Path) -> None:
    async with looking(home) as look:
        assert checking.check_audit(home, look, open_secret_box(home)) > 0
        heads = home / "audit" / "identity.heads"
        whole = heads.read_bytes()
        heads.write_bytes(b"")  # the file may lack what the moment of the backup had just signed
        assert checking.check_audit(home, look, open_secret_box(home)) > 0
    heads.write_bytes(whole)
    async with engines_of(home, read_only=False) as engines:
        identity = engines.new_database("identity", read_only=False)
        await identity.write(
            lambda connection: connection.execute(
                text("UPDATE identity_audit SET act = 'identity.person.other' WHERE seq = 1")
            )
        )
        identity.close()
    async with looking(home) as look:
        with pytest.raises(NotTheSame):
            checking.check_audit(home, look, open_secret_box(home))
