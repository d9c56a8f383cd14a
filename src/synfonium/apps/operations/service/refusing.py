"""What engines refuse, in the words of operations."""

from collections.abc import Iterator
from contextlib import contextmanager

from synfonium.apps.operations import errors
from synfonium.common.problem import Problem, StorageFull
from synfonium.ports.copies import CopyFailed
from synfonium.ports.vault import VaultError

_WITHOUT_DETAIL: dict[str, type[Problem]] = {
    "wrong_key": errors.WrongKey,
    "absent": errors.NoBackupThere,
    "strange": errors.StrangePlace,
}
_WITH_DETAIL: dict[str, type[Problem]] = {
    "damaged": errors.BackupDamaged,
    "full": errors.NoRoom,
    "missing": errors.ProgramMissing,
    "unreachable": errors.PlaceAway,
    "failed": errors.BackupFailed,
}


@contextmanager
def refusing() -> Iterator[None]:
    """Turns VaultError, CopyFailed and errors of the disk into Problems."""
    try:
        yield
    except VaultError as error:
        if error.reason in _WITHOUT_DETAIL:
            raise _WITHOUT_DETAIL[error.reason] from error
        raise _WITH_DETAIL[error.reason](detail=error.detail) from error
    except CopyFailed as error:
        raise errors.BackupFailed(detail=str(error)) from error
    except StorageFull as error:
        raise errors.NoRoom(detail="the disk of the home") from error
    except OSError as error:
        if error.errno in (28, 122):
            raise errors.NoRoom(detail="the disk of the home") from error
        said = f"{error.strerror} ({error.filename or 'a file'})" if error.strerror else str(error)
        raise errors.BackupFailed(detail=said) from error
