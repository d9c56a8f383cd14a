"""Which folder stands at a path: a memory that spares the next file of the folder the way to it. It
promises nothing: whoever uses it has the names compared in the transaction that counts on them."""

from collections import OrderedDict
from collections.abc import Sequence

from synfonium.apps.drive.model import Node, NodeId, SpaceId, name_key
from synfonium.apps.drive.service.room import Reach

KEPT = 10_000
Way = tuple[bytes, ...]
"""Keys of the names of folders, from the top of their space."""


class Ways:
    """Of folders in spaces of their actors' own."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[SpaceId, Way], NodeId] = OrderedDict()

    def find(self, reach: Reach, way: Way) -> NodeId | None:
        """None for what is not remembered, or could be somebody else's."""
        if reach.top != reach.space.root or reach.received:
            return None
        if not way:
            return reach.top
        found = self._kept.get((reach.space.id, way))
        if found is not None:
            self._kept.move_to_end((reach.space.id, way))
        return found

    def keep(self, path: Sequence[Node]) -> None:
        """A folder has just been found at the end of this path, from the top of the actor's reach."""
        if path[0].parent is not None or any(step.space != path[0].space for step in path):
            return
        way = tuple(name_key(step.name) for step in path[1:])
        self._kept[path[0].space, way] = path[-1].id
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def forget(self, reach: Reach, way: Way) -> None:
        self._kept.pop((reach.space.id, way), None)
