"""What happened to somebody's files, and in what is shared with them: by whom, and when."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Literal

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.errors import NoSuchNode
from synfonium.apps.drive.model import Node, NodeId, Space
from synfonium.apps.drive.model.activity import Deed, DeedKind, Gathered, Line, Sort, gather, kind_of
from synfonium.apps.drive.model.share import LinkId, Received
from synfonium.apps.drive.service.room import Guest, Reach, Room, within
from synfonium.apps.drive.service.sweep import HOUSE
from synfonium.apps.drive.service.vaults import within_any
from synfonium.apps.drive.store import journal, links, mounted, nodes, trash
from synfonium.apps.identity.contract import People
from synfonium.common.ids import PersonId
from synfonium.kernel.actor import Person
from synfonium.kernel.personal import ERASED

MOST_DEEDS = 40
# So many lines are read for a page at most: it then offers to look further back.
MOST_LINES, MOST_LINES_BELOW = 20_000, 5_000
PIECE_LINES = 500
MOST_SPACES = 50
LAST = 2**62

By = Literal["me", "person", "link", "house", "gone", "unknown"]


class Thing(msgspec.Struct, frozen=True):
    """A file or folder to which something happened. is_there: not in the trash."""

    node: Node
    is_there: bool


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did at one go. name: theirs, or the label of the link that they came by. things: the
    latest of `count`, without those that the reader may not see any more; folder: where, None for what they
    do not see; vault: in which nothing is told. what: of which kind all of them are."""

    kind: DeedKind
    by: By
    person: str
    name: str
    count: int
    things: tuple[Thing, ...]
    folder: Thing | None
    vault: Node | None
    what: Literal["file", "folder", "item"]
    time_s: float


class Happened(msgspec.Struct, frozen=True):
    """The latest first. before: where to go on, 0 for the end."""

    happenings: tuple[Happening, ...]
    before: int


class _Source(msgspec.Struct, frozen=True):
    """A space to read of. tops: below which, and since when; None for all of it."""

    space: Space
    tops: Mapping[NodeId, float] | None


class Activity:
    """Reads the journal for one actor."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def of(
        self,
        actor: Person,
        node: NodeId | None = None,
        *,
        sort: Sort = "",
        by: str = "",
        before: int = 0,
        most: int = MOST_DEEDS,
    ) -> Happened:
        """What happened in the whole drive, received folders included, or to a node and below it.

        by: empty for all, `me`, `others`, or an id. Of what is another's, only what happened since it was
        shared is told. Raises NoSuchNode; an app that holds a grant is told nothing."""
        if actor.grants or isinstance(actor, Guest):
            raise NoSuchNode
        sources, reach = await (self._of_node(actor, node) if node else self._of_all(actor))

        def work(connection: Connection) -> tuple[Gathered, list[_Seen]]:
            if node:
                within(connection, reach, node)
            sight = _Sight(connection, sources)
            wanted = partial(_wanted, sight, actor.id, sort, by)
            is_whole = all(source.tops is None for source in sources)
            found = gather(
                sight.lines(before or LAST),
                wanted,
                most_deeds=most,
                most_lines=MOST_LINES if is_whole else MOST_LINES_BELOW,
            )
            return found, sight.seen(found.deeds)

        found, seen = await self._room.read(work)
        names = await self._names({deed.person for deed in found.deeds})
        told = [_told(one, actor.id, names) for one in seen]
        return Happened(tuple(told), found.before)

    async def _of_all(self, actor: Person) -> tuple[list[_Source], Reach]:
        reach = await self._room.reach(actor)
        tops: dict[str, tuple[Space, dict[NodeId, float]]] = {}
        for one in reach.received:
            if not one.is_left:
                tops.setdefault(one.space.id, (one.space, {}))[1][one.node] = _since_s(one)
        others = [_Source(space, below) for space, below in tops.values()]
        return [_Source(reach.space, None), *others[:MOST_SPACES]], reach

    async def _of_node(self, actor: Person, node: NodeId) -> tuple[list[_Source], Reach]:
        reach = await self._room.reach(actor, at=node)
        if not reach.shares:
            return [_Source(reach.space, None if node == reach.space.root else {node: 0.0})], reach
        received = [one for one in await self._room.mounts.of(actor.id) if one.node == reach.top]
        since_s = max(map(_since_s, received), default=self._room.now_s())
        return [_Source(reach.space, {node: since_s})], reach

    async def _names(self, ids: set[str]) -> dict[str, str]:
        people = self._room.context.offer(People)  # type: ignore[type-abstract]
        found = [await people.by_id(PersonId(id_)) for id_ in ids - {"", ERASED, HOUSE}]
        return {person.id: person.display or person.name for person in found if person}


def _since_s(received: Received) -> float:
    """Since when it is shared with them."""
    return min(share.made_s for share in received.shares)


def _wanted(sight: "_Sight", me: PersonId, sort: Sort, by: str, line: Line) -> DeedKind | None:
    kind = kind_of(line.kind, sort)
    if kind is None or not (not by or line.person == by or _is_side(line.person, me, by)):
        return None
    return kind if sight.sees(line) else None


def _is_side(person: str, me: PersonId, by: str) -> bool:
    return (by == "me" and person == me) or (by == "others" and person != me)


class _Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A deed with what its reader may see of it."""

    deed: Deed
    things: tuple[Thing, ...]
    folder: Thing | None
    vault: Node | None
    what: Literal["file", "folder", "item"]
    label: str


