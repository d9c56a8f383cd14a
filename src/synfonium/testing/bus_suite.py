# SPDX-License-Identifier: Apache-2.0
"""What every EventBus engine must pass.

class TestMyBus(BusSuite):
    async def make(self): return MyBus(…)
"""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from synfonium.common.event import Event
from synfonium.common.ids import EventId, new_id
from synfonium.common.problem import Unavailable
from synfonium.ports.bus import EventBus, NotDelivered

WRITTEN = frozenset({"drive.file.written"})


def event(number: int = 0, *, source: str = "drive", type_: str = "drive.file.written") -> Event:
    return Event(
        id=EventId(new_id()),
        type=type_,
        source=source,
        subject=f"drive:node/{number}",
        time_s=0.0,
        data={"number": number, "text": "é", "true": True, "none": None},
    )


class Listener:
    """A subscriber that keeps what it heard, and fails as long as `failures` is not 0."""

    def __init__(self, failures: int = 0, wait_s: float = 0.0, error: Exception | None = None) -> None:
        self.heard: list[Event] = []
        self.calls = 0
        self._error = error or LookupError("not yet")
        self._failures, self._wait_s = failures, wait_s

    async def __call__(self, event: Event) -> None:
        self.calls += 1
        await asyncio.sleep(self._wait_s)
        if self._failures:
            self._failures -= 1
            raise self._error
        self.heard.append(event)


async def publish_until_delivered(bus: EventBus, published: Event) -> int:
    """As a relay does; how many times it took."""
    for attempt in range(1, 20):
        try:
            await bus.publish(published)
        except NotDelivered:
            continue
        return attempt
    raise AssertionError("never delivered")


async def heard(listener: Listener, count: int) -> list[Event]:
    """What the listener heard, once it is `count` events: a broker may take its time."""
    for _ in range(500):
        if len(listener.heard) >= count:
            break
        await asyncio.sleep(0.01)
    assert len(listener.heard) == count
    return listener.heard


