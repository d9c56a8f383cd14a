"""A folder with all below it as one ZIP archive, read from the tree while it is written.

Our own writer (libraries/safezip): what is on PyPI for this writes from synchronous iterators, keeps a record
for each entry in memory uncompressed, or needs a second library for encryption that is not used here.
"""

from collections.abc import AsyncIterator, Sequence

from synfonium.apps.drive.model import Node, NodeId, name_key
from synfonium.apps.drive.model.names import MAX_DEPTH
from synfonium.apps.drive.service.files import Files
from synfonium.apps.drive.service.tree import Tree
from synfonium.kernel.actor import Person
from synfonium.libraries.safezip import SafeNames, ZipFlow

AT_ONCE = 256
GATHERED_BYTES = 64 * 1024


class Zipping:
    """Archives of what one actor reaches: what is not theirs any more ends the archive, cut."""

    def __init__(self, tree: Tree, files: Files) -> None:
        self._tree, self._files = tree, files

    async def top(self, actor: Person, folder: NodeId) -> Node:
        """Raises NoSuchNode."""
        return await self._tree.node(actor, folder)

    async def pieces(self, actor: Person, top: Node, chosen: Sequence[int] = ()) -> AsyncIterator[bytes]:
        """Depth first; at any time the names of one page of each open folder are in memory. chosen: the
        numbers of the members of `top` that are wanted, none for all; one that has gone is left out."""
        flow, gathered = ZipFlow(), bytearray()
        async for piece in self._entries(flow, actor, top, chosen):
            gathered += piece
            if len(gathered) >= GATHERED_BYTES:
                yield bytes(gathered)
                gathered.clear()
        async for piece in flow.finish():
            gathered += piece
        yield bytes(gathered)

    async def _entries(
        self, flow: ZipFlow, actor: Person, top: Node, chosen: Sequence[int]
    ) -> AsyncIterator[bytes]:
        names = SafeNames()
        walk = self._some(actor, top, chosen, names) if chosen else self._walk(actor, top, "", 0, names)
        async for node, path in walk:
            if not node.is_file:
                yield flow.folder(f"{path}/", node.modified_s)
                continue
            content = await self._files.content(actor, node.id)
            size_bytes = content.node.size_bytes
            async for piece in flow.file(path, size_bytes, node.modified_s, self._files.read(content)):
                yield piece

    async def _some(
        self, actor: Person, top: Node, chosen: Sequence[int], names: SafeNames
    ) -> AsyncIterator[tuple[Node, str]]:
        """As `_walk`, beginning with these members."""
        for member in await self._tree.members_numbered(actor, top.id, chosen):
            place = names.take(member.name)
            yield member, place
            if not member.is_file:
                async for below in self._walk(actor, member, f"{place}/", 1, names):
                    yield below

    async def _walk(
        self, actor: Person, folder: Node, path: str, depth: int, names: SafeNames
    ) -> AsyncIterator[tuple[Node, str]]:
        """Each node before what is in it, under a path that every system can write."""
        after = b""
        while depth <= MAX_DEPTH:
            members = await self._tree.members_within(actor, folder.id, after=after, limit=AT_ONCE)
            for member in members:
                place = names.take(f"{path}{member.name}")
                yield member, place
                if not member.is_file:
                    async for below in self._walk(actor, member, f"{place}/", depth + 1, names):
                        yield below
            if len(members) < AT_ONCE:
                return
            after = name_key(members[-1].name)
