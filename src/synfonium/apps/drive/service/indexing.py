"""Tells the private search of this installation what files there are, and what is in them."""

import asyncio
import base64
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.children.text import LARGEST_TEXT, read_text
from synfonium.apps.drive.contract import Described, address_of
from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.service.told import TextSource
from synfonium.apps.drive.store import index as store
from synfonium.apps.drive.store import nodes
from synfonium.apps.drive.store.index import Due
from synfonium.apps.fabric.contract import FILE, Findable, IndexAnswer
from synfonium.common.problem import Problem
from synfonium.kernel import logs
from synfonium.kernel.context import Context
from synfonium.kernel.pump import Pump

log = logs.get("drive")
AT_ONCE = 32
AWAY = (503, 507)


class Indexing:
    """Keeps a queue of nodes, in the role that owns the tables; the worker reads their text."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._lock = asyncio.Lock()
        self.pump = Pump("drive-index", self.step)

    async def want(self, node: NodeId, *, is_deep: bool = False) -> None:
        """The search shall hear of the node, and of all files below when `is_deep`."""
        await self._want([Due(node=node, is_deep=is_deep)])

    async def want_all(self, owner: str) -> None:
        """Of every file of `owner`, or of everybody's when that is empty."""
        await self._want(await self._room.read(lambda c: store.tops(c, owner)))

    async def _want(self, wanted: Sequence[Due]) -> None:
        await self._room.context.database.write(lambda c: store.add(c, wanted))
        self.pump.wake()

    async def step(self) -> bool:
        """Works off the next few of the queue; whether there were any.

        Some files of a large drive and some single ones each time, so that neither waits long.
        """
        async with self._lock:
            return await self._step()

    async def pause(self) -> None:
        """What was read before this was asked has been told when it returns."""
        async with self._lock:
            return

    async def _step(self) -> bool:
        due = await self._room.read(
            lambda c: [
                *store.next_due(c, AT_ONCE, is_deep=False),
                *store.next_due(c, 1, is_deep=True),
            ]
        )
        if not due:
            return False
        told = [one.node for one in due if not one.is_deep]
        below, rest = await self._below(due[-1])
        await self._room.context.call("drive.index_nodes", {"nodes": [*told, *below]})

        def work(connection: Connection) -> None:
            store.done(connection, [one.seq for one in due])
            store.add(connection, rest)

        await self._room.context.database.write(work)
        return True

    async def _below(self, due: Due) -> tuple[list[str], list[Due]]:
        """The node and the next files below it, and what then remains."""
        if not due.is_deep:
            return [], []
        found = await self._room.read(
            lambda c: nodes.files_below(c, due.node, after=due.after, limit=AT_ONCE)
        )
        rest = [msgspec.structs.replace(due, after=found[-1])] if len(found) == AT_ONCE else []
        return found, rest


class Teller:
    """In the worker: reads what is in files and pushes it."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def tell(self, ids: Sequence[str]) -> None:
        """Brings the search to what these nodes are now; so a second time changes nothing."""
        gone: list[str] = []
        for node in dict.fromkeys(ids):
            try:
                if await self._is_gone_after(node):
                    gone.append(node)
            except Exception as failure:
                if isinstance(failure, Problem) and failure.status in AWAY:
                    raise
                # One file that cannot be read must not keep the others from being found.
                log.error("drive.not_indexed", failure)
        if gone:
            await self._context.call("fabric.index", {"forget": [address_of(node) for node in gone]})

    async def _is_gone_after(self, node: str) -> bool:
        """Tells of one file; whether there is none, or none any more: reading takes a while, in
        which its owner may have gone for good."""
        answer = await self._context.call("drive.read_text_source", {"node": node})
        if answer is None:
            return True
        await self._push(msgspec.convert(msgspec.to_builtins(answer), TextSource))
        return await self._context.call("drive.describe", {"node": node}) is None

    async def _push(self, source: TextSource) -> None:
        file, text = source.file, ""
        if source.content:
            text = await read_text(file.media_type, base64.b64decode(source.content))
        document = _findable(file, text[:LARGEST_TEXT], source)
        wire: Mapping[str, object] = {"person": file.owner, "documents": [msgspec.to_builtins(document)]}
        answer = await self._context.call("fabric.index", wire)
        for refused in msgspec.convert(msgspec.to_builtins(answer), IndexAnswer).refused:
            log.warning("drive.not_indexed", code=refused.code)


def _findable(file: Described, text: str, source: TextSource) -> Findable:
    return Findable(
        address=address_of(file.node),
        title=file.name,
        text=text,
        path=source.path,
        interfaces=(FILE,),
        media_type=file.media_type,
        modified_s=file.modified_s,
        revision=source.revision,
    )
