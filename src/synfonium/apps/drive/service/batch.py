"""Several files written in one transaction, which share each of its statements: a folder is looked
at once, its ancestors are touched once, whatever the number of files."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive import contract
from synfonium.apps.drive.errors import NameTaken, NotThatKind
from synfonium.apps.drive.model import (
    BlobName,
    Expected,
    Lock,
    Name,
    Node,
    NodeId,
    SpaceId,
    VersionId,
    name_key,
)
from synfonium.apps.drive.model.media import media_type_of
from synfonium.apps.drive.service.facts import Told
from synfonium.apps.drive.service.guard import guard
from synfonium.apps.drive.service.places import check_expected, folder_within, free_name
from synfonium.apps.drive.service.room import Reach, Room, within
from synfonium.apps.drive.store import locks, nodes, versions
from synfonium.apps.drive.store.tables import small_blobs
from synfonium.common.ids import new_id
from synfonium.common.problem import Problem
from synfonium.kernel.small_blobs import SmallBlob, add_small

WhenTaken = Literal["replace", "number"]
"""Whether a file of that name gets the content, or the new file a number after its name."""


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A file after its content was written; whether it is new, and how much it replaced."""

    node: Node
    is_new: bool
    replaced_bytes: int = 0


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a file is written: under a name in a folder. way: the keys of the names by which the
    folder was found some time ago, from the top of its space; None when it was found just now."""

    parent: NodeId
    name: Name
    when_taken: WhenTaken = "replace"
    way: tuple[bytes, ...] | None = None


class FolderMoved(Problem):
    """The folder stands where it stood no more: it is to be looked up again."""


class Freeing(msgspec.Struct, frozen=True, kw_only=True):
    """What goes in the same commit as a file comes: it is counted no more, or nothing is done.
    run: raises when it is gone already."""

    held_bytes: int
    run: Callable[[Connection], None]


class Put(msgspec.Struct, frozen=True, kw_only=True):
    """One file to be written. place: None for the reach's own top. small: bytes that become durable
    with the row; those of a larger blob are so already."""

    reach: Reach
    place: Place | None
    blob: BlobName
    size_bytes: int
    expected: Expected
    tokens: frozenset[str]
    modified_s: float | None = None
    sha1: bytes | None = None
    small: SmallBlob | None = None
    freeing: Freeing | None = None


Outcome = Written | BaseException


class _Ready(msgspec.Struct):
    """A put that may be done. there: what gets the content, None for a new file."""

    put: Put
    parent: NodeId
    above: list[NodeId]
    name: Name
    there: Node | None
    id: NodeId
    version: VersionId
    etag: str

    @property
    def added_bytes(self) -> int:
        return self.put.size_bytes - (self.there.size_bytes if self.there else 0)


class Batch:
    """Several puts within one transaction: all checks of a round come before its first write, so
    that a refused one has done nothing."""

    def __init__(self, room: Room, puts: Sequence[Put]) -> None:
        self._room, self._puts = room, puts
        self._now_s = room.now_s()
        self._locks: dict[SpaceId, Sequence[Lock]] = {}
        self._folders: dict[tuple[object, ...], list[Node] | Problem] = {}

    def run(self, connection: Connection) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        left = list(range(len(self._puts)))
        while left:
            now, left = self._round(left)
            outcomes |= self._write(connection, self._check(connection, now))
        return [outcomes[index] for index in range(len(self._puts))]

    def _round(self, indexes: Sequence[int]) -> tuple[list[int], list[int]]:
        """Those that can be written together, of one place never two; and those that come after."""
        now, later, seen = list[int](), list[int](), set[tuple[NodeId, bytes]]()
        for index in indexes:
            place = self._puts[index].place
            is_alone = place is None or place.when_taken == "number"
            key = (place.parent, name_key(place.name)) if place else (NodeId(""), b"")
            if later or key in seen or (is_alone and now):
                later.append(index)
            else:
                now.append(index)
                seen.add(key)
                if is_alone:
                    return now, [*later, *(i for i in indexes if i not in now)]
        return now, later

    def _check(self, connection: Connection, indexes: Sequence[int]) -> dict[int, _Ready | BaseException]:
        known = self._known(connection, indexes)
        added: dict[str, int] = defaultdict(int)
        found: dict[int, _Ready | BaseException] = {}
        for index in indexes:
            try:
                ready = self._ready(connection, self._puts[index], known)
                space = ready.put.reach.space.id
                self._allow(connection, ready, added[space])
                added[space] += ready.added_bytes
                found[index] = ready
            except Problem as problem:
                found[index] = problem
        return found

    def _known(self, connection: Connection, indexes: Sequence[int]) -> dict[tuple[NodeId, bytes], Node]:
        """What has these names now."""
        keys: dict[NodeId, list[bytes]] = defaultdict(list)
        for index in indexes:
            if place := self._puts[index].place:
                keys[place.parent].append(name_key(place.name))
        return {
            (parent, name_key(node.name)): node
            for parent, wanted in keys.items()
            for node in nodes.children_named(connection, parent, wanted)
        }

    def _ready(self, connection: Connection, put: Put, known: dict[tuple[NodeId, bytes], Node]) -> _Ready:
        place = put.place
        if place is None:
            there: Node | None = _top(connection, put.reach)
            assert there is not None
            assert there.parent is not None
            parent, name = there.parent, Name(there.name)
            above = nodes.ancestors(connection, parent)
        else:
            parent, name = place.parent, place.name
            path = self._way(connection, put.reach, place)
            above = self._above(connection, put.reach, path)
            there = known.get((parent, name_key(name)))
            if place.when_taken == "number" and there is not None:
                there, name = None, free_name(connection, parent, name)
            elif put.reach.is_reserved(parent, name):
                raise NameTaken
        if there is not None and not there.is_file:
            raise NotThatKind
        return _Ready(
            put=put,
            parent=parent,
            above=above,
            name=name,
            there=there,
            id=there.id if there else NodeId(new_id(self._now_s)),
            version=VersionId(new_id(self._now_s)),
            etag=new_id(self._now_s),
        )

    def _way(self, connection: Connection, reach: Reach, place: Place) -> list[Node]:
        """As `_path`. Raises FolderMoved when a remembered folder stands there no more."""
        if place.way is None:
            return self._path(connection, reach, place.parent)
        try:
            path = self._path(connection, reach, place.parent)
        except Problem:
            raise FolderMoved from None
        if place.way != tuple(name_key(node.name) for node in path[1:]):
            raise FolderMoved
        return path

    def _path(self, connection: Connection, reach: Reach, parent: NodeId) -> list[Node]:
        """To a folder that may get members. Raises as folder_within."""
        # Of two who come at the same place, one may have been let in by what is not in force any more.
        key = (reach.top, parent, reach.shares, reach.link)
        if key not in self._folders:
            try:
                self._folders[key] = folder_within(connection, reach, parent)
            except Problem as problem:
                self._folders[key] = problem
        found = self._folders[key]
        if isinstance(found, Problem):
            raise found
        return found

    def _above(self, connection: Connection, reach: Reach, path: Sequence[Node]) -> list[NodeId]:
        """Ids from the folder to the top of its space."""
        above = [node.id for node in reversed(path)]
        if path[0].id != reach.space.root:
            above += nodes.ancestors(connection, path[0].id)[1:]
        return above

    def _allow(self, connection: Connection, ready: _Ready, added_bytes: int) -> None:
        put, there = ready.put, ready.there
        check_expected(there, put.expected)
        more = ready.added_bytes + added_bytes if ready.added_bytes > 0 else 0
        self._room.allowances.need_room(connection, put.reach.space, put.reach.allowance, more)
        guard(
            connection,
            put.reach,
            put.tokens,
            self._now_s,
            node=there.id if there else None,
            member_of=None if there else ready.parent,
            held=self._held(connection, put.reach),
        )

    def _held(self, connection: Connection, reach: Reach) -> Sequence[Lock]:
        space = reach.space.id
        if space not in self._locks:
            self._locks[space] = locks.of_space(connection, space, self._now_s)
        return self._locks[space]

    def _write(self, connection: Connection, found: dict[int, _Ready | BaseException]) -> dict[int, Outcome]:
        outcomes: dict[int, Outcome] = {i: one for i, one in found.items() if isinstance(one, BaseException)}
        ready = {index: one for index, one in found.items() if isinstance(one, _Ready)}
        if not ready:
            return outcomes
        every = list(ready.values())
        self._write_content(connection, every)
        self._write_nodes(connection, every)
        self._touch(connection, every)
        made = nodes.find_all(connection, [one.id for one in every])
        self._tell(connection, every, made)
        for index, one in ready.items():
            replaced_bytes = one.there.size_bytes if one.there else 0
            outcomes[index] = Written(
                node=made[one.id], is_new=one.there is None, replaced_bytes=replaced_bytes
            )
        return outcomes

    def _write_content(self, connection: Connection, every: Sequence[_Ready]) -> None:
        small = {one.put.small.name: one.put.small for one in every if one.put.small}
        add_small(connection, small_blobs, list(small.values()), self._now_s)
        for one in every:
            if one.there and one.there.version:
                author = one.put.reach.person
                versions.supersede(connection, one.there.version, author=author, now_s=self._now_s)
        versions.add_many(connection, [self._version(one) for one in every], now_s=self._now_s)

    def _version(self, one: _Ready) -> versions.NewVersion:
        put = one.put
        return versions.NewVersion(
            id=one.version,
            node=one.id,
            space=put.reach.space.id,
            blob=put.blob,
            size_bytes=put.size_bytes,
            modified_s=self._modified_s(put),
            author=put.reach.person,
            sha1=put.sha1,
        )

    def _modified_s(self, put: Put) -> float:
        return self._now_s if put.modified_s is None else put.modified_s

    def _write_nodes(self, connection: Connection, every: Sequence[_Ready]) -> None:
        nodes.replace_contents(
            connection,
            [
                nodes.NewContent(
                    node=one.id,
                    version=one.version,
                    size_bytes=one.put.size_bytes,
                    etag=one.etag,
                    modified_s=self._modified_s(one.put),
                )
                for one in every
                if one.there
            ],
        )
        nodes.add_many(connection, [self._row(one) for one in every if one.there is None])

    def _row(self, one: _Ready) -> nodes.NewNode:
        return nodes.NewNode(
            id=one.id,
            space=one.put.reach.space.id,
            parent=one.parent,
            name=one.name,
            etag=one.etag,
            created_s=self._now_s,
            modified_s=self._modified_s(one.put),
            is_file=True,
            size_bytes=one.put.size_bytes,
            media_type=media_type_of(one.name),
            version=one.version,
        )

    def _touch(self, connection: Connection, every: Sequence[_Ready]) -> None:
        """Each folder and its ancestors once, with all that was added to it."""
        added: dict[NodeId, int] = defaultdict(int)
        for one in every:
            added[one.parent] += one.added_bytes
        for parent, added_bytes in added.items():
            etag = new_id(self._now_s)
            nodes.touch(connection, parent, added_bytes=added_bytes, etag=etag, now_s=self._now_s)

    def _tell(self, connection: Connection, every: Sequence[_Ready], made: dict[NodeId, Node]) -> None:
        self._room.tell_all(
            connection,
            [
                Told(
                    space=one.put.reach.space,
                    person=one.put.reach.person,
                    by_app=one.put.reach.by_app,
                    node=made[one.id],
                    kind="written" if one.there else "made",
                    event=contract.FILE_WRITTEN,
                    above=one.above,
                )
                for one in every
            ],
        )


def _top(connection: Connection, reach: Reach) -> Node:
    """The one file that was granted. Raises NotThatKind, NoSuchNode."""
    top = within(connection, reach, reach.top)
    if not top.is_file:
        raise NotThatKind
    return top
