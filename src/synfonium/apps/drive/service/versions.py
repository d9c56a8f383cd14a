"""What a file was before: looked at, taken back, named, removed."""

from collections.abc import Callable
from typing import TypeVar

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive import contract
from synfonium.apps.drive.errors import NoSuchNode, NoSuchVersion, NotThatKind, VersionsFull
from synfonium.apps.drive.model import Node, NodeId, VersionId
from synfonium.apps.drive.model.versions import LABEL_CHARACTERS, Version
from synfonium.apps.drive.service.files import Content
from synfonium.apps.drive.service.guard import guard
from synfonium.apps.drive.service.places import NO_TOKENS
from synfonium.apps.drive.service.room import Reach, Room, within
from synfonium.apps.drive.store import history, nodes, versions
from synfonium.apps.identity.contract import People
from synfonium.common.ids import PersonId, new_id
from synfonium.kernel.actor import Person

T = TypeVar("T")
MOST_LISTED = 1200


class History(msgspec.Struct, frozen=True, kw_only=True):
    """A file and its versions, the one that counts first, then the latest. old_bytes: of all
    old versions of the space; share_bytes: what they may take, None for no end."""

    node: Node
    versions: tuple[Version, ...]
    old_bytes: int
    share_bytes: int | None


class Versions:
    """Versions of the files within one actor's reach."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def by_number(self, actor: Person, number: int) -> Node:
        """The node that clients know by a number. Raises NoSuchNode."""
        found = await self._room.read(lambda c: nodes.numbered(c, number))
        if found is None:
            raise NoSuchNode
        id_, reach = found.id, await self._room.reach(actor, at=found.id)
        return await self._room.read(lambda c: within(c, reach, id_))

    async def of(self, actor: Person, node: NodeId, *, limit: int = MOST_LISTED) -> History:
        """Raises NoSuchNode, NotThatKind."""
        reach = await self._room.reach(actor, at=node)
        share = self._share(reach)

        def work(connection: Connection) -> History:
            file = _file(connection, reach, node)
            kept = tuple(history.of_node(connection, node, limit=limit))
            old_bytes = history.old_bytes(connection, reach.space.id)
            return History(node=file, versions=kept, old_bytes=old_bytes, share_bytes=share)

        return await self._room.read(work)

    async def authors(self, history: History) -> dict[str, str]:
        """What those are called who wrote the versions; nobody who is gone."""
        people = self._room.context.offer(People)  # type: ignore[type-abstract]
        found = [await people.by_id(PersonId(id_)) for id_ in {v.author for v in history.versions}]
        return {person.id: person.display or person.name for person in found if person}

    async def content(self, actor: Person, node: NodeId, version: VersionId) -> Content:
        """The file as it was, to be read by `Files.read`. Raises NoSuchNode, NoSuchVersion, NotThatKind."""
        reach = await self._room.reach(actor, at=node)
        file, found = await self._room.read(lambda c: _version(c, reach, node, version))
        return Content(
            node=as_it_was(file, found),
            space=reach.space,
            blob=found.blob,
            shares=reach.shares,
            link=reach.link,
        )

    async def restore(
        self, actor: Person, node: NodeId, version: VersionId, *, tokens: frozenset[str] = NO_TOKENS
    ) -> Node:
        """Makes the old content the file's new one; what it had stays as a version.

        Bytes are referred to, not copied. Raises NoSuchNode, NoSuchVersion, NotThatKind, Locked,
        QuotaExceeded.
        """
        now_s = self._room.now_s()

        def work(connection: Connection, reach: Reach, file: Node, found: Version) -> Node:
            guard(connection, reach, tokens, now_s, node=node)
            return file if found.is_present else self._restore(connection, reach, file, found, now_s)

        return await self._change(actor, node, version, work)

    def _restore(
        self, connection: Connection, reach: Reach, file: Node, found: Version, now_s: float
    ) -> Node:
        added, etag = found.size_bytes - file.size_bytes, new_id(now_s)
        self._room.allowances.need_room(connection, reach.space, reach.allowance, added)
        assert file.version is not None
        assert file.parent is not None
        head = versions.copy(connection, found.id, node=file.id, author=reach.person, now_s=now_s)
        versions.supersede(connection, file.version, now_s=now_s)
        content = nodes.NewContent(
            node=file.id, version=head, size_bytes=found.size_bytes, etag=etag, modified_s=now_s
        )
        nodes.replace_contents(connection, [content])
        nodes.touch(connection, file.parent, added_bytes=added, etag=etag, now_s=now_s)
        back = within(connection, reach, file.id)
        self._room.tell(connection, reach, back, kind="written", event=contract.FILE_WRITTEN)
        return back

    async def name(self, actor: Person, node: NodeId, version: VersionId, label: str) -> Version:
        """Gives a version a name, which keeps it; an empty one takes the name away.

        Raises NoSuchNode, NoSuchVersion, NotThatKind, VersionsFull.
        """
        words = " ".join(label.split())[:LABEL_CHARACTERS] or None

        def work(connection: Connection, reach: Reach, file: Node, found: Version) -> Version:
            if words and found.label is None:
                self._need_share(connection, reach, found.size_bytes)
            history.set_label(connection, version, words)
            return msgspec.structs.replace(found, label=words)

        return await self._change(actor, node, version, work)

    def _need_share(self, connection: Connection, reach: Reach, size_bytes: int) -> None:
        share = self._share(reach)
        if share is None:
            return
        if history.old_bytes(connection, reach.space.id, is_labelled=True) + size_bytes > share:
            raise VersionsFull

    async def remove(self, actor: Person, node: NodeId, version: VersionId) -> None:
        """Removes an old version for ever. Raises NoSuchNode, NotThatKind, NoSuchVersion, also for
        the one that counts."""

        def work(connection: Connection, reach: Reach, file: Node, found: Version) -> None:
            if not versions.drop_some(connection, [version], now_s=self._room.now_s()):
                raise NoSuchVersion

        await self._change(actor, node, version, work)

    async def _change(
        self,
        actor: Person,
        node: NodeId,
        version: VersionId,
        work: Callable[[Connection, Reach, Node, Version], T],
    ) -> T:
        reach = await self._room.reach(actor, write=True, at=node)
        return await self._room.write(
            reach.space.id, lambda c: work(c, reach, *_version(c, reach, node, version))
        )

    def _share(self, reach: Reach) -> int | None:
        return self._room.replaced.share_bytes(reach.allowance.most_bytes)


def as_it_was(node: Node, version: Version) -> Node:
    """The file with the marks of one of its versions."""
    return msgspec.structs.replace(
        node,
        version=version.id,
        size_bytes=version.size_bytes,
        modified_s=version.modified_s,
        etag=node.etag if version.is_present else version.id,
    )


def _file(connection: Connection, reach: Reach, node: NodeId) -> Node:
    file = within(connection, reach, node)
    if not file.is_file:
        raise NotThatKind
    return file


def _version(connection: Connection, reach: Reach, node: NodeId, version: VersionId) -> tuple[Node, Version]:
    file, found = _file(connection, reach, node), history.find(connection, version)
    if found is None or found.node != node:
        raise NoSuchVersion
    return file, found
