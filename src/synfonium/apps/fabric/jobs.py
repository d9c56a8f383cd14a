"""Hears what the apps tell, for the rules of people."""

from collections.abc import Sequence

from synfonium.apps.fabric.service import FabricService
from synfonium.common.event import Event
from synfonium.kernel.context import Context


async def on_facts(context: Context, events: Sequence[Event]) -> None:
    """Only writes down what is to be done: nobody's rule keeps an event from others."""
    service: FabricService = context.service
    await service.automation.hear(events)
