"""The folders that `synfonium app mount` shows now, and how they come to be what is granted."""

import asyncio
import fcntl
import os
import shutil
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from synfonium.apps.fabric.contract import GrantSecret
from synfonium.apps.fabric.model.mounts import Given, places
from synfonium.common.problem import Problem
from synfonium.kernel.calls import Caller
from synfonium.kernel.refusals import RoleAway
from synfonium.libraries.davmount.mounts import DavMount
from synfonium.libraries.davmount.points import mounted_at, unmount

AT_ONCE = 4
AGAIN_AFTER_S = 10.0


class Busy(Exception):
    """Another command does this already, or the folder has something else in it."""


class Answer(msgspec.Struct, frozen=True):
    """Of fabric.app_given."""

    seen: int
    given: list[Given]


class _Shown:
    """One folder. It is being opened, is open, or waits until it is tried again."""

    def __init__(self, given: Given, mount: DavMount, opening: "asyncio.Task[None]") -> None:
        self.given, self.mount, self.opening = given, mount, opening
        self.began_s = time.monotonic()

    @property
    def has_failed(self) -> bool:
        return self.opening.done() and not self.mount.is_open

    def is_as(self, given: Given | None) -> bool:
        """Whether it may stay for what is granted now."""
        if given is None or (given.grant, given.can_write) != (self.given.grant, self.given.can_write):
            return False
        if self.has_failed:
            return time.monotonic() - self.began_s < AGAIN_AFTER_S
        # Taken back and given back in between: the secret has gone.
        return given.has_secret or not self.opening.done()


