"""Telling a person something: kept, counted, and pushed as they want it."""

from collections.abc import Callable

import msgspec
from sqlalchemy import Connection

from synfonium.apps.fabric.contract import Apps
from synfonium.apps.identity.contract import People
from synfonium.apps.notifications.config import NotificationsConfig
from synfonium.apps.notifications.contract import Notice, PlainNotice
from synfonium.apps.notifications.errors import BadNotice, TooManyToday
from synfonium.apps.notifications.model.notice import Item, Refused, Way, check, from_outside, way_of
from synfonium.apps.notifications.model.quiet import Quiet
from synfonium.apps.notifications.service.bell import Bell
from synfonium.apps.notifications.store import choices, items, pushes
from synfonium.apps.notifications.store.tables import DAY_S
from synfonium.common.ids import AppName, PersonId, new_id
from synfonium.common.problem import NotFound
from synfonium.kernel.context import Context

# An app of ours that goes wrong is stopped too.
A_DAY_FROM_INSTALLED = 1000
PUSH_LIFE_S = DAY_S


class Telling:
    """Takes notices in."""

    def __init__(self, context: Context, bell: Bell, wake: Callable[[], None]) -> None:
        self._context, self._bell, self._wake = context, bell, wake
        config = context.config
        self._config = config if isinstance(config, NotificationsConfig) else NotificationsConfig()

    async def tell(self, app: str, notice: Notice) -> None:
        """A notice of an installed app. Raises BadNotice, NotFound, TooManyToday."""
        try:
            checked = check(notice)
        except Refused as refused:
            raise BadNotice(refused.field, refused.rule) from None
        people = self._context.offer(People)  # type: ignore[type-abstract]
        if await people.by_id(checked.person) is None:
            raise NotFound
        await self._keep(app, checked, A_DAY_FROM_INSTALLED)

    async def tell_from_outside(self, app: str, person: PersonId, plain: PlainNotice) -> None:
        """A notice of an outside app. Raises BadNotice, TooManyToday."""
        known = await self._context.offer(Apps).by_name(app)  # type: ignore[type-abstract]
        try:
            notice = from_outside(person, plain, known.origin if known else "")
        except Refused as refused:
            raise BadNotice(refused.field, refused.rule) from None
        await self._keep(app, notice, self._config.a_day_from_app)

    async def _keep(self, app: str, notice: Notice, a_day: int) -> None:
        now_s = self._context.clock.now_s()
        day_s = now_s // DAY_S * DAY_S

        def work(connection: Connection) -> bool:
            told, _refused = items.tally(connection, notice.person, app, day_s)
            items.count(connection, notice.person, app, day_s, is_told=told < a_day)
            if told < a_day:
                self._add(connection, app, notice, now_s)
            return told < a_day

        is_told = await self._context.database.write(work)
        self._bell.ring(notice.person)
        if not is_told:
            raise TooManyToday(int(day_s + DAY_S - now_s) + 1)
        self._wake()

    def _add(self, connection: Connection, app: str, notice: Notice, now_s: float) -> None:
        person = notice.person
        choices.note(connection, person, app, notice.topic, notice.topic_title)
        way = way_of(*choices.ways(connection, person, app, notice.topic))
        if way == "off":
            return
        item = self._item(connection, app, notice, way, now_s)
        if way == "pushed" and item.urgency != "low":
            self._push(connection, item, now_s)

    def _item(self, connection: Connection, app: str, notice: Notice, way: Way, now_s: float) -> Item:
        """The new one, or the earlier one of the same key, changed."""
        earlier = items.by_key(connection, notice.person, app, notice.key) if notice.key else None
        fresh = Item(
            id=earlier.id if earlier else new_id(now_s),
            person=notice.person,
            app=AppName(app),
            topic=notice.topic,
            key=notice.key,
            title=notice.title,
            body=notice.body,
            object=notice.object,
            url=notice.url,
            urgency=notice.urgency,
            time_s=now_s,
            is_silent=way == "silent",
        )
        if earlier is None:
            items.add(connection, fresh)
            return fresh
        count = earlier.count + 1 if earlier.is_unread else 1
        changed = msgspec.structs.replace(fresh, count=count)
        items.change(connection, changed)
        return changed

    def _push(self, connection: Connection, item: Item, now_s: float) -> None:
        quiet = choices.quiet_of(connection, item.person) or Quiet()
        ends_s = None if item.urgency == "high" and quiet.lets_high else quiet.ends_s(now_s)
        devices = pushes.awake(connection, item.person)
        due_s = now_s if ends_s is None else ends_s
        pushes.queue(
            connection,
            item.person,
            [(new_id(now_s), device) for device in devices],
            item=item.id,
            urgency=item.urgency,
            due_s=due_s,
            is_held=ends_s is not None,
            ends_s=due_s + PUSH_LIFE_S,
        )
