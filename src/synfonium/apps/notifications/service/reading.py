"""What a person reads, and marks as read."""

from collections.abc import Sequence

from sqlalchemy import Connection

from synfonium.apps.notifications.errors import UnknownNotice
from synfonium.apps.notifications.model.notice import Item
from synfonium.apps.notifications.service.bell import Bell
from synfonium.apps.notifications.store import items
from synfonium.apps.notifications.store.tables import DAY_S
from synfonium.common.ids import PersonId
from synfonium.kernel.context import Context

PAGE = 100


class Reading:
    """Only ever a person's own; another's is not there."""

    def __init__(self, context: Context, bell: Bell) -> None:
        self._context, self._bell = context, bell

    async def page(self, person: PersonId, before: str = "", limit: int = PAGE) -> tuple[Sequence[Item], str]:
        """The newest first, older than the item `before`; and what to ask for after it."""

        def work(connection: Connection) -> Sequence[Item]:
            last = items.one(connection, person, before) if before else None
            if before and last is None:
                return ()
            return items.of_person(connection, person, limit + 1, (last.time_s, last.id) if last else None)

        found = await self._context.database.read(work)
        return found[:limit], found[limit - 1].id if len(found) > limit else ""

    async def one(self, person: PersonId, id_: str) -> Item:
        """Raises UnknownNotice."""
        found = await self._context.database.read(lambda c: items.one(c, person, id_))
        if found is None:
            raise UnknownNotice
        return found

    async def refused_today(self, person: PersonId) -> Sequence[tuple[str, int]]:
        """Apps that wanted to tell more today than they may, and how much more."""
        day_s = self._context.clock.now_s() // DAY_S * DAY_S
        return await self._context.database.read(lambda c: items.refused(c, person, day_s))

    async def read(self, person: PersonId, id_: str) -> Item:
        """Marks it as read; again, it changes nothing. Raises UnknownNotice."""
        found = await self.one(person, id_)
        if not found.read_s:
            now_s = self._context.clock.now_s()
            await self._context.database.write(lambda c: items.read(c, person, now_s, id_))
            self._bell.ring(person)
        return found

    async def read_all(self, person: PersonId) -> None:
        """All that has come until now."""
        now_s = self._context.clock.now_s()
        await self._context.database.write(lambda c: items.read(c, person, now_s))
        self._bell.ring(person)
