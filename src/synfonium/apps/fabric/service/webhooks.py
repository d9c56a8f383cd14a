"""Tells outside apps by webhook: each at its own pace, again until it takes it, in order per subject."""

import asyncio
import random
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial

import msgspec
from sqlalchemy import Connection

from synfonium.apps.fabric.contract import Apps, RegisteredApp
from synfonium.apps.fabric.errors import AppAway
from synfonium.apps.fabric.model.facts import MEDIA_TYPE, Listener
from synfonium.apps.fabric.service.outside import OutsideApps
from synfonium.apps.fabric.service.telling import Telling
from synfonium.apps.fabric.store import deliveries as store
from synfonium.apps.fabric.store import facts
from synfonium.apps.fabric.store.deliveries import Delivery, WebhookState
from synfonium.apps.identity.contract import People
from synfonium.common.ids import PersonId
from synfonium.kernel import logs
from synfonium.kernel.context import Context

AT_ONCE = 4
"""How many messages to one app are under way at most; one, while it fails."""
FIRST_WAIT_S, WAIT_GROWS, LONGEST_WAIT_S = 5.0, 3.0, 4 * 3600.0
RESTS_AFTER = 5
FIRST_REST_S, LONGEST_REST_S = 30.0, 3600.0
LONGEST_RETRY_AFTER_S = 86_400.0
LOOK_EVERY_S = 60.0
GONE = 410
log = logs.get("fabric")
_with = msgspec.structs.replace


class Deliveries(msgspec.Struct, frozen=True, kw_only=True):
    """How an app takes what it is told, for whoever owns it. next_s: when it is tried next."""

    state: WebhookState
    waiting: int
    next_s: float | None


