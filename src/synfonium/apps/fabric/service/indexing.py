"""Takes what apps push, keeps it safe, and hands it to the worker, which writes the index."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

import msgspec
from sqlalchemy import Connection

from synfonium.apps.fabric.config import FabricConfig
from synfonium.apps.fabric.contract import INDEX_WANTED, IndexAnswer, IndexPush, Refused
from synfonium.apps.fabric.errors import IndexBusy
from synfonium.apps.fabric.model.index import (
    OF_ANOTHER,
    OVER_QUOTA,
    Held,
    address_fault,
    fault_of,
    held,
    refusal,
)
from synfonium.apps.fabric.store import index as store
from synfonium.apps.fabric.store.index import Row, Use
from synfonium.common.ids import AppName, PersonId
from synfonium.kernel.context import Context
from synfonium.kernel.pump import Pump

SUBJECT = "fabric:index"
BATCH, BATCH_BYTES = 500, 8 * 1024 * 1024
# So much waits at most, whoever pushes: then all are asked to come again.
MOST_WAITING = Use(50_000, 512 * 1024 * 1024)
OWNERS_AT_ONCE = 500
# Every commit of the index costs the same, whatever is in it.
GATHER_S = 0.15


class Indexing:
    """In the role that owns the tables. What `push` has answered for is in the queue, in the
    same commit; the pump empties it into the worker, and only then takes it out."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._config: FabricConfig = context.config
        self._lock = asyncio.Lock()
        self._is_checked = False
        self.pump = Pump("fabric-index", self.step, gather_s=GATHER_S)

    async def push(self, app: AppName, pushed: IndexPush) -> IndexAnswer:
        """Takes what `app` says of the things of `pushed.person`. Raises IndexBusy."""
        refused: list[Refused] = []
        taken: dict[str, Held] = {}
        for document in pushed.documents:
            fault = fault_of(document, app)
            if fault:
                refused.append(refusal(document.address, fault))
            else:
                taken[document.address] = held(document, pushed.person)
        gone = []
        for address in dict.fromkeys(pushed.forget):
            fault = address_fault(address, app)
            if fault:
                refused.append(refusal(address, fault))
            elif address not in taken:
                gone.append(address)
        entry = _Entry(app, pushed.person, self._config)
        answer = await self._context.database.write(lambda c: entry.run(c, list(taken.values()), gone))
        self.pump.wake()
        return msgspec.structs.replace(answer, refused=(*refused, *answer.refused))

    async def step(self) -> bool:
        """Hands the next few to the worker; whether there may be more."""
        if not self._is_checked:
            await self._check()
        async with self._lock:
            found, is_full = await self._context.database.read(
                lambda c: store.next_due(c, BATCH, BATCH_BYTES)
            )
            if not found:
                return False
            wire = [msgspec.to_builtins(document) for _seq, document in found]
            await self._context.call("fabric.index_apply", {"documents": wire})
            await self._context.database.write(lambda c: store.done(c, [seq for seq, _document in found]))
        return is_full

    async def _check(self) -> None:
        """An index and a table that do not fit together: one of them is new, was lost, or is of
        another version. Then the apps are asked for everything, once for each start."""
        state = await self._context.call("fabric.index_state", {})
        is_index_empty = not msgspec.to_builtins(state)["documents"]
        if is_index_empty != await self._context.database.read(store.is_empty):
            await self._context.database.write(lambda c: self._want(c, {("", "")}))
        self._is_checked = True

    async def forget_person(self, person: PersonId) -> None:
        """Nothing of `person` is on its way, in the index, or in its files.

        Others' things that share a file with theirs, and cannot be moved out of it, are asked
        for again: when they have come, nothing is left.
        """
        async with self._lock:
            await self._context.database.write(lambda c: store.forget_person(c, person))
            answer = await self._context.call("fabric.forget_person", {"person": person})
        again: Sequence[str] = msgspec.to_builtins(answer)["again"]
        for at in range(0, len(again), OWNERS_AT_ONCE):
            await self._context.database.write(
                partial(self._want_again, some=again[at : at + OWNERS_AT_ONCE])
            )

    def _want_again(self, connection: Connection, some: Sequence[str]) -> None:
        self._want(connection, store.owners(connection, some))

    def _want(self, connection: Connection, pairs: set[tuple[str, str]]) -> None:
        for person, app in sorted(pairs):
            facts: Mapping[str, str] = {"person": person, "app": app}
            self._context.outbox.add(connection, INDEX_WANTED, SUBJECT, facts)


class _Entry:
    """One push, inside a transaction."""

    def __init__(self, app: AppName, person: PersonId, config: FabricConfig) -> None:
        self._app, self._person, self._config = app, person, config

    def run(self, connection: Connection, documents: Sequence[Held], gone: Sequence[str]) -> IndexAnswer:
        self._need_room(store.waiting(connection))
        known = store.rows(connection, [*(one.address for one in documents), *gone])
        forgotten = [address for address in gone if self._may_forget(known.get(address))]
        self._forget(connection, forgotten, known)
        taken, refused = self._take(connection, documents, known)
        return IndexAnswer(taken=taken, forgotten=len(forgotten), refused=tuple(refused))

    def _need_room(self, waiting: Use) -> None:
        if waiting.documents > MOST_WAITING.documents or waiting.size_bytes > MOST_WAITING.size_bytes:
            raise IndexBusy

    def _may_forget(self, row: Row | None) -> bool:
        """An installed app may not know any more whose the thing was."""
        return row is None or not self._person or row.person == self._person

    def _forget(self, connection: Connection, gone: Sequence[str], known: Mapping[str, Row]) -> None:
        for person in {known[address].person for address in gone if address in known}:
            sizes = [known[a].size_bytes for a in gone if a in known and known[a].person == person]
            now = store.use_of(connection, person, self._app)
            left = Use(now.documents - len(sizes), now.size_bytes - sum(sizes))
            store.set_use(connection, person, self._app, left)
        store.remove(connection, [Held(address=a, person=self._person, is_gone=True) for a in gone])

    def _take(
        self, connection: Connection, documents: Sequence[Held], known: Mapping[str, Row]
    ) -> tuple[int, list[Refused]]:
        now = store.use_of(connection, self._person, self._app)
        taken: list[tuple[Held, int]] = []
        refused: list[Refused] = []
        for document in documents:
            row, size = known.get(document.address), len((document.title + document.text).encode())
            then = Use(now.documents + (row is None), now.size_bytes + size - (row.size_bytes if row else 0))
            if row and row.person != self._person:
                refused.append(refusal(document.address, OF_ANOTHER))
            elif self._is_over(then) and (row is None or size > row.size_bytes):
                refused.append(refusal(document.address, OVER_QUOTA))
            else:
                taken.append((document, size))
                now = then
        store.put(connection, self._app, taken)
        store.set_use(connection, self._person, self._app, now)
        return len(taken), refused

    def _is_over(self, use: Use) -> bool:
        config = self._config
        return use.documents > config.index_documents or use.size_bytes > config.index_text_bytes
