"""Notifications for programs and for the script of our pages."""

from typing import Annotated

import msgspec

from synfonium.apps.notifications.http.shown import Shown, locale_of, service_of, shown
from synfonium.apps.notifications.model.device import LONGEST_ENDPOINT, Subscription, label_of
from synfonium.common.problem import Forbidden
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, get, post

HERE = "/api/notifications"
# Below what proxies and browsers commonly wait for.
WAIT_S = 25.0
MOST = 100
LARGEST_BODY_BYTES = 8 * 1024


class Notifications(msgspec.Struct, frozen=True, kw_only=True):
    """The newest first. after: asks for what follows, "" at the end."""

    unread: int
    items: list[Shown]
    after: str


class Count(msgspec.Struct, frozen=True):
    unread: int


class Keys(msgspec.Struct, frozen=True):
    p256dh: Annotated[str, msgspec.Meta(max_length=120)]
    auth: Annotated[str, msgspec.Meta(max_length=40)]


class Subscribe(msgspec.Struct, frozen=True, kw_only=True):
    """What `PushSubscription.toJSON()` gives. renew: only where it is turned on already."""

    endpoint: Annotated[str, msgspec.Meta(max_length=LONGEST_ENDPOINT)]
    keys: Keys
    renew: bool = False


class TurnedOn(msgspec.Struct, frozen=True):
    """Whether notifications are on in this browser, for this person."""

    is_on: bool


@get(HERE)
async def list_items(
    actor: Person, context: Context, request: AnyRequest, before: str = "", limit: int = 50
) -> Notifications:
    service, locale = service_of(context), locale_of(request, context)
    items, after = await service.reading.page(actor.id, before[:26], max(1, min(MOST, limit)))
    await service.speaker.learn(item.app for item in items)
    return Notifications(
        unread=await service.bell.count(actor.id),
        items=[shown(service.speaker, locale, item) for item in items],
        after=after,
    )


@get(f"{HERE}/count")
async def count(actor: Person, context: Context, known: int = -1, wait_s: float = WAIT_S) -> Count:
    """How many are unread, once that is another number than `known`, or after `wait_s` at most."""
    wait_s = min(max(wait_s, 0.0), WAIT_S)
    return Count(await service_of(context).bell.wait(actor.id, known, wait_s))


@post(f"{HERE}/devices", max_body_bytes=LARGEST_BODY_BYTES)
async def subscribe(actor: Person, context: Context, request: AnyRequest, data: Subscribe) -> TurnedOn:
    """Turns notifications on in the browser that asks. Raises BadInput, DeviceTaken, TooManyDevices."""
    if not actor.by_session:
        raise Forbidden  # a browser is told as long as somebody is signed in there
    given = Subscription(endpoint=data.endpoint, p256dh=data.keys.p256dh, auth=data.keys.auth)
    devices = service_of(context).devices
    if data.renew:
        return TurnedOn(await devices.renew(actor, given))
    label = label_of(request.headers.get("user-agent", ""))
    await devices.turn_on(actor, given, label, locale_of(request, context))
    return TurnedOn(True)


doors = (list_items, count, subscribe)
