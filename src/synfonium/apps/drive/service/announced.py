"""What rooms of Drive tell Nextcloud's clients of themselves: a room adds to it when it opens."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from synfonium.apps.drive.model import Node, NodeId
from synfonium.kernel.actor import Person

Capability = Callable[[], Mapping[str, object]]
Values = Callable[[Person, Sequence[Node]], Awaitable[Mapping[NodeId, str]]]


class Announced:
    """capabilities: each gives a part of the tree that clients read first; parts of one name are
    put together. properties: (namespace, local name) to who knows the XML inside that property for
    many nodes at once, within one query; a node that is left out has an empty one."""

    def __init__(self) -> None:
        self.capabilities: list[Capability] = []
        self.properties: dict[tuple[str, str], Values] = {}

    def together(self) -> dict[str, object]:
        """All capabilities as one tree."""
        whole: dict[str, object] = {}
        for capability in self.capabilities:
            _join(whole, capability())
        return whole


def _join(whole: dict[str, object], part: Mapping[str, object]) -> None:
    for key, value in part.items():
        there = whole.get(key)
        if isinstance(there, dict) and isinstance(value, Mapping):
            _join(there, value)
        else:
            whole[key] = dict(value) if isinstance(value, Mapping) else value
