"""Very many names, in files by their beginning, so that few are in memory at a time."""

from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from synfonium.apps.operations.model.pieces import key_of

_AT_ONCE = 10_000
_BEGINNING = 2


class Names:
    """A set of names of blobs in `folder`, which is made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, mode=0o700)
        self._read: tuple[str, frozenset[str]] = ("", frozenset())

    def add(self, names: Iterable[str]) -> None:
        by_beginning: dict[str, list[str]] = {}
        for name in names:
            by_beginning.setdefault(beginning_of(name), []).append(name)
        for beginning, found in by_beginning.items():
            with (self._folder / beginning).open("a", encoding="ascii") as file:
                file.write("".join(f"{name}\n" for name in found))
        self._read = ("", frozenset())

    async def add_all(self, names: AsyncIterator[str]) -> None:
        waiting = list[str]()
        async for name in names:
            waiting.append(name)
            if len(waiting) >= _AT_ONCE:
                self.add(waiting)
                waiting.clear()
        self.add(waiting)

    def beginnings(self) -> set[str]:
        return {path.name for path in self._folder.iterdir()}

    def of(self, beginning: str) -> frozenset[str]:
        """All that begin so."""
        if self._read[0] != beginning:
            path = self._folder / beginning
            found = frozenset(path.read_text("ascii").split()) if path.exists() else frozenset()
            self._read = (beginning, found)
        return self._read[1]

    def __contains__(self, name: str) -> bool:
        return name in self.of(beginning_of(name))


def beginning_of(name: str) -> str:
    return key_of(name)[:_BEGINNING]
