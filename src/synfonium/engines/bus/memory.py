"""Events within one process: publishing calls the subscribers."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from synfonium.common.event import Event
from synfonium.common.ids import EventId
from synfonium.common.problem import Problem, Unavailable
from synfonium.ports.bus import ManySubscriber, NotDelivered, Subscriber

# A subscriber that takes longer has hung; the event comes to it again.
SUBSCRIBER_TIMEOUT_S = 120.0
_REMEMBERED = 10_000
_TEMPORARY = (503, 507)


class MemoryBus:
    """An EventBus (see the port). Subscriptions hear an event at the same time, and each of them
    one source's events one after the other. It remembers who has handled the last 10 000 events."""

    def __init__(self, *, timeout_s: float = SUBSCRIBER_TIMEOUT_S) -> None:
        self._subscriptions: dict[str, _Subscription] = {}
        self._handled: OrderedDict[EventId, set[str]] = OrderedDict()
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._timeout_s = timeout_s
        self._is_closed = False

    async def publish(self, event: Event) -> None:
        (refusal,) = await self.publish_many([event])
        if refusal is not None:
            raise refusal

    async def publish_many(self, events: Sequence[Event]) -> Sequence[NotDelivered | None]:
        if self._is_closed:
            return [NotDelivered("the bus is closed") for _event in events]
        calls = [
            self._serve(subscription, wanted)
            for subscription in self._subscriptions.values()
            if (wanted := self._wanted(subscription, events))
        ]
        failed: dict[EventId, dict[str, Exception]] = {}
        for name, errors in await asyncio.gather(*calls):
            for id_, error in errors.items():
                failed.setdefault(id_, {})[name] = error
        return [_refusal(failed.get(event.id, {})) for event in events]

    async def abandon(self, event: Event) -> None:
        for (source, _name), lane in self._lanes.items():
            if source == event.source:
                lane.leave(event.id)

    async def subscribe(
        self,
        name: str,
        types: frozenset[str],
        subscriber: Subscriber,
        *,
        of_many: ManySubscriber | None = None,
    ) -> None:
        if name in self._subscriptions:
            raise ValueError(f"two subscriptions are called {name}")
        self._subscriptions[name] = _Subscription(name, types, subscriber, of_many)

    async def close(self) -> None:
        self._is_closed = True

    def _handlers_of(self, event: Event) -> set[str]:
        handled = self._handled.setdefault(event.id, set())
        self._handled.move_to_end(event.id)
        if len(self._handled) > _REMEMBERED:
            self._handled.popitem(last=False)
        return handled

    def _wanted(self, subscription: "_Subscription", events: Sequence[Event]) -> list[Event]:
        """Those that it has still to handle, which get their places in its lanes."""
        wanted = [
            event
            for event in events
            if event.type in subscription.types and subscription.name not in self._handlers_of(event)
        ]
        for event in wanted:
            self._lane(event, subscription).join(event.id)
        return wanted

    def _lane(self, event: Event, subscription: "_Subscription") -> "Lane":
        return self._lanes.setdefault((event.source, subscription.name), Lane())

    async def _serve(
        self, subscription: "_Subscription", events: Sequence[Event]
    ) -> tuple[str, dict[EventId, Exception]]:
        errors: dict[EventId, Exception] = {}
        if await self._call_many(subscription, events):
            return subscription.name, errors
        held = set[str]()
        for event in events:
            if event.source in held:  # its turn has not come
                errors[event.id] = Unavailable()
            elif error := await self._call(subscription, event):
                errors[event.id] = error
                held.add(event.source)
        return subscription.name, errors

    async def _call_many(self, subscription: "_Subscription", events: Sequence[Event]) -> bool:
        """Whether they were handled at once; if not, each is to be tried alone."""
        first = events[0]
        if subscription.of_many is None or len(events) == 1 or any(e.source != first.source for e in events):
            return False
        lane = self._lane(first, subscription)
        await lane.turn(first.id)
        try:
            async with asyncio.timeout(self._timeout_s):
                await subscription.of_many(events)
        except Exception:
            return False
        for event in events:
            self._handled_by(subscription, event)
        return True

    async def _call(self, subscription: "_Subscription", event: Event) -> Exception | None:
        try:
            await self._lane(event, subscription).turn(event.id)
            async with asyncio.timeout(self._timeout_s):
                await subscription.one(event)
        except Exception as error:
            return error
        self._handled_by(subscription, event)
        return None

    def _handled_by(self, subscription: "_Subscription", event: Event) -> None:
        self._handlers_of(event).add(subscription.name)
        self._lane(event, subscription).leave(event.id)


class _Subscription(NamedTuple):
    name: str
    types: frozenset[str]
    one: Subscriber
    of_many: ManySubscriber | None


class Lane:
    """One source's events that one subscription has still to handle, in order."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[EventId, asyncio.Future[None] | None] = OrderedDict()

    def join(self, event: EventId) -> None:
        """Behind all others; one that failed keeps its place."""
        self._waiting.setdefault(event, None)

    async def turn(self, event: EventId) -> None:
        """Until it is the first."""
        if next(iter(self._waiting)) == event:
            return
        future = self._waiting[event] = asyncio.get_running_loop().create_future()
        await future

    def leave(self, event: EventId) -> None:
        self._waiting.pop(event, None)
        first = next(iter(self._waiting.values()), None)
        if first is not None and not first.done():
            first.set_result(None)


def _refusal(errors: Mapping[str, Exception]) -> NotDelivered | None:
    # The error that says most about the event comes first.
    for name, error in sorted(errors.items(), key=lambda failed: _is_temporary(failed[1])):
        refusal = NotDelivered(name, is_temporary=_is_temporary(error))
        refusal.__cause__ = error
        return refusal
    return None


def _is_temporary(error: Exception) -> bool:
    return isinstance(error, Problem) and error.status in _TEMPORARY
