"""What happened to files, gathered: what somebody did at one go in one folder is one deed. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Literal, Protocol

import msgspec

from synfonium.apps.drive.model.node import NodeId, SpaceId

DeedKind = Literal[
    "added",
    "changed",
    "renamed",
    "moved",
    "trashed",
    "restored",
    "removed",
    "shared",
    "unshared",
    "linked",
    "unlinked",
]
Sort = Literal["", "added", "changed", "moved", "trashed", "shared"]
"""What somebody may look for alone; empty for all."""

SORTS: tuple[Sort, ...] = ("added", "changed", "moved", "trashed", "shared")
# Journals also tell of properties that clients keep: nobody did these by hand.
_KINDS: Mapping[str, DeedKind] = {
    "made": "added",
    "written": "changed",
    "renamed": "renamed",
    "moved": "moved",
    "trashed": "trashed",
    "restored": "restored",
    "removed": "removed",
    "shared": "shared",
    "unshared": "unshared",
    "linked": "linked",
    "unlinked": "unlinked",
}
_OF_SORT: Mapping[Sort, Collection[str]] = {
    "": tuple(_KINDS.values()),
    "added": ("added",),
    "changed": ("changed",),
    "moved": ("moved", "renamed"),
    "trashed": ("trashed", "restored", "removed"),
    "shared": ("shared", "unshared", "linked", "unlinked"),
}
PAUSE_S = 1800.0
NAMED = 3


class Line(Protocol):
    """A line of the journal."""

    @property
    def seq(self) -> int: ...
    @property
    def space(self) -> SpaceId: ...
    @property
    def node(self) -> NodeId: ...
    @property
    def parent(self) -> NodeId: ...
    @property
    def kind(self) -> str: ...
    @property
    def time_s(self) -> float: ...
    @property
    def person(self) -> str: ...


class Deed(msgspec.Struct, kw_only=True):
    """What somebody did in one folder, without a pause. nodes: the latest of what it was done to; count:
    of how many. time_s: when it was done last, began_s: first."""

    space: SpaceId
    person: str
    kind: DeedKind
    folder: NodeId
    time_s: float
    began_s: float
    nodes: list[NodeId]
    seen: set[NodeId]

    @property
    def count(self) -> int:
        return len(self.seen)

    def takes(self, line: Line) -> bool:
        """Whether the line, older than all before it, is of the same deed."""
        return self.began_s - line.time_s <= PAUSE_S and day_of(line.time_s) == day_of(self.time_s)

    def add(self, line: Line) -> None:
        self.began_s = line.time_s
        if line.node not in self.seen:
            self.seen.add(line.node)
            if len(self.nodes) < NAMED:
                self.nodes.append(line.node)


def day_of(time_s: float) -> date:
    """By the clock of this machine, as pages say it."""
    return datetime.fromtimestamp(time_s, UTC).astimezone().date()


def kind_of(kind: str, sort: Sort) -> DeedKind | None:
    """What a kind of the journal is called here; None for what was not asked for."""
    found = _KINDS.get(kind)
    return found if found in _OF_SORT[sort] else None


class Gathered(msgspec.Struct, frozen=True):
    """deeds: the latest first. before: the line up to which was read, 0 when that was all."""

    deeds: list[Deed]
    before: int


def gather(
    lines: Iterable[Line], wanted: Callable[[Line], DeedKind | None], *, most_deeds: int, most_lines: int
) -> Gathered:
    """Gathers lines, the latest first, until there are `most_deeds` or `most_lines` were read."""
    deeds: list[Deed] = []
    latest: dict[tuple[object, ...], Deed] = {}
    last = 0
    for count, line in enumerate(lines):
        if count == most_lines:
            return Gathered(deeds, last)
        kind = wanted(line)
        if kind is not None:
            key = (line.space, line.person, kind, line.parent)
            deed = latest.get(key)
            if deed is None or not deed.takes(line):
                if len(deeds) == most_deeds:
                    return Gathered(deeds, last)
                latest[key] = deed = _begin(line, kind)
                deeds.append(deed)
            deed.add(line)
        last = line.seq
    return Gathered(deeds, 0)


def _begin(line: Line, kind: DeedKind) -> Deed:
    return Deed(
        space=line.space,
        person=line.person,
        kind=kind,
        folder=line.parent,
        time_s=line.time_s,
        began_s=line.time_s,
        nodes=[],
        seen=set(),
    )
