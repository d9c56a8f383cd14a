"""The sites that young people find: a list that the operator edits, and nothing else."""

from pathlib import Path

from synfonium.apps.search.service.preferences import host_name

FILE = "young-people.txt"
MOST_HOSTS = 2000
_LARGEST_BYTES = 200_000
GIVEN = Path(__file__).parent.parent / FILE


class YoungHosts:
    """The list in the app's folder, read again when it changes; the one we give until it is there.

    One site a line, `#` begins a remark.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._seen: tuple[Path, int, int] | None = None
        self._hosts: tuple[str, ...] = ()

    def hosts(self) -> tuple[str, ...]:
        """Raises OSError when the operator's list is there and cannot be read: it must not fall open."""
        path = self._file if self._file.exists() else GIVEN
        state = path.stat()
        seen = (path, state.st_mtime_ns, state.st_size)
        if seen != self._seen:
            self._hosts, self._seen = _read(path), seen
        return self._hosts


def _read(path: Path) -> tuple[str, ...]:
    with path.open(encoding="utf-8", errors="replace") as file:
        lines = file.read(_LARGEST_BYTES).splitlines()
    names = (host_name(line.partition("#")[0]) for line in lines)
    return tuple(dict.fromkeys(name for name in names if name))[:MOST_HOSTS]
