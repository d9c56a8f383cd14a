"""The key of the backups, as the home keeps it so that it can make them by itself."""

import os
from pathlib import Path

from synfonium.apps.operations.errors import BackupFailed
from synfonium.apps.operations.model.recovery_key import KEY_BYTES, normal, written
from synfonium.apps.operations.service.places import KEY_FILE


def key_of(home: Path) -> str | None:
    """The recovery key of the home's backups. Raises BackupFailed for a damaged file."""
    try:
        return normal((home / KEY_FILE).read_text("ascii"))
    except FileNotFoundError:
        return None
    except ValueError:
        raise BackupFailed(detail=f"{KEY_FILE} does not hold a recovery key") from None


def make_key(home: Path) -> str:
    """A new key, synced before it is used. Raises FileExistsError when there is one."""
    key = written(os.urandom(KEY_BYTES))
    fresh = home / f".{KEY_FILE}.{os.urandom(4).hex()}"
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(key + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(fresh, home / KEY_FILE)
    finally:
        fresh.unlink(missing_ok=True)
    folder = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return key
