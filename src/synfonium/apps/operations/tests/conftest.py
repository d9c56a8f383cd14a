"""A home in a test, and a place for its backups."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from synfonium.testing.client import Installation, installation


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "place"


@pytest.fixture
async def house(tmp_path: Path, place: Path) -> AsyncIterator[Installation]:
    """An installation whose backups go to `place`."""
    settings = {
        "SYNFONIUM_OPERATIONS_BACKUP_TO": str(place),
        "SYNFONIUM_IDENTITY_ADMINISTRATORS_NEED_PASSKEY": "false",
    }
    async with installation(tmp_path / "home", settings) as running:
        yield running
