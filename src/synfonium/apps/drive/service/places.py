"""Rules of places in the tree, asked inside the transaction that needs them."""

from collections.abc import Sequence

from sqlalchemy import Connection

from synfonium.apps.drive.errors import (
    BadName,
    IntoItself,
    NameTaken,
    NotThatKind,
    ParentMissing,
    TooDeep,
    TopStays,
    WrongState,
)
from synfonium.apps.drive.model import ABSENT, ANY, Expected, IllegalName, Name, Node, NodeId
from synfonium.apps.drive.model.names import MAX_DEPTH, legal_name, with_number
from synfonium.apps.drive.service.room import Reach, path_within, within
from synfonium.apps.drive.store import nodes

MOST_NUMBERS = 1_000
NO_TOKENS: frozenset[str] = frozenset()


def checked_name(text: str) -> Name:
    """Raises BadName."""
    try:
        return legal_name(text)
    except IllegalName as error:
        raise BadName(field="name", reason=str(error)) from None


def folder_within(connection: Connection, reach: Reach, node: NodeId) -> list[Node]:
    """Path to a folder that may get members. Raises ParentMissing, NotThatKind, TooDeep."""
    path = path_within(connection, reach, node)
    if not path:
        raise ParentMissing
    if path[-1].is_file:
        raise NotThatKind
    if len(path) > MAX_DEPTH:
        raise TooDeep
    return path


def free_name(connection: Connection, parent: NodeId, name: str) -> Name:
    """The name, with a number after it when it is taken."""
    if nodes.child(connection, parent, name) is None:
        return Name(name)
    for number in range(2, MOST_NUMBERS):
        wanted = with_number(name, number)
        if nodes.child(connection, parent, wanted) is None:
            return Name(wanted)
    raise NameTaken


def check_expected(found: Node | None, expected: Expected) -> None:
    """Raises WrongState when the place is not as the request expects."""
    if expected != ANY and (found.etag if found else ABSENT) != expected:
        raise WrongState


def movable(connection: Connection, reach: Reach, node: NodeId) -> Node:
    if node in (reach.top, reach.space.root):
        raise TopStays
    return within(connection, reach, node)


def check_fit(connection: Connection, source: Node, path: Sequence[Node]) -> None:
    """Raises IntoItself and TooDeep."""
    if any(step.id == source.id for step in path):
        raise IntoItself
    below = 0 if source.is_file else nodes.height(connection, source.id)
    if len(path) + 1 + below > MAX_DEPTH:
        raise TooDeep