class Mounted:
    """`begin`, then `bring` again and again, then `end`."""

    def __init__(
        self, name: str, folder: Path, kept: Path, call: Caller, *, owner: tuple[int, int] | None
    ) -> None:
        """kept: what outlives this process lies there: caches, and numbers of names."""
        self._name, self._folder, self._call, self._owner = name, folder, call, owner
        self._cache, self._numbers_file = kept / name, kept / f"{name}.json"
        self._numbers: dict[str, int] = {}
        self._shown: dict[str, _Shown] = {}
        self._seen = -1
        self._turn = asyncio.Semaphore(AT_ONCE)
        self.one_each = False

    @property
    def _device(self) -> str:
        return f"synfonium-{self._name}"

    async def begin(self) -> None:
        """Takes away what one that crashed left. Raises Busy for a folder with anything else."""
        for left in mounted_at(self._folder, self._device):
            await unmount(left, lazily=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        _sweep(self._folder)
        if other := next(iter(self._folder.iterdir()), None):
            raise Busy(f"{self._folder} has to be empty, and has {other.name}")
        self._folder.chmod(CLOSED)
        with suppress(OSError, msgspec.DecodeError):
            self._numbers = msgspec.json.decode(self._numbers_file.read_bytes(), type=dict[str, int])

    async def bring(self) -> None:
        """Makes what shows be what is granted, as soon as that changes. Raises RoleAway, NoSuchApp."""
        await self._tell_shown()
        asked = {"name": self._name, "seen": self._seen}
        answer = msgspec.convert(await self._call("fabric.app_given", asked), Answer)
        if self._seen < 0:
            self._forget_caches(answer.given)
        before = dict(self._numbers)
        wanted = places(answer.given, self._numbers, one_each=self.one_each)
        if self._numbers != before:
            self._numbers_file.write_bytes(msgspec.json.encode(self._numbers))
        await self._take_away(wanted)
        for place in [place for place in wanted if place not in self._shown]:
            self._show(place, wanted[place])
        self._seen = answer.seen

    async def end(self) -> None:
        """Hides everything; what was being written goes out first."""
        await asyncio.gather(*(self._hide(place, at_once=False) for place in tuple(self._shown)))
        _sweep(self._folder)

    def in_words(self) -> str:
        people = {place.partition("/")[0] for place in self._shown}
        failed = sum(shown.has_failed for shown in self._shown.values())
        more = f"; {failed} cannot be shown and are tried again" if failed else ""
        return f"people: {len(people)}, folders: {len(self._shown) - failed}{more}"

    def _forget_caches(self, given: Sequence[Given]) -> None:
        """What was not sent before a crash still is, while it may be."""
        kept = {one.grant for one in given}
        for left in self._cache.iterdir() if self._cache.is_dir() else ():
            if left.name not in kept:
                shutil.rmtree(left, ignore_errors=True)

    async def _take_away(self, wanted: Mapping[str, Given]) -> None:
        ending = [place for place, shown in self._shown.items() if not shown.is_as(wanted.get(place))]
        # Nothing is let in any more: there is nothing to wait for.
        await asyncio.gather(*(self._hide(place, at_once=place not in wanted) for place in ending))

    def _show(self, place: str, given: Given) -> None:
        mount = DavMount(
            self._folder / place,
            self._cache / given.grant,
            owner=self._owner,
            can_write=given.can_write,
            device=self._device,
        )
        self._shown[place] = _Shown(given, mount, asyncio.create_task(self._open(mount, given)))

    async def _open(self, mount: DavMount, given: Given) -> None:
        """What fails is seen by its mount, and tried again."""
        async with self._turn:
            with suppress(Problem, RoleAway, OSError, TimeoutError):
                asked = {"name": self._name, "grant": given.grant}
                answer = await self._call("fabric.app_grant_secret", asked)
                secret = msgspec.convert(answer, GrantSecret)
                _make(self._folder, mount.at)
                await mount.open(secret.url, secret.secret)
                await self._tell_shown()

    async def _tell_shown(self) -> None:
        """Whoever waits for what they have just given is let in."""
        shown = [one.given.grant for one in self._shown.values() if one.mount.is_open]
        await self._call("fabric.app_shown", {"name": self._name, "grants": shown})

    async def _hide(self, place: str, *, at_once: bool) -> None:
        shown = self._shown.pop(place)
        shown.opening.cancel()
        await asyncio.gather(shown.opening, return_exceptions=True)
        await shown.mount.close(at_once=at_once)
        _remove(self._folder, shown.mount.at)


@contextmanager
def one_at_a_time(kept: Path, name: str) -> Iterator[None]:
    """A grant has one secret: a second command would end those of the first. Raises Busy."""
    kept.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(kept / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Busy(f"what people gave to {name} is mounted by another command already") from None
    finally:
        os.close(descriptor)


CLOSED = 0o555
"""A folder in which only mounts are: software that finds nothing there makes nothing there."""


def _is_closed(folder: Path) -> bool:
    """Whether it is one of ours: no other that somebody names by mistake is touched."""
    found = folder.lstat()
    return (
        stat.S_IMODE(found.st_mode) == CLOSED and stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    )


@contextmanager
def _opened(folder: Path) -> Iterator[None]:
    folder.chmod(0o755)
    try:
        yield
    finally:
        folder.chmod(CLOSED)


def _make(folder: Path, at: Path) -> None:
    """The place of a mount. Raises OSError."""
    if at.parent != folder:
        _make(folder, at.parent)
        at.parent.chmod(CLOSED)
    with _opened(at.parent):
        at.mkdir(exist_ok=True)
    if at.is_symlink():
        raise NotADirectoryError(at)
    # Others than root mount only where they may write.
    if os.geteuid() == 0:
        at.chmod(CLOSED)


def _remove(folder: Path, at: Path) -> None:
    """Takes away an empty place, and that of its person when it was the last."""
    with suppress(OSError), _opened(at.parent):
        at.rmdir()
    if at.parent != folder:
        with suppress(OSError), _opened(folder):
            at.parent.rmdir()


def _sweep(folder: Path) -> None:
    """Takes away the empty places that one that crashed left."""
    if not _is_closed(folder):
        return
    for place in sorted(folder.rglob("*"), reverse=True):
        if place.parent == folder or _is_closed(place.parent):
            with suppress(OSError), _opened(place.parent):
                place.rmdir()
