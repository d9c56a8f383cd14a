"""What things are called now: asked of their apps at once, none of which is waited for long."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from time import monotonic

from synfonium.apps.fabric.contract import Object, Objects
from synfonium.apps.fabric.model import app_of
from synfonium.common.ids import PersonId
from synfonium.common.problem import Problem
from synfonium.kernel.context import Context

SLOWEST_S = 0.8
AT_ONCE = 8
MOST_ASKED = 500
SILENT_S = 60.0
"""So long an app that did not answer is not asked again for a title."""


class Titles:
    """Asks for many objects, by app."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._silent: dict[str, float] = {}

    async def of(self, person: PersonId, addresses: Collection[str]) -> Mapping[str, Object | None]:
        """Each object as `person` may see it now, None when it is gone; without those whose app
        does not answer in time."""
        by_app: dict[str, list[str]] = {}
        for address in sorted(set(addresses))[:MOST_ASKED]:
            by_app.setdefault(app_of(address), []).append(address)
        parts = await asyncio.gather(*(self._of_app(person, app, asked) for app, asked in by_app.items()))
        return {address: shown for part in parts for address, shown in part.items()}

    async def _of_app(self, person: PersonId, app: str, addresses: Sequence[str]) -> dict[str, Object | None]:
        found: dict[str, Object | None] = {}
        if monotonic() < self._silent.get(app, 0.0):
            return found
        waiting = list(reversed(addresses))
        try:
            async with asyncio.timeout(SLOWEST_S), asyncio.TaskGroup() as group:
                for _worker in range(min(AT_ONCE, len(addresses))):
                    group.create_task(self._ask(person, waiting, found))
        except* (Problem, TimeoutError):
            if not found:
                self._silent = {name: until for name, until in self._silent.items() if until > monotonic()}
                self._silent[app] = monotonic() + SILENT_S
        return found

    async def _ask(self, person: PersonId, waiting: list[str], found: dict[str, Object | None]) -> None:
        objects = self._context.offer(Objects)  # type: ignore[type-abstract]
        while waiting:
            address = waiting.pop()
            found[address] = await objects.describe(person, address)
