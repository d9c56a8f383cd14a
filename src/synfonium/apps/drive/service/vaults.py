"""Vaults: folders that the browser seals, in the format of rclone's crypt. Of a vault this house knows that
it is one, and how to tell a wrong passphrase from the right one (docs/decisions/0044-vaults.md)."""

import re
from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.errors import NoSuchNode, VaultStaysShut
from synfonium.apps.drive.model import Node, NodeId
from synfonium.apps.drive.service.room import Room, within
from synfonium.apps.drive.service.tree import Listing, Tree
from synfonium.apps.drive.store import nodes, properties
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Person

NAME = "{urn:synfonium:vault}vault"
_XML = '<vault xmlns="urn:synfonium:vault" check="{check}" second="{second}"/>'
_READ = re.compile(r'check="([0-9a-f]{64})" second="([01])"')
_CHECK = re.compile(r"[0-9a-f]{64}")


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """check: 64 hexadecimal digits that only the passphrase gives. has_second: whether there is a second
    password."""

    check: str
    has_second: bool


class Vault(msgspec.Struct, frozen=True, kw_only=True):
    """path: from the actor's top to the vault's folder. below: the folders in it, down to what was asked
    for."""

    path: tuple[Node, ...]
    below: tuple[Node, ...]
    seal: Seal

    @property
    def folder(self) -> Node:
        return self.path[-1]


class Vaults:
    """Vaults of one actor's reach."""

    def __init__(self, room: Room, tree: Tree) -> None:
        self._room, self._tree = room, tree

    async def make(self, actor: Person, into: NodeId, name: str, seal: Seal) -> Node:
        """A new folder that is a vault. Raises as `Tree.make_folder`, VaultStaysShut in another vault,
        BadInput for a check that is none."""
        if not _CHECK.fullmatch(seal.check):
            raise BadInput("check", "")
        if await self._room.read(lambda c: is_within(c, into)):
            raise VaultStaysShut
        made = await self._tree.make_folder(actor, into, name)
        reach = await self._room.reach(actor, write=True, at=made.id)
        xml = _XML.format(check=seal.check, second=int(seal.has_second))

        def work(connection: Connection) -> None:
            within(connection, reach, made.id)
            properties.change(connection, made.id, {NAME: xml})

        await self._room.write(reach.space.id, work)
        return made

    async def of(self, actor: Person, node: NodeId) -> Vault | None:
        """The vault in which the node lies, or which it is. Raises NoSuchNode."""
        path = await self._tree.path(actor, node)
        kept = await self._room.read(lambda c: properties.of_nodes(c, [step.id for step in path]))
        for index, step in enumerate(path):
            seal = _seal(kept.get(step.id, {}).get(NAME, ""))
            if seal is not None and not step.is_file:
                return Vault(path=path[: index + 1], below=path[index + 1 :], seal=seal)
        return None

    async def listing(self, actor: Person, folder: NodeId, after: NodeId | None, limit: int) -> Listing:
        """What lies in a folder of a vault, sealed as it is. Raises NoSuchNode."""
        if await self.of(actor, folder) is None:
            raise NoSuchNode
        return await self._tree.listing(actor, folder, after=after, limit=limit)

    async def among(self, found: Sequence[Node]) -> frozenset[NodeId]:
        """Which of the nodes (that the actor has seen) are vaults."""
        folders = [node.id for node in found if not node.is_file]
        if not folders:
            return frozenset()
        return frozenset(await self._room.read(lambda c: properties.having(c, folders, NAME)))


def is_within(connection: Connection, node: NodeId) -> bool:
    """Whether the node lies in a vault, or is one: nothing can be read there, nor given away by link."""
    return bool(properties.having(connection, nodes.ancestors(connection, node), NAME))


def within_any(connection: Connection, ids: Iterable[NodeId]) -> frozenset[NodeId]:
    """Those of the folders that are vaults."""
    return frozenset(properties.having(connection, list(ids), NAME))


def _seal(xml: str) -> Seal | None:
    found = _READ.search(xml)
    return Seal(check=found[1], has_second=found[2] == "1") if found else None
