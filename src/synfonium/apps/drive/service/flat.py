"""The tree as S3 sees it: flat keys in the order of their bytes, a folder's ending in a slash."""

import heapq
from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.errors import NoSuchNode
from synfonium.apps.drive.model import Node, NodeId
from synfonium.apps.drive.service.described import Described, described_of
from synfonium.apps.drive.service.room import Room, path_within
from synfonium.apps.drive.store import nodes, properties
from synfonium.kernel.actor import Person

_BATCH = 500
# Folders without a file below can be many: a page ends rather than takes for ever.
_MOST_LOOKED = 20_000
_AFTER_ALL = b"\xff"
_Waiting = tuple[bytes, int, Node, Described | None]
"""By its key, and never further: numbers differ."""


class Entry(msgspec.Struct, frozen=True):
    """A key and what it names. A folder that is there for its content alone names nothing, unless a
    listing stops at it."""

    key: bytes
    node: Node
    described: Described | None


class Page(msgspec.Struct, frozen=True):
    """cut_at: the last key that was looked at, when there may be more."""

    entries: tuple[Entry, ...]
    cut_at: bytes = b""


class Flat:
    """Keys below a folder of one actor's reach."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def listing(
        self, actor: Person, top: NodeId, prefix: bytes, after: bytes, limit: int, *, is_shallow: bool
    ) -> Page:
        """Keys with the prefix that come after `after`. is_shallow: stops at the first slash behind the
        prefix. Raises NoSuchNode."""
        reach = await self._room.reach(actor)

        def work(connection: Connection) -> Page:
            if not path_within(connection, reach, top):
                raise NoSuchNode
            walk = _Walk(connection, prefix, max(after, before(prefix)), is_shallow)
            return walk.page(top, limit)

        return await self._room.read(work)


def before(prefix: bytes) -> bytes:
    """The last place before all keys with that prefix: no key holds a byte 0xff."""
    return prefix[:-1] + bytes([prefix[-1] - 1]) + _AFTER_ALL if prefix and prefix[-1] else b""


def after_all(prefix: bytes) -> bytes:
    """The first place after all keys with that prefix."""
    return prefix + _AFTER_ALL


class _Walk:
    def __init__(self, connection: Connection, prefix: bytes, after: bytes, is_shallow: bool) -> None:
        self._connection, self._prefix, self._after, self._is_shallow = connection, prefix, after, is_shallow
        self._looked = 0

    def page(self, top: NodeId, limit: int) -> Page:
        base, _, _ = self._prefix.rpartition(b"/")
        names = base.split(b"/") if base else []
        folder = self._folder(top, names)
        entries = list[Entry]()
        if folder is None:
            return Page(())
        for entry in self._all(folder, base + b"/" if names else b""):
            if not entry.key.startswith(self._prefix):
                break
            if len(entries) == limit or self._looked > _MOST_LOOKED:
                return Page(tuple(entries), cut_at=entries[-1].key if entries else entry.key)
            entries.append(entry)
        return Page(tuple(entries))

    def _folder(self, top: NodeId, names: list[bytes]) -> NodeId | None:
        for name in names:
            try:
                found = nodes.child(self._connection, top, name.decode())
            except UnicodeDecodeError:
                return None
            if found is None or found.is_file:
                return None
            top = found.id
        return top

    def _all(self, folder: NodeId, base: bytes) -> Iterator[Entry]:
        """A folder whose key is the prefix is one of the keys that begin so."""
        node = nodes.find(self._connection, folder) if base and base == self._prefix else None
        if node is None:
            yield from self._below(folder, base)
            return
        ((_, described),) = self._with_words([node])
        yield from self._folder_and_below(base, node, described)

    def _below(self, folder: NodeId, base: bytes) -> Iterator[Entry]:
        for key, node, described in self._in_order(folder, base):
            if node.is_file:
                if key > self._after:
                    yield Entry(key, node, described)
            elif self._is_shallow and len(key) > len(self._prefix):
                if after_all(key) > self._after:
                    yield Entry(key, node, described)
            else:
                yield from self._folder_and_below(key, node, described)

    def _folder_and_below(self, key: bytes, node: Node, described: Described | None) -> Iterator[Entry]:
        if after_all(key) <= self._after:
            return
        below = self._below(node.id, key)
        first = next(below, None)
        is_named = described is not None and not described.is_implied
        if key > self._after and (is_named or (described is None and first is None)):
            yield Entry(key, node, described)
        if first is not None:
            yield first
            yield from below

    def _in_order(self, folder: NodeId, base: bytes) -> Iterator[tuple[bytes, Node, Described | None]]:
        """Children as keys. A folder `a` is read before `a.txt` and stands, as `a/`, after it: it waits."""
        waiting: list[_Waiting] = []
        for node, described in self._children(folder, base):
            name = node.name.encode()
            while waiting and waiting[0][0] < base + name:
                yield _given(heapq.heappop(waiting))
            key = base + name + (b"" if node.is_file else b"/")
            heapq.heappush(waiting, (key, node.number, node, described))
        while waiting:
            yield _given(heapq.heappop(waiting))

    def _children(self, folder: NodeId, base: bytes) -> Iterator[tuple[Node, Described | None]]:
        rest = self._after[len(base) :] if self._after.startswith(base) else b""
        segment = rest.partition(b"/")[0]
        yield from self._with_words(nodes.with_keys(self._connection, folder, _earlier(segment)))
        last = segment
        while batch := nodes.children_by_key(self._connection, folder, after=last, limit=_BATCH):
            yield from self._with_words(batch)
            last = nodes.key_of(batch[-1])
            if len(batch) < _BATCH:
                return

    def _with_words(self, batch: list[Node]) -> Iterator[tuple[Node, Described | None]]:
        self._looked += len(batch)
        kept = properties.of_nodes(self._connection, [node.id for node in batch]) if batch else {}
        for node in batch:
            yield node, described_of(kept.get(node.id, {}))


def _given(waiting: _Waiting) -> tuple[bytes, Node, Described | None]:
    key, _, node, described = waiting
    return key, node, described


def _earlier(segment: bytes) -> list[bytes]:
    """Names at or before the place that may stand, as folders, after it: `a` for `a.txt`."""
    cuts = [i for i, byte in enumerate(segment) if byte < ord("/") and i]
    return [segment[:i] for i in cuts] + ([segment] if segment and not segment.endswith(_AFTER_ALL) else [])
