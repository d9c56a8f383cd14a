"""Tells the private search of this installation what files there are, and what is in them."""

import asyncio
import base64
from collections.abc import Mapping, Sequence
from typing import TypeVar

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
from synfonium.common.ids import PersonId
from synfonium.common.problem import Problem
from synfonium.kernel import logs
from synfonium.kernel.context import Context
from synfonium.kernel.pump import Pump

__all__ = ["Due", "Indexing", "Teller"]

log = logs.get("drive")
T = TypeVar("T")
AT_ONCE = 32
GATHER_S = 0.25
AWAY = (503, 507)


class Indexing:
    """Keeps a queue of nodes, in the role that owns the tables; the worker reads their text."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._lock = asyncio.Lock()
        self.pump = Pump("drive-index", self.step, gather_s=GATHER_S)

    async def want(self, wanted: Sequence[Due]) -> None:
        """The search shall hear of the nodes, and of all files below those that are deep."""
        if wanted:
            await self._room.context.database.write(lambda c: store.add(c, wanted))
            self.pump.wake()

    async def want_all(self, owner: str) -> None:
        """Of every file of `owner`, or of everybody's when that is empty."""
        await self.want(await self._room.read(lambda c: store.tops(c, owner)))

    async def step(self) -> bool:
        """Works off the next few of the queue; whether there may be more.

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
        return len(told) == AT_ONCE or len(due) > len(told)

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

    async def tell(self, ids: Sequence[NodeId]) -> None:
        """Brings the search to what these nodes are now; so a second time changes nothing."""
        wanted = list(dict.fromkeys(ids))
        sources = await self._ask("drive.text_sources", wanted, list[TextSource])
        by_owner: dict[PersonId, list[Findable]] = {}
        for source in sources:
            by_owner.setdefault(source.file.owner, []).append(await self._read(source))
        for owner, documents in by_owner.items():
            await self._push(owner, documents)
        # Reading takes a while, in which a file, or its owner, may have gone for good.
        standing = set(await self._ask("drive.standing", wanted, list[str]))
        if gone := [address_of(node) for node in wanted if node not in standing]:
            await self._context.call("fabric.index", {"forget": gone})

    async def _ask(self, command: str, nodes: Sequence[NodeId], kind: type[T]) -> T:
        answer = await self._context.call(command, {"nodes": list(nodes)})
        return msgspec.convert(msgspec.to_builtins(answer), kind)

    async def _read(self, source: TextSource) -> Findable:
        file, text = source.file, ""
        try:
            if source.has_text:
                content = str(await self._context.call("drive.text_of", {"node": file.node}))
                text = await read_text(file.media_type, base64.b64decode(content))
        except Exception as failure:
            if isinstance(failure, Problem) and failure.status in AWAY:
                raise
            # One file that cannot be read must not keep the others from being found.
            log.error("drive.not_indexed", failure)
        return _findable(file, text[:LARGEST_TEXT], source)

    async def _push(self, owner: PersonId, documents: Sequence[Findable]) -> None:
        wire: Mapping[str, object] = {"person": owner, "documents": msgspec.to_builtins(list(documents))}
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
