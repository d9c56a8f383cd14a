"""What a push message holds: a title and ids, never the words of what it is about."""

import msgspec

from synfonium.apps.notifications.model.device import Device
from synfonium.apps.notifications.model.notice import Item
from synfonium.apps.notifications.service.speaking import OWN, Speaker
from synfonium.apps.shell.contract import Words
from synfonium.kernel.i18n import _

LONGEST_TITLE = 200


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """What the service worker reads. path: what a click opens. tag: a later one with the same
    tag takes its place."""

    title: str
    app: str
    path: str
    tag: str


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """topic: RFC 8030, section 5.4: a message still undelivered is replaced by one of its topic."""

    payload: bytes
    topic: str
    urgency: str = "normal"


def of_item(speaker: Speaker, device: Device, item: Item) -> Message:
    title = speaker.say(device.locale, item.app, item.title)
    app = speaker.called(device.locale, item.app)
    return _message(title, app, f"/notifications/{item.id}", item.id, item.urgency)


def digest(speaker: Speaker, device: Device, count: int) -> Message:
    title = speaker.many(
        device.locale,
        ngettext("%(count)s thing while it was quiet", "%(count)s things while it was quiet", count),
        count,
    )
    return _message(title, speaker.called(device.locale, OWN), "/notifications", "quiet", "normal")


def test(speaker: Speaker, device: Device) -> Message:
    title = speaker.say(device.locale, OWN, Words(text=_("This is how a notification looks.")))
    return _message(title, speaker.called(device.locale, OWN), "/notifications", "test", "high")


def _message(title: str, app: str, path: str, tag: str, urgency: str) -> Message:
    payload = Payload(title=title[:LONGEST_TITLE], app=app[:80], path=path, tag=tag)
    return Message(payload=msgspec.json.encode(payload), topic=tag, urgency=urgency)


def ngettext(one: str, many: str, _count: int) -> tuple[str, str]:
    """Marks both for translation."""
    return one, many
