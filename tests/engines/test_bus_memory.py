"""The bus in memory keeps the obligations of its port, and the suite catches one that does not."""

import asyncio

import pytest

from synfonium.common.event import Event
from synfonium.engines.bus.memory import MemoryBus
from synfonium.ports.bus import EventBus, NotDelivered
from synfonium.testing.bus_suite import WRITTEN, BusSuite, event


class TestMemoryBus(BusSuite):
    async def make(self) -> EventBus:
        return MemoryBus()

    async def test_a_subscriber_that_hangs_is_one_that_failed(self) -> None:
        bus = MemoryBus(timeout_s=0.02)

        async def hang(_: Event) -> None:
            await asyncio.sleep(30)

        await bus.subscribe("hangs", WRITTEN, hang)
        with pytest.raises(NotDelivered):
            await bus.publish(event())

    async def test_another_source_is_not_held_up(self) -> None:
        bus, held = MemoryBus(), asyncio.Event()
        heard = []

        async def listen(one: Event) -> None:
            if one.source == "slow":
                await held.wait()
            heard.append(one.source)

        await bus.subscribe("listener", WRITTEN, listen)
        slow = asyncio.ensure_future(bus.publish(event(source="slow")))
        await asyncio.sleep(0)
        await asyncio.wait_for(bus.publish(event(source="quick")), 1)
        held.set()
        await slow
        assert heard == ["quick", "slow"]


class ForgetfulBus(MemoryBus):
    """A defect on purpose: it does not remember who has handled an event."""

    def _handlers_of(self, event: Event) -> set[str]:
        return set()


class Broken(BusSuite):
    __test__ = False


async def test_the_suite_catches_a_bus_that_delivers_twice() -> None:
    with pytest.raises(AssertionError):
        await Broken().test_publishing_again_what_was_handled_calls_nobody(ForgetfulBus())
    with pytest.raises(AssertionError):
        await Broken().test_one_that_raises_keeps_no_other_from_hearing_and_doubles_nothing(ForgetfulBus())