class _Sight:
    """What somebody sees of some spaces, in one transaction."""

    def __init__(self, connection: Connection, sources: Sequence[_Source]) -> None:
        self._connection = connection
        self._sources = {source.space.id: source for source in sources}
        self._above: dict[NodeId, Sequence[NodeId]] = {}

    def lines(self, before: int) -> Iterator[journal.Entry]:
        """Of all the spaces, the latest first."""
        each = [self._of(source, before) for source in self._sources.values()]
        return heapq.merge(*each, key=lambda line: -line.seq) if len(each) > 1 else each[0]

    def _of(self, source: _Source, before: int) -> Iterator[journal.Entry]:
        while piece := journal.before(self._connection, source.space.id, before, PIECE_LINES):
            yield from piece
            before = piece[-1].seq

    def above(self, node: NodeId) -> Sequence[NodeId]:
        """The node and what it lies in, up to the top of its tree."""
        if node not in self._above:
            self._above[node] = nodes.ancestors(self._connection, node)
        return self._above[node]

    def sees(self, line: Line) -> bool:
        tops = self._sources[line.space].tops
        if tops is None:
            return True
        if line.time_s >= tops.get(line.node, line.time_s + 1):
            return True
        return any(line.time_s >= tops.get(id_, line.time_s + 1) for id_ in self.above(line.parent))

    def seen(self, deeds: Sequence[Deed]) -> list[_Seen]:
        """The deeds with names, as far as they may be told."""
        folders = [deed.folder for deed in deeds]
        ids = list(dict.fromkeys([*folders, *(id_ for deed in deeds for id_ in deed.nodes)]))
        found = mounted.many(self._connection, ids)
        shut = within_any(self._connection, {id_ for folder in folders for id_ in self.above(folder)})
        sealed = mounted.many(self._connection, list(shut))
        return [self._seen(deed, found, sealed) for deed in deeds]

    def _seen(self, deed: Deed, found: Mapping[NodeId, Node], sealed: Mapping[NodeId, Node]) -> _Seen:
        vault = next((sealed[id_] for id_ in self.above(deed.folder) if id_ in sealed), None)
        source = self._sources[deed.space]
        shown = [] if vault else [found[id_] for id_ in deed.nodes if id_ in found]
        folder = found.get(deed.folder) if deed.folder != source.space.trash else None
        may_see = partial(self._may_see, source=source)
        return _Seen(
            deed=deed,
            things=tuple(self._thing(node, source) for node in shown if may_see(node.id)),
            folder=self._thing(folder, source) if folder and may_see(folder.id) else None,
            vault=vault,
            what="item" if vault else self._what(deed),
            label=self._label(deed, source),
        )

    def _thing(self, node: Node, source: _Source) -> Thing:
        return Thing(node, self.above(node.id)[-1] == source.space.root)

    def _may_see(self, node: NodeId, source: _Source) -> bool:
        """What has left a shared folder since, and may have another name now, is its owner's alone."""
        if source.tops is None:
            return True
        line = self.above(node)
        if line and line[-1] == source.space.trash and len(line) > 1:
            place = trash.place_of(self._connection, line[-2])
            line = [*line, *(self.above(place) if place else ())]
        return any(id_ in source.tops for id_ in line)

    def _what(self, deed: Deed) -> Literal["file", "folder", "item"]:
        files, folders = mounted.kinds(self._connection, list(deed.seen))
        return "file" if files == deed.count else "folder" if folders == deed.count else "item"

    def _label(self, deed: Deed, source: _Source) -> str:
        """What the owner calls the link that somebody came by."""
        link = links.find(self._connection, LinkId(deed.person)) if source.tops is None else None
        return link.label if link else ""


def _told(seen: _Seen, me: PersonId, names: Mapping[str, str]) -> Happening:
    deed = seen.deed
    by = _by(deed.person, me, names)
    return Happening(
        kind=deed.kind,
        by=by,
        person=deed.person,
        name=names.get(deed.person, "") or (seen.label if by == "link" else ""),
        count=deed.count,
        things=seen.things,
        folder=seen.folder,
        vault=seen.vault,
        what=seen.what,
        time_s=deed.time_s,
    )


def _by(person: str, me: PersonId, names: Mapping[str, str]) -> By:
    if person == me:
        return "me"
    known: Mapping[str, By] = {"": "unknown", HOUSE: "house", ERASED: "gone"}
    return known.get(person) or ("person" if person in names else "link")
