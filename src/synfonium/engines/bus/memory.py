"""Events within one process: publishing calls the subscribers."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping

from synfonium.common.event import Event
from synfonium.common.ids import EventId
from synfonium.common.problem import Problem
from synfonium.ports.bus import NotDelivered, Subscriber

# A subscriber that takes longer has hung; the event comes to it again.
SUBSCRIBER_TIMEOUT_S = 120.0
_REMEMBERED = 10_000
_TEMPORARY = (503, 507)


class MemoryBus:
    """An EventBus (see the port). Subscriptions hear an event at the same time, and each of them
    one source's events one after the other. It remembers who has handled the last 10 000 events."""

    def __init__(self, *, timeout_s: float = SUBSCRIBER_TIMEOUT_S) -> None:
        self._subscriptions: dict[str, tuple[frozenset[str], Subscriber]] = {}
        self._handled: OrderedDict[EventId, set[str]] = OrderedDict()
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._timeout_s = timeout_s
        self._is_closed = False

    async def publish(self, event: Event) -> None:
        if self._is_closed:
            raise NotDelivered("the bus is closed")
        handled = self._handlers_of(event)
        waiting = {
            name: subscriber
            for name, (types, subscriber) in self._subscriptions.items()
            if event.type in types and name not in handled
        }
        lanes = [self._lanes.setdefault((event.source, name), Lane()) for name in waiting]
        for lane in lanes:
            lane.join(event.id)
        calls = zip(lanes, waiting.values(), strict=True)
        errors = await asyncio.gather(*(self._call(lane, s, event) for lane, s in calls))
        failed = dict(zip(waiting, errors, strict=True))
        handled.update(name for name, error in failed.items() if error is None)
        _raise_unless_delivered({name: error for name, error in failed.items() if error})

    async def abandon(self, event: Event) -> None:
        for (source, _name), lane in self._lanes.items():
            if source == event.source:
                lane.leave(event.id)

    async def subscribe(self, name: str, types: frozenset[str], subscriber: Subscriber) -> None:
        if name in self._subscriptions:
            raise ValueError(f"two subscriptions are called {name}")
        self._subscriptions[name] = (types, subscriber)

    async def close(self) -> None:
        self._is_closed = True

    def _handlers_of(self, event: Event) -> set[str]:
        handled = self._handled.setdefault(event.id, set())
        self._handled.move_to_end(event.id)
        if len(self._handled) > _REMEMBERED:
            self._handled.popitem(last=False)
        return handled

    async def _call(self, lane: "Lane", subscriber: Subscriber, event: Event) -> Exception | None:
        try:
            await lane.turn(event.id)
            async with asyncio.timeout(self._timeout_s):
                await subscriber(event)
        except Exception as error:
            return error
        lane.leave(event.id)
        return None


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


def _raise_unless_delivered(errors: Mapping[str, Exception]) -> None:
    # The error that says most about the event comes first.
    for name, error in sorted(errors.items(), key=lambda failed: _is_temporary(failed[1])):
        raise NotDelivered(name, is_temporary=_is_temporary(error)) from error


def _is_temporary(error: Exception) -> bool:
    return isinstance(error, Problem) and error.status in _TEMPORARY
