"""What happened to a node, as the journal, the audit and events tell it."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive import contract
from synfonium.apps.drive.model import Node, NodeId, Space
from synfonium.apps.drive.store import journal, nodes
from synfonium.common.ids import PersonId


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a node. parent: where it lies, or lay; before: the folder that it was moved
    out of. above: ids from where it lies up to the top of its space, when that is known."""

    space: Space
    person: PersonId
    by_app: str
    node: Node
    kind: journal.ChangeKind
    event: str = ""
    parent: NodeId | None = None
    before: NodeId | None = None
    above: Sequence[NodeId] | None = None

    @property
    def where(self) -> NodeId:
        return self.parent or self.node.parent or self.node.id

    @property
    def journal_kind(self) -> journal.ChangeKind:
        """A move within a folder is another name."""
        is_name = self.kind == "moved" and self.before == self.node.parent
        return "renamed" if is_name else self.kind

    @property
    def subject(self) -> str:
        return contract.address_of(self.node.id)

    def facts(self, connection: Connection) -> dict[str, str]:
        """What the event says."""
        space, node = self.space, self.node
        path = (
            told_path(connection, space, node.id, node.parent)
            if self.above is None
            else _addresses(space, node.id, self.above)
        )
        facts = {"kind": node.kind, "owner": space.owner, "path": path}
        if self.before and self.before != node.parent:
            facts["path_before"] = told_path(connection, space, self.before)
        return facts


def told_path(connection: Connection, space: Space, node: NodeId, parent: NodeId | None = None) -> str:
    """Addresses of a node and of all that it lies in, as events say it. parent: where it lies, or lay."""
    above = nodes.ancestors(connection, parent) if parent else nodes.ancestors(connection, node)[1:]
    return _addresses(space, node, above)


def _addresses(space: Space, node: NodeId, above: Sequence[NodeId]) -> str:
    folders = [id_ for id_ in above if id_ not in (space.root, space.trash)]
    own = [] if node == space.root else [node]
    return " ".join([*map(contract.address_of, [*own, *folders]), contract.ROOT])


def note_share(connection: Connection, person: PersonId, node: NodeId, event: str, now_s: float) -> None:
    """Tells the journal that somebody shares a node with others, or does no longer."""
    _note(connection, person, node, "shared" if event == contract.SHARE_MADE else "unshared", now_s)


def note_link(connection: Connection, person: PersonId, node: NodeId, event: str, now_s: float) -> None:
    """Tells the journal of a link that was made, changed or ended."""
    _note(connection, person, node, "linked" if event == contract.SHARE_MADE else "unlinked", now_s)


def _note(
    connection: Connection, person: PersonId, node: NodeId, kind: journal.ChangeKind, now_s: float
) -> None:
    found = nodes.find(connection, node)
    if found is not None:
        line = (found.space, found.id, found.parent or found.id, kind, person)
        journal.add_many(connection, [line], now_s)
