"""A disk that has been told things and may lose its power at any moment.

The model is that of ALICE (Pillai et al., OSDI 2014) with the weakest promises that POSIX makes:
- the content of a file is durable when a sync of that file, begun after the write had ended, has ended;
- a name is durable when a sync of its folder has ended: the sync of the file does not do it;
- without them each write may be there, be missing, or be torn at a sector; a file that a later write made
  longer holds zeros where an earlier one is missing. Names of one folder come to be in their order.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field

from .trace import Step

SECTOR_BYTES = 512


@dataclass
class File:
    """synced: what no loss of power takes. waiting: the step, where, and what was written since."""

    synced: bytes = b""
    waiting: list[tuple[int, int, bytes | None]] = field(default_factory=list)
    position: int = 0


@dataclass
class Folder:
    """waiting: the step, the name, and what it stands for since, None for nothing."""

    synced: dict[str, "File | Folder"] = field(default_factory=dict)
    now: dict[str, "File | Folder"] = field(default_factory=dict)
    waiting: list[tuple[int, str, "File | Folder | None"]] = field(default_factory=list)


class Chance:
    """What of the unsynced reaches the disk after all: nothing, all, or some of it."""

    def __init__(self, kept: float, seed: int = 0) -> None:
        self._kept, self._random = kept, random.Random(seed)

    def has(self) -> bool:
        return self._kept > 0 and (self._kept >= 1 or self._random.random() < self._kept)

    def many_of(self, count: int) -> int:
        return (
            sum(1 for _ in range(count) if self.has())
            if self._kept not in (0, 1)
            else int(self._kept) * count
        )

    def torn(self, content: bytes) -> bytes:
        if self._kept >= 1 or self._random.random() < 0.75:
            return content
        return content[: self._random.randrange(len(content) + 1) // SECTOR_BYTES * SECTOR_BYTES]


NOTHING, ALL = Chance(0), Chance(1)


class Disk:
    """Folders below `top`, an absolute path without its last slash."""

    def __init__(self, top: str) -> None:
        self._top, self.root, self._number = top, Folder(), 0

    def hold(self, path: str, content: bytes | None) -> None:
        """A file, or for None a folder, that is durable already; those above come first."""
        parent, name = self._place(path)
        made = File(synced=content) if content is not None else Folder()
        parent.synced[name] = parent.now[name] = made

    def take(self, step: Step) -> None:
        self._number = step.number
        getattr(self, f"_{step.kind}")(step)

    def _place(self, path: str) -> tuple[Folder, str]:
        *above, name = path.removeprefix(self._top + "/").split("/")
        folder = self.root
        for part in above:
            inner = folder.now[part]
            assert isinstance(inner, Folder)
            folder = inner
        return folder, name

    def _at(self, path: str) -> File | Folder | None:
        if path == self._top:
            return self.root
        folder, name = self._place(path)
        return folder.now.get(name)

    def _file(self, path: str) -> File | None:
        """None for one whose name is gone already."""
        found = self._at(path)
        assert not isinstance(found, Folder)
        return found

    def _change(self, path: str, what: File | Folder | None) -> None:
        folder, name = self._place(path)
        folder.waiting.append((self._number, name, what))
        if what is None:
            folder.now.pop(name, None)
        else:
            folder.now[name] = what

    def _create(self, step: Step) -> None:
        if self._at(step.path) is None:
            self._change(step.path, File())

    def _mkdir(self, step: Step) -> None:
        self._change(step.path, Folder())

    def _unlink(self, step: Step) -> None:
        self._change(step.path, None)

    def _link(self, step: Step) -> None:
        self._change(step.other, self._at(step.path))

    def _rename(self, step: Step) -> None:
        self._change(step.other, self._at(step.path))
        self._change(step.path, None)

    def _write(self, step: Step) -> None:
        if (file := self._file(step.path)) is None:
            return
        at = file.position if step.offset is None else step.offset
        if step.offset is None:
            file.position += len(step.content)
        file.waiting.append((self._number, at, step.content))

    def _truncate(self, step: Step) -> None:
        if (file := self._file(step.path)) is not None:
            file.waiting.append((self._number, step.offset or 0, None))

    def _sync(self, step: Step) -> None:
        found = self._at(step.path)
        if isinstance(found, Folder):
            _name_all(found.synced, [(name, what) for at, name, what in found.waiting if at <= step.at])
            found.waiting = [one for one in found.waiting if one[0] > step.at]
        elif found is not None:
            done = [(at, content) for count, at, content in found.waiting if count <= step.at]
            found.synced = _written(found.synced, done)
            found.waiting = [one for one in found.waiting if one[0] > step.at]

    def after_power(self, chance: Chance) -> dict[str, bytes | None]:
        """Path below the top to content, None for a folder."""
        found: dict[str, bytes | None] = {}
        _walk(self.root, "", found, chance)
        return found


def _walk(folder: Folder, above: str, found: dict[str, bytes | None], chance: Chance) -> None:
    names = folder.synced
    if folder.waiting and (kept := chance.many_of(len(folder.waiting))):
        names = dict(names)
        _name_all(names, [(name, what) for _, name, what in folder.waiting[:kept]])
    for name, what in names.items():
        if isinstance(what, Folder):
            found[above + name] = None
            _walk(what, f"{above}{name}/", found, chance)
        else:
            found[above + name] = _content(what, chance)


def _content(file: File, chance: Chance) -> bytes:
    kept = [(at, chance.torn(c) if c is not None else None) for _, at, c in file.waiting if chance.has()]
    return _written(file.synced, kept) if kept else file.synced


def _name_all(names: dict[str, File | Folder], changes: Iterable[tuple[str, File | Folder | None]]) -> None:
    for name, what in changes:
        if what is None:
            names.pop(name, None)
        else:
            names[name] = what


def _written(content: bytes, writes: Iterable[tuple[int, bytes | None]]) -> bytes:
    whole = bytearray(content)
    for at, piece in writes:
        if piece is None:
            del whole[at:]
            whole += bytes(max(0, at - len(whole)))
        else:
            whole += bytes(max(0, at - len(whole)))
            whole[at : at + len(piece)] = piece
    return bytes(whole)
