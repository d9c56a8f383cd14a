"""Accounts that go: closed at once, destroyed when their time has come, whatever happens meanwhile."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import msgspec
from sqlalchemy import Connection

from synfonium.apps.yourdata import store
from synfonium.apps.yourdata.errors import NotLeaving
from synfonium.apps.yourdata.model import Erasure
from synfonium.apps.yourdata.service import letters
from synfonium.apps.yourdata.service.receipts import DAY_S, Receipts
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import Problem
from synfonium.kernel import logs
from synfonium.kernel.app import installed_apps
from synfonium.kernel.calls import Progress
from synfonium.kernel.commands import keeps_something
from synfonium.kernel.context import Context

log = logs.get("yourdata")
LOOK_EVERY_S = 30.0


class Erasures:
    """Every step may be cut anywhere: at the next start it is taken again, to the end."""

    def __init__(self, context: Context, receipts: Receipts) -> None:
        self._context, self._receipts = context, receipts
        self._wanted = asyncio.Event()
        self._lock = asyncio.Lock()

    async def of(self, person: str) -> Erasure | None:
        """The one that waits or runs."""
        return await self._context.database.read(lambda c: store.erasure_of(c, person))

    async def waiting_of(self, person: str) -> Erasure:
        """The one that can still be withdrawn. Raises NotLeaving."""
        found = await self.of(person)
        if found is None or found.state != "waiting":
            raise NotLeaving
        return found

    async def one(self, id_: str) -> Erasure:
        """Raises NotLeaving."""
        found = await self._context.database.read(lambda c: store.erasure(c, id_))
        if found is None:
            raise NotLeaving
        return found

    async def begin(self, person: str, *, by: str, after_days: float | None = None) -> Erasure:
        """Closes the account; it will be erased after the days of the settings, or these.

        Raises what identity refuses: the last administrator stays.
        """
        await self._context.call("identity.user_close", {"person": person, "by": by})
        now_s = self._context.clock.now_s()
        days = self._context.config.erase_days if after_days is None else after_days
        wanted = Erasure(
            id=new_id(now_s),
            person=person,
            state="waiting",
            asked_s=now_s,
            due_s=now_s + days * DAY_S,
            done={},
            receipt="",
        )

        letter = await letters.account_closed(self._context, wanted) if days else None

        def work(connection: Connection) -> Erasure:
            there = store.erasure_of(connection, person)
            if there is None:
                store.add_erasure(connection, wanted)
                letters.add(self._context, connection, letter)
            elif there.due_s > wanted.due_s:
                store.change_erasure(connection, there.id, due_s=wanted.due_s)
            return there or wanted

        begun = await self._context.database.write(work)
        self._wanted.set()
        return begun

    async def withdraw(self, person: str, *, by: str) -> None:
        """The account stays and opens again. Raises NotLeaving when there is nothing to keep."""
        if not await self._context.database.write(lambda c: store.withdraw_erasure(c, person)):
            raise NotLeaving
        await self._context.call("identity.user_reopen", {"person": person, "by": by})

    async def run(self, id_: str, progress: Progress) -> Erasure:
        """Destroys everything now; the erasure with its receipt."""
        async with self._lock:
            erasure = await self.one(id_)
            if erasure.state != "done":
                await self._run(erasure, progress)
            return await self.one(id_)

    async def _run(self, erasure: Erasure, progress: Progress) -> None:
        await self._change(erasure.id, state="running")
        apps = [app.name for app in installed_apps() if keeps_something(app)]
        done = dict(erasure.done)
        # Twice: what an app was told by another meanwhile goes in the second round.
        for number, app in enumerate([*apps, *apps]):
            await progress(app, number, 3 * len(apps))
            done[app] = _more(done.get(app, {}), await self.destroy(app, erasure.person))
            await self._change(erasure.id, done=done)
        for number, app in enumerate(apps):
            await progress(app, 2 * len(apps) + number, 3 * len(apps))
            await self._context.call(f"{app}.personal_scour", {})
        receipt = self._receipts.of(erasure, done, self._context.clock.now_s())
        words = msgspec.json.encode(receipt).decode()
        await self._change(erasure.id, state="done", receipt=words)
        log.info("yourdata.erased", count=sum(sum(counts.values()) for counts in done.values()))

    async def destroy(self, app: str, person: str) -> dict[str, int]:
        """All that one app has of the person."""
        counts: dict[str, int] = await self._context.call(f"{app}.personal_erase", {"person": person})
        return counts

    async def destroy_all(self, person: PersonId) -> None:
        """For somebody who has not come to exist; twice, as `run` does."""
        apps = [app.name for app in installed_apps() if keeps_something(app)]
        for app in [*apps, *apps]:
            await self.destroy(app, person)

    async def _change(self, id_: str, **values: object) -> None:
        await self._context.database.write(lambda c: store.change_erasure(c, id_, **values))

    async def _run_due(self) -> None:
        now_s = self._context.clock.now_s()
        for due in await self._context.database.read(lambda c: store.due_erasures(c, now_s)):
            await self.run(due.id, _silent)

    async def for_ever(self) -> None:
        """Takes up what is due and what was cut short."""
        await asyncio.sleep(1.0)  # the other roles come up too
        while True:
            self._wanted.clear()
            try:
                await self._run_due()
            except Problem as problem:
                log.warning("yourdata.erasure_waits", code=problem.code)
            except Exception as failure:
                log.error("yourdata.erasure_failed", failure)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._wanted.wait()


def _more(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    """Counts of both: a second run after a crash finds only what the first had left."""
    return {key: before.get(key, 0) + now.get(key, 0) for key in sorted({*before, *now})}


async def _silent(text: str, done: float = 0, total: float = 0) -> None:
    await asyncio.sleep(0)
