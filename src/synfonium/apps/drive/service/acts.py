"""Drive's declared actions (see synfonium.app.json). That they may be done the fabric has checked;
an app's grants are asked here once more, as at every other door of Drive."""

from collections.abc import AsyncIterator

from synfonium.apps.drive import contract
from synfonium.apps.drive.errors import NoSuchNode, TopStays
from synfonium.apps.drive.model import Node, NodeId
from synfonium.apps.drive.service.files import Files
from synfonium.apps.drive.service.moving import Moving
from synfonium.apps.drive.service.objects import DriveObjects
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.service.trash import Trash
from synfonium.apps.drive.service.tree import Tree
from synfonium.apps.fabric.contract import FILE, FOLDER, Act, Children, Object, ObjectsAsk
from synfonium.kernel.actor import Person

LARGEST_TEXT_BYTES = 256 * 1024
MOST_FOUND = 50
Answer = dict[str, object]


class DriveActs:
    """One method for each action. What came of it is in `object`, and where to look in `page`."""

    def __init__(
        self, room: Room, tree: Tree, moving: Moving, files: Files, trash: Trash, objects: DriveObjects
    ) -> None:
        self._room, self._tree, self._moving, self._files = room, tree, moving, files
        self._trash, self._objects = trash, objects

    async def new_folder(self, act: Act) -> Answer:
        """Raises as `Tree.make_folder`."""
        actor = _actor(act)
        made = await self._tree.make_folder(actor, await self._node(actor, act.object), _text(act, "name"))
        return _answer(made)

    async def new_text(self, act: Act) -> Answer:
        """Raises as `Files.write`; a number comes after a name that is taken."""
        actor, text = _actor(act), _text(act, "text")
        parent = await self._node(actor, act.object)
        made = await self._files.write(actor, parent, _text(act, "name"), _pieces(text), when_taken="number")
        return _answer(made.node)

    async def rename(self, act: Act) -> Answer:
        """Raises as `Moving.move`."""
        actor = _actor(act)
        path = await self._tree.path(actor, await self._node(actor, act.object))
        if len(path) == 1:
            raise TopStays
        placed = await self._moving.move(actor, path[-1].id, path[-2].id, _text(act, "name"))
        return _answer(placed.node)

    async def move_to(self, act: Act) -> Answer:
        """Raises as `Moving.move`."""
        node, into, actor, to = await self._both_ends(act)
        return _answer((await self._moving.move(actor, node.id, into, node.name, to=to)).node)

    async def copy_to(self, act: Act) -> Answer:
        """Raises as `Moving.copy`."""
        node, into, actor, to = await self._both_ends(act)
        return _answer((await self._moving.copy(actor, node.id, into, node.name, to=to)).node)

    async def _both_ends(self, act: Act) -> tuple[Node, NodeId, Person, Person]:
        """The node, the folder that shall hold it, and the actor by the right to each. Raises NoSuchNode."""
        actor, to = [await self._by_right(act, address) for address in (act.object, _text(act, "into"))]
        node = await self._tree.node(actor, await self._node(actor, act.object))
        return node, await self._node(to, _text(act, "into")), actor, to

    async def _by_right(self, act: Act, address: str) -> Person:
        actor = _actor(act)
        if len(actor.grants) < 2:
            return actor
        shown = await self._objects.describe(ObjectsAsk(person=act.person, address=address))
        return await self._room.by_grant(actor, shown.path if shown else ())

    async def move_to_trash(self, act: Act) -> Answer:
        """Raises as `Trash.put`."""
        actor = _actor(act)
        await self._trash.put(actor, [await self._node(actor, act.object)])
        return {"object": act.object, "page": "/drive/trash"}

    async def list_folder(self, act: Act) -> Answer:
        """Raises NoSuchNode."""
        after, both = str(act.input.get("after", "")), (FOLDER, FILE)
        ask = ObjectsAsk(person=act.person, address=act.object, interfaces=both, after=after)
        return _children(await self._objects.children(ask))

    async def find(self, act: Act) -> Answer:
        """Raises NoSuchNode."""
        query, both = _text(act, "query"), (FOLDER, FILE)
        ask = ObjectsAsk(person=act.person, address=act.object, interfaces=both, query=query)
        return _children(await self._objects.children(ask))

    async def read_text(self, act: Act) -> Answer:
        """The first 256 KiB, as UTF-8. Raises NoSuchNode, NotThatKind."""
        actor = _actor(act)
        content = await self._files.content(actor, await self._node(actor, act.object))
        size_bytes = content.node.size_bytes
        stop = min(size_bytes, LARGEST_TEXT_BYTES)
        read = b"".join([piece async for piece in self._files.read(content, 0, stop)]) if stop else b""
        text = read.decode("utf-8", "replace")
        return {"title": content.node.name, "text": text, "is_whole": size_bytes <= LARGEST_TEXT_BYTES}

    async def _node(self, actor: Person, address: str) -> NodeId:
        """Raises NoSuchNode."""
        if address == contract.ROOT:
            return (await self._tree.top(actor)).id
        node = contract.node_of(address)
        if node is None:
            raise NoSuchNode
        return NodeId(node)


def _actor(act: Act) -> Person:
    return Person(id=act.person, name="", display="", app=act.app or None, grants=act.grants)


def _text(act: Act, name: str) -> str:
    return str(act.input[name])


def _answer(node: Node) -> Answer:
    return {"object": contract.address_of(node.id), "title": node.name, "page": f"/drive/node/{node.id}"}


def _children(found: Children | None) -> Answer:
    if found is None:
        raise NoSuchNode
    return {"items": [_told(one) for one in found.items], "after": found.after}


def _told(one: Object) -> Answer:
    kind = "file" if FILE in one.interfaces else "folder"
    told: Answer = {"object": one.address, "title": one.title, "kind": kind, "page": one.page}
    return {**told, "media_type": one.media_type, "size_bytes": one.size_bytes} if kind == "file" else told


async def _pieces(text: str) -> AsyncIterator[bytes]:
    yield text.encode()
