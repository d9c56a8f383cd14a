"""Which files of a folder changed: asked again and again, so that no package is needed."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

EVERY_S = 0.3
MOST_FILES = 10_000
_ASIDE = frozenset({"node_modules", "__pycache__", "dist", "build", "venv"})
_MADE = (".pyc", ".log", ".sqlite", ".sqlite-wal", ".sqlite-shm")

Seen = Mapping[Path, tuple[int, int]]


async def changes(folder: Path, every_s: float = EVERY_S) -> AsyncIterator[frozenset[Path]]:
    """Each time some files changed, came or went: which. Hidden ones, packages and databases do
    not count."""
    before = await asyncio.to_thread(seen, folder)
    while True:
        await asyncio.sleep(every_s)
        now = await asyncio.to_thread(seen, folder)
        changed = frozenset(path for path in {*before, *now} if before.get(path) != now.get(path))
        before = now
        if changed:
            yield changed


def seen(folder: Path) -> Seen:
    """Each file's time and size."""
    found: dict[Path, tuple[int, int]] = {}
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _ASIDE and not name.startswith(".")]
        for name in names:
            if name.startswith(".") or name.endswith(_MADE):
                continue
            try:
                state = (Path(place) / name).stat()
            except OSError:
                continue
            found[Path(place) / name] = (state.st_mtime_ns, state.st_size)
            if len(found) >= MOST_FILES:
                return found
    return found
