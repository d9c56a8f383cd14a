"""Whether a lock forbids a change; asked inside the transaction that makes it."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from synfonium.apps.drive.errors import Locked
from synfonium.apps.drive.model import Lock, NodeId
from synfonium.apps.drive.service.room import Reach
from synfonium.apps.drive.store import locks, nodes


def guard(
    connection: Connection,
    reach: Reach,
    tokens: frozenset[str],
    now_s: float,
    *,
    node: NodeId | None = None,
    member_of: NodeId | None = None,
    deep: bool = False,
    held: Sequence[Lock] | None = None,
) -> None:
    """Raises Locked unless the tokens of all locks in the way were submitted.

    node: what changes. member_of: the folder whose list of members changes. deep: all
    below `node` changes too (RFC 4918, sections 7.4 and 7.5). held: the space's locks, when known.
    """
    if held is None:
        held = locks.of_space(connection, reach.space.id, now_s)
    if not held:
        return
    start = node or member_of
    line = nodes.ancestors(connection, start) if start else []
    in_the_way = [
        lock
        for lock in held
        if lock.node in (node, member_of)
        or (lock.is_infinite and lock.node in line)
        or (deep and node in nodes.ancestors(connection, lock.node))
    ]
    _judge(in_the_way, tokens)


def _judge(in_the_way: Iterable[Lock], tokens: frozenset[str]) -> None:
    """Of each locked node, one of its locks must be the request's own."""
    shown: dict[NodeId, bool] = {}
    for lock in in_the_way:
        shown[lock.node] = shown.get(lock.node, False) or lock.token in tokens
    if not all(shown.values()):
        raise Locked


def release_below(connection: Connection, reach: Reach, node: NodeId, now_s: float) -> None:
    """Removes the locks on the node and below: locks do not move (RFC 4918, section 7.6)."""
    held = locks.of_space(connection, reach.space.id, now_s)
    gone = [lock.node for lock in held if node in nodes.ancestors(connection, lock.node)]
    if gone:
        locks.remove_of(connection, gone)