class BusSuite:
    """Subclass it with `make`."""

    async def make(self) -> EventBus:
        raise NotImplementedError

    @pytest.fixture
    async def bus(self) -> AsyncIterator[EventBus]:
        made = await self.make()
        yield made
        await made.close()

    async def test_every_subscription_of_the_type_hears_the_event_unchanged(self, bus: EventBus) -> None:
        first, second, other = Listener(), Listener(), Listener()
        await bus.subscribe("first", WRITTEN, first)
        await bus.subscribe("second", WRITTEN | {"drive.file.removed"}, second)
        await bus.subscribe("other", frozenset({"drive.file.removed"}), other)
        published = event(7)
        await bus.publish(published)
        assert await heard(first, 1) == await heard(second, 1) == [published]
        assert other.calls == 0

    async def test_an_event_that_nobody_wants_is_delivered(self, bus: EventBus) -> None:
        await bus.publish(event())

    async def test_a_subscriber_that_raises_hears_the_event_again(self, bus: EventBus) -> None:
        listener = Listener(failures=3)
        await bus.subscribe("late", WRITTEN, listener)
        published = event()
        await publish_until_delivered(bus, published)
        assert await heard(listener, 1) == [published]
        assert listener.calls == 4

    async def test_one_that_raises_keeps_no_other_from_hearing_and_doubles_nothing(
        self, bus: EventBus
    ) -> None:
        good, bad, last = Listener(), Listener(failures=2), Listener()
        await bus.subscribe("good", WRITTEN, good)
        await bus.subscribe("bad", WRITTEN, bad)
        await bus.subscribe("last", WRITTEN, last)
        await publish_until_delivered(bus, event())
        assert len(await heard(bad, 1)) == 1
        assert good.calls == last.calls == 1

    async def test_publishing_again_what_was_handled_calls_nobody(self, bus: EventBus) -> None:
        listener = Listener()
        await bus.subscribe("listener", WRITTEN, listener)
        published = event()
        for _ in range(3):
            await bus.publish(published)
        await heard(listener, 1)
        assert listener.calls == 1

    async def test_events_of_one_source_come_in_order(self, bus: EventBus) -> None:
        listener = Listener(wait_s=0.0005)
        await bus.subscribe("listener", WRITTEN, listener)
        published = [event(number) for number in range(200)]
        for one in published:
            await bus.publish(one)
        assert await heard(listener, 200) == published

    async def test_events_published_at_once_come_one_by_one_in_order(self, bus: EventBus) -> None:
        listener = Listener(wait_s=0.001)
        await bus.subscribe("listener", WRITTEN, listener)
        published = [event(number) for number in range(50)]
        await asyncio.gather(*map(bus.publish, published))
        assert await heard(listener, 50) == published

    async def test_a_slow_subscription_delays_no_other_and_keeps_its_order(self, bus: EventBus) -> None:
        slow, quick = Listener(wait_s=0.05), Listener()
        await bus.subscribe("slow", WRITTEN, slow)
        await bus.subscribe("quick", WRITTEN, quick)
        published = [event(number) for number in range(10)]
        publishing = asyncio.gather(*map(bus.publish, published))
        assert await heard(quick, 10) == published
        assert len(slow.heard) < 5
        await publishing
        assert await heard(slow, 10) == published

    async def test_what_failed_comes_before_what_was_published_behind_it(self, bus: EventBus) -> None:
        listener = Listener(failures=1)
        await bus.subscribe("listener", WRITTEN, listener)
        published = [event(number) for number in range(3)]
        first, *others = [asyncio.ensure_future(bus.publish(one)) for one in published]
        with pytest.raises(NotDelivered):
            await first
        await bus.publish(published[0])
        await asyncio.gather(*others)
        assert await heard(listener, 3) == published

    async def test_what_was_given_up_holds_up_nothing(self, bus: EventBus) -> None:
        listener = Listener(failures=1)
        await bus.subscribe("listener", WRITTEN, listener)
        published = [event(number) for number in range(2)]
        first, second = [asyncio.ensure_future(bus.publish(one)) for one in published]
        with pytest.raises(NotDelivered):
            await first
        await bus.abandon(published[0])
        await asyncio.wait_for(second, 5)
        assert await heard(listener, 1) == published[1:]

    async def test_many_at_once_come_at_once_to_whoever_takes_them_so(self, bus: EventBus) -> None:
        batches: list[list[Event]] = []

        async def take(events: Sequence[Event]) -> None:
            batches.append(list(events))

        one, other = Listener(), Listener()
        await bus.subscribe("many", WRITTEN, one, of_many=take)
        await bus.subscribe("one", WRITTEN, other)
        published = [event(number) for number in range(30)]
        assert list(await bus.publish_many(published)) == [None] * 30
        assert await heard(other, 30) == published
        assert [told for batch in batches for told in batch] + one.heard == published
        assert list(await bus.publish_many(published)) == [None] * 30
        assert sum(map(len, batches)) + one.calls == 30, "what was handled came again"

    async def test_many_that_are_refused_come_one_by_one_and_in_order(self, bus: EventBus) -> None:
        async def refuse(events: Sequence[Event]) -> None:
            raise LookupError("one of them is bad")

        listener = Listener(failures=1)
        await bus.subscribe("listener", WRITTEN, listener, of_many=refuse)
        published = [event(number) for number in range(5)]
        refusals = await bus.publish_many(published)
        for one, refusal in zip(published, refusals, strict=True):
            if refusal is not None:
                await publish_until_delivered(bus, one)
        assert await heard(listener, 5) == published

    async def test_what_stands_behind_a_failed_one_is_no_failure(self, bus: EventBus) -> None:
        await bus.subscribe("bad", WRITTEN, Listener(failures=1))
        first, second = await bus.publish_many([event(1), event(2)])
        assert first is not None
        assert not first.is_temporary
        assert second is None or second.is_temporary

    async def test_ten_thousand_events_are_all_heard_once(self, bus: EventBus) -> None:
        listener = Listener()
        await bus.subscribe("listener", WRITTEN, listener)
        published = [event(number) for number in range(10_000)]
        for one in published:
            await bus.publish(one)
        assert await heard(listener, 10_000) == published
        assert listener.calls == 10_000

    async def test_a_subscriber_that_is_away_is_told_from_one_that_fails(self, bus: EventBus) -> None:
        away = Listener(failures=1, error=Unavailable())
        await bus.subscribe("away", WRITTEN, away)
        published = event()
        with pytest.raises(NotDelivered) as caught:
            await bus.publish(published)
        assert caught.value.is_temporary
        await bus.subscribe("bad", WRITTEN, Listener(failures=1))
        with pytest.raises(NotDelivered) as caught:
            await bus.publish(published)
        assert not caught.value.is_temporary
        await bus.publish(published)

    async def test_a_name_subscribes_once(self, bus: EventBus) -> None:
        await bus.subscribe("same", WRITTEN, Listener())
        with pytest.raises(ValueError, match="same"):
            await bus.subscribe("same", WRITTEN, Listener())

    async def test_a_closed_bus_delivers_nothing(self, bus: EventBus) -> None:
        listener = Listener()
        await bus.subscribe("listener", WRITTEN, listener)
        await bus.close()
        await bus.close()
        with pytest.raises(NotDelivered):
            await bus.publish(event())
        assert listener.calls == 0
