"""Browsers that a person turned notifications on in."""

import hashlib
from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.notifications.config import NotificationsConfig
from synfonium.apps.notifications.errors import DeviceTaken, TooManyDevices, UnknownDevice
from synfonium.apps.notifications.model.device import MOST_DEVICES, Device, Subscription, is_endpoint
from synfonium.apps.notifications.service.vapid import VapidKey
from synfonium.apps.notifications.store import pushes
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _
from synfonium.libraries.webpush import from_base64url, parse_keys, to_base64url

TEST_LIFE_S = 600.0


def purpose(person: str) -> str:
    return f"notifications.push.{person}"


class Devices:
    """A device belongs to the session that it was turned on in: signing out there ends it."""

    def __init__(self, context: Context, vapid: VapidKey, wake: Callable[[], None]) -> None:
        self._context, self._vapid, self._wake = context, vapid, wake
        config = context.config
        self._is_local = isinstance(config, NotificationsConfig) and config.local_push

    async def key(self) -> str:
        """What a browser subscribes with (`applicationServerKey`), in base64url."""
        return to_base64url((await self._vapid.get()).public)

    async def of(self, person: PersonId) -> Sequence[Device]:
        return await self._context.database.read(lambda c: pushes.of_person(c, person))

    async def turn_on(self, actor: Person, given: Subscription, label: str, locale: str) -> Device:
        """The browser is told from now on; whoever had it before is not, where it shows by the
        same keys that it is the same browser. Raises BadInput, DeviceTaken, TooManyDevices."""
        subscription = self._checked(given)
        device, place = self._new(actor, subscription, label, locale), place_of(subscription)

        def work(connection: Connection) -> None:
            there = pushes.at(connection, place)
            if there is not None:
                if self._opened(there) != subscription:
                    raise DeviceTaken
                pushes.remove(connection, there.id)
            elif len(pushes.of_person(connection, actor.id)) >= MOST_DEVICES:
                raise TooManyDevices
            pushes.add(connection, device, place)
            self._audit(connection, actor.id, "notifications.push.on", device.id)

        await self._context.database.write(work)
        return device

    async def renew(self, actor: Person, given: Subscription) -> bool:
        """After signing in again in a browser that the same person had turned on: it is told
        again. Whether it was theirs; nothing is turned on that they had not."""
        subscription = self._checked(given)
        place, now_s = place_of(subscription), self._context.clock.now_s()

        def work(connection: Connection) -> bool:
            there = pushes.at(connection, place)
            if there is None or there.person != actor.id or self._opened(there) != subscription:
                return False
            pushes.change(connection, there.id, session=actor.session_id, alive_s=now_s)
            return True

        return await self._context.database.write(work)

    async def remove(self, person: PersonId, device: str) -> None:
        """Raises UnknownDevice."""

        def work(connection: Connection) -> None:
            if not pushes.remove(connection, device, person):
                raise UnknownDevice
            self._audit(connection, person, "notifications.push.off", device)

        await self._context.database.write(work)

    async def send_test(self, person: PersonId, device: str) -> None:
        """Raises UnknownDevice, also for one whose session has ended."""
        now_s = self._context.clock.now_s()

        def work(connection: Connection) -> None:
            if device not in pushes.awake(connection, person):
                raise UnknownDevice
            pushes.change(connection, device, waits_s=0.0)
            pushes.queue(
                connection,
                person,
                [(new_id(now_s), device)],
                item=pushes.TEST,
                urgency="high",
                due_s=now_s,
                is_held=False,
                ends_s=now_s + TEST_LIFE_S,
            )

        await self._context.database.write(work)
        self._wake()

    async def session_ended(self, session: str) -> None:
        await self._context.database.write(lambda c: pushes.put_to_sleep(c, session))

    def _checked(self, given: Subscription) -> Subscription:
        if not is_endpoint(given.endpoint, is_local_allowed=self._is_local):
            raise BadInput("endpoint", _("A push service has an https address at a public name."))
        try:
            keys = parse_keys(from_base64url(given.p256dh), from_base64url(given.auth))
        except ValueError:
            raise BadInput("keys", _("These are not the keys of a browser's subscription.")) from None
        return Subscription(
            endpoint=given.endpoint, p256dh=to_base64url(keys.p256dh), auth=to_base64url(keys.auth)
        )

    def _new(self, actor: Person, subscription: Subscription, label: str, locale: str) -> Device:
        sealed = self._context.secrets.seal(msgspec.json.encode(subscription), purpose=purpose(actor.id))
        now_s = self._context.clock.now_s()
        return Device(
            id=new_id(now_s),
            person=actor.id,
            label=label,
            locale=locale,
            session=actor.session_id,
            sealed=sealed,
            created_s=now_s,
        )

    def _opened(self, device: Device) -> Subscription:
        opened = self._context.secrets.open(device.sealed, purpose=purpose(device.person))
        return msgspec.json.decode(opened, type=Subscription)

    def _audit(self, connection: Connection, person: PersonId, act: str, device: str) -> None:
        self._context.audit.add(connection, person, act, f"notifications:push/{device}")


def place_of(subscription: Subscription) -> bytes:
    """By what a subscription is found again without opening any."""
    return hashlib.sha256(subscription.endpoint.encode()).digest()
