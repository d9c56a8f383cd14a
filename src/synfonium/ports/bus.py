"""The event port."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from synfonium.common.event import Event

Subscriber = Callable[[Event], Awaitable[None]]
ManySubscriber = Callable[[Sequence[Event]], Awaitable[None]]


class EventBus(Protocol):
    """Delivers each event to every subscription at least once, in order per source.

    `publish` returns when the event is safe: every subscription has handled it (memory),
    or the broker has stored it (NATS). It raises NotDelivered otherwise; the publisher
    then publishes the same event again, and a subscription that had handled it is not
    called twice by this bus. A subscriber that raises is called again, later.

    Events may be published before those ahead of them are delivered: a subscription that
    is slow, or failed, keeps its own later events waiting, and no other subscription.
    """

    async def publish(self, event: Event) -> None: ...
    async def publish_many(self, events: Sequence[Event]) -> "Sequence[NotDelivered | None]":
        """As `publish` for each, in their order: what it would have raised, or None."""
        ...

    async def subscribe(
        self,
        name: str,
        types: frozenset[str],
        subscriber: Subscriber,
        *,
        of_many: ManySubscriber | None = None,
    ) -> None:
        """`name` is durable: the same name after a restart goes on where it was. of_many: takes
        several events at once, all or none; when it raises, each comes alone to `subscriber`."""
        ...

    async def abandon(self, event: Event) -> None:
        """The publisher gives the event up: what waits behind it goes on."""
        ...

    async def close(self) -> None: ...


class NotDelivered(Exception):
    """Some subscription has not handled the event yet.

    is_temporary: each of those could not be reached or had no room (it raised a Problem
    with status 503 or 507): nothing is wrong with the event, and later it will go.
    """

    def __init__(self, subscription: str, *, is_temporary: bool = False) -> None:
        super().__init__(subscription)
        self.is_temporary = is_temporary