class Webhooks:
    """One courier for each app that has something to be told; none waits for another."""

    def __init__(self, context: Context, outside: OutsideApps, telling: Telling) -> None:
        self._context, self._outside, self._telling = context, outside, telling
        self._couriers: dict[str, Courier] = {}

    async def start(self) -> None:
        for app in await self._context.database.read(store.apps_waiting):
            self.wake(app)

    async def stop(self) -> None:
        """What is under way is told again after the next start."""
        tasks = [courier.task for courier in self._couriers.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def wake(self, app: str) -> None:
        """Something may wait for the app; from the event loop."""
        courier = self._couriers.get(app)
        if courier is None:
            courier = self._couriers[app] = Courier(app, self._context, self._outside, self._telling)
            courier.task.add_done_callback(partial(self._ended, app))
        courier.woken.set()

    def _ended(self, app: str, task: asyncio.Task[None]) -> None:
        courier = self._couriers.pop(app)
        if not task.cancelled() and (error := task.exception()):
            log.error("fabric.courier_failed", error, app=app)
        if not task.cancelled() and courier.woken.is_set():
            self.wake(app)

    async def deliveries_of(self, app: str) -> Deliveries:
        def work(connection: Connection) -> Deliveries:
            return Deliveries(
                state=store.state(connection, app),
                waiting=store.waiting(connection, app),
                next_s=store.next_due_s(connection, app),
            )

        return await self._context.database.read(work)

    async def troubled(self) -> Mapping[str, WebhookState]:
        """Of the apps that take nothing just now, by name."""
        return await self._context.database.read(store.troubled)

    async def resume(self, app: str) -> None:
        """Tells an app again that had stopped, or rests: its owner says that it is well."""
        now_s = self._context.clock.now_s()
        await self._context.database.write(lambda c: store.trust(c, app, now_s))
        self.wake(app)


class Courier:
    """Tells one app until nothing waits. Ends by itself."""

    def __init__(self, name: str, context: Context, outside: OutsideApps, telling: Telling) -> None:
        self._name, self._context = name, context
        self._outside, self._telling = outside, telling
        self.woken = asyncio.Event()
        self._flying: dict[asyncio.Task[None], Delivery] = {}
        self.task = asyncio.create_task(self._run(), name=f"webhook {name}")

    async def _run(self) -> None:
        try:
            while True:
                self.woken.clear()
                app, state = await self._app(), await self._state()
                if app is None or state.stopped_s:
                    await self._drop()
                    return
                wait_s = await self._send_due(app, state)
                if wait_s is None and not self._flying:
                    return
                await self._pause(wait_s)
        finally:
            for task in self._flying:
                task.cancel()
            await asyncio.gather(*self._flying, return_exceptions=True)

    async def _app(self) -> RegisteredApp | None:
        """The app, while it wants to be told."""
        app = await self._context.offer(Apps).by_name(self._name)  # type: ignore[type-abstract]
        listens = app.manifest.synfonium.listens if app and app.is_outside else None
        return app if listens and listens.door else None

    async def _state(self) -> WebhookState:
        return await self._context.database.read(lambda c: store.state(c, self._name))

    async def _drop(self) -> None:
        await self._context.database.write(lambda c: store.drop(c, self._name))

    async def _send_due(self, app: RegisteredApp, state: WebhookState) -> float | None:
        """Begins what is due and may be under way; in how many seconds to look again, None when
        nothing waits."""
        now_s = self._context.clock.now_s()
        if state.rests_s > now_s:
            return state.rests_s - now_s
        most = 1 if state.failures else AT_ONCE
        flying = {one.key for one in self._flying.values()}
        if len(flying) >= most:
            return LOOK_EVERY_S
        found = await self._context.database.read(
            lambda c: store.due(c, self._name, now_s, most + len(flying))
        )
        for one in [one for one in found if one.key not in flying][: most - len(flying)]:
            self._begin(app, one)
        next_s = await self._context.database.read(lambda c: store.next_due_s(c, self._name))
        return None if next_s is None else max(0.0, next_s - now_s) if not self._flying else LOOK_EVERY_S

    def _begin(self, app: RegisteredApp, one: Delivery) -> None:
        task = asyncio.create_task(self._deliver(app, one))
        self._flying[task] = one
        task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.pop(task, None)
        if not task.cancelled() and (error := task.exception()):
            log.error("fabric.delivery_failed", error, app=self._name)
        self.woken.set()

    async def _pause(self, wait_s: float | None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(min(LOOK_EVERY_S, LOOK_EVERY_S if wait_s is None else wait_s)):
                await self.woken.wait()

    async def _deliver(self, app: RegisteredApp, one: Delivery) -> None:
        message = await self._message(one)
        if message is None:
            await self._context.database.write(lambda c: store.done(c, one))
            return
        listens = app.manifest.synfonium.listens
        assert listens is not None
        try:
            answer = await self._outside.send(
                app, listens.door, message[1], message_id=message[0], media_type=MEDIA_TYPE
            )
        except AppAway:
            await self._failed(one, 0, {})
            return
        if 200 <= answer.status < 300:
            await self._taken(one, answer.status)
        elif answer.status == GONE:
            await self._stopped()
        else:
            await self._failed(one, answer.status, answer.headers)

    async def _message(self, one: Delivery) -> tuple[str, bytes] | None:
        """Its id and body; None for what the app may not hear of any more."""
        to = Listener(one.app, PersonId(one.person))
        fact, grants = await self._context.database.read(
            lambda c: (facts.one(c, one.seq), facts.grants_of(c, to, one.seq))
        )
        owner = await self._context.offer(People).by_id(to.person)  # type: ignore[type-abstract]
        sub = await self._telling.sub_of(to)
        if fact is None or sub is None or owner is None or owner.is_suspended:
            return None
        objects = await self._telling.objects_of(fact, to, grants)
        if objects is None:
            return None
        # One fact may be told for several people, and is a message of its own for each.
        id_ = fact.key if fact.owner == one.person else f"{fact.key}-{sub[:16]}"
        return id_, self._telling.told(fact, to, sub, objects)

    async def _taken(self, one: Delivery, status: int) -> None:
        now_s = self._context.clock.now_s()

        def work(connection: Connection) -> None:
            store.done(connection, one)
            state = store.state(connection, self._name)
            if state.failures:
                store.hasten(connection, self._name, now_s)
            well = _with(state, failures=0, rests_s=0.0, answered_s=now_s, status=status)
            store.keep_state(connection, _with(well, sent=state.sent + 1, delivered_s=now_s))

        await self._context.database.write(work)

    async def _stopped(self) -> None:
        now_s = self._context.clock.now_s()

        def work(connection: Connection) -> None:
            state = store.state(connection, self._name)
            dropped = store.drop(connection, self._name)
            gone = _with(state, stopped_s=now_s, answered_s=now_s, status=GONE)
            store.keep_state(connection, _with(gone, given_up=state.given_up + dropped))

        await self._context.database.write(work)
        log.info("fabric.webhook_stopped", app=self._name)

    async def _failed(self, one: Delivery, status: int, headers: Mapping[str, str]) -> None:
        now_s = self._context.clock.now_s()
        asked_s = min(LONGEST_RETRY_AFTER_S, retry_after_s(headers.get("retry-after", ""), now_s))
        due_s = now_s + max(asked_s, backoff_s(one.attempts))

        def work(connection: Connection) -> None:
            state = store.state(connection, self._name)
            failures = state.failures + 1
            rests_s = max(now_s + asked_s, now_s + rest_s(failures))
            if due_s < one.ends_s:
                store.put_off(connection, one, due_s)
                given_up = 0
            else:
                store.done(connection, one)
                given_up = 1
            store.keep_state(
                connection,
                _with(
                    state,
                    failures=failures,
                    rests_s=rests_s,
                    answered_s=now_s if status else state.answered_s,
                    status=status,
                    given_up=state.given_up + given_up,
                ),
            )

        await self._context.database.write(work)


def backoff_s(attempts: int) -> float:
    """How long after so many failed attempts before it the next one comes: 5 s, 15 s … 4 h, not
    for all at the same moment."""
    wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * WAIT_GROWS ** min(attempts, 20))
    return wait_s * random.uniform(0.8, 1.2)


def rest_s(failures: int) -> float:
    """How long the app is left alone after so many failures in a row: not at all, then 30 s … 1 h."""
    if failures < RESTS_AFTER:
        return 0.0
    wait_s = min(LONGEST_REST_S, FIRST_REST_S * 2.0 ** min(failures - RESTS_AFTER, 20))
    return wait_s * random.uniform(0.8, 1.2)


def retry_after_s(text: str, now_s: float) -> float:
    """What Retry-After says, in seconds from now (RFC 9110, 10.2.3); 0 for what cannot be read."""
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, at.timestamp() - now_s) if at > datetime.fromtimestamp(now_s, UTC) else 0.0
