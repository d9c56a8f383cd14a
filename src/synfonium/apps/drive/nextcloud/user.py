"""OCS answers about the person who asks."""

from collections.abc import Mapping

from synfonium.apps.drive.nextcloud.ask import Ask, Handler
from synfonium.apps.identity.contract import AppPasswords
from synfonium.common.problem import NotFound

# What clients understand as no limit.
UNLIMITED = -3


async def show(ask: Ask) -> Mapping[str, object]:
    """Who the person is, and how much they may still store."""
    person = ask.person
    return {
        "enabled": True,
        "id": person.name,
        "email": "",
        "displayname": person.display,
        "display-name": person.display,
        "groups": [],
        "language": person.locale or "en",
        "locale": person.locale or "en",
        "quota": await quota_of(ask),
    }


async def quota_of(ask: Ask) -> Mapping[str, object]:
    used, free = await ask.service.tree.room_left(ask.person)
    total = UNLIMITED if free is None else used + free
    relative = round(100 * used / total, 2) if total > 0 else 0
    return {
        "free": UNLIMITED if free is None else free,
        "used": used,
        "total": total,
        "relative": relative,
        "quota": total,
    }


async def apps(ask: Ask) -> list[Mapping[str, object]]:
    """The apps that a client shows in its menu."""
    home = ask.context.site.public_url
    return [
        {
            "id": "files",
            "order": 0,
            "href": f"{home}/drive",
            "icon": f"{home}/favicon.ico",
            "type": "link",
            "name": "Drive",
            "active": False,
            "classes": "",
            "unread": 0,
        }
    ]


async def forget_password(ask: Ask) -> list[object]:
    """A client that signs out takes its own app password back."""
    await ask.context.offer(AppPasswords).revoke(ask.person.id, ask.secret)  # type: ignore[type-abstract]
    return []


async def _himself(ask: Ask) -> Mapping[str, object]:
    if ask.names[2] != ask.person.name:
        raise NotFound
    return await show(ask)


def route(asked: tuple[str, ...]) -> Handler | None:
    """Routes with a name in them."""
    return _himself if asked[:3] == ("GET", "cloud", "users") and len(asked) == 4 else None
