"""Notifications as a page or a program reads them, in the reader's language."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

import msgspec
from babel.dates import format_date

from synfonium.apps.notifications.model.notice import Item
from synfonium.apps.notifications.service import NotificationsService
from synfonium.apps.notifications.service.speaking import OWN, Speaker
from synfonium.apps.shell.contract import Words
from synfonium.kernel.app import installed_apps
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest
from synfonium.kernel.i18n import DEFAULT_LOCALE, _


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One notification. url: a path of this installation, "" when it leads nowhere; count: how
    many news it stands for."""

    id: str
    app: str
    app_title: str
    topic: str
    title: str
    body: str
    object: str
    url: str
    urgency: str
    time_s: float
    count: int
    is_read: bool
    is_silent: bool


class OfApp(msgspec.Struct, frozen=True, kw_only=True):
    """What one app told on one day, the newest first."""

    app: str
    title: str
    icon: str
    items: Sequence[Shown]


class OfDay(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    apps: Sequence[OfApp]


def shown(speaker: Speaker, locale: str, item: Item) -> Shown:
    return Shown(
        id=item.id,
        app=item.app,
        app_title=speaker.called(locale, item.app),
        topic=item.topic,
        title=speaker.say(locale, item.app, item.title),
        body=speaker.say(locale, item.app, item.body) if item.body else "",
        object=item.object,
        url=item.url,
        urgency=item.urgency,
        time_s=item.time_s,
        count=item.count,
        is_read=bool(item.read_s),
        is_silent=item.is_silent,
    )


def by_day(
    speaker: Speaker, locale: str, items: Iterable[Item], zone: ZoneInfo, now_s: float
) -> Sequence[OfDay]:
    """items: the newest first. Within a day, the app that told last comes first."""
    today, found = _day(now_s, zone), []
    for day, of_day in groupby(items, key=lambda item: _day(item.time_s, zone)):
        apps: dict[str, list[Shown]] = {}
        for item in of_day:
            apps.setdefault(item.app, []).append(shown(speaker, locale, item))
        groups = [
            OfApp(app=app, title=rows[0].app_title, icon=_icon(app), items=rows) for app, rows in apps.items()
        ]
        found.append(OfDay(title=_named(speaker, locale, day, today), apps=groups))
    return found


def _day(time_s: float, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(time_s, UTC).astimezone(zone).date()


def _named(speaker: Speaker, locale: str, day: date, today: date) -> str:
    if day == today:
        return speaker.say(locale, OWN, Words(text=_("Today")))
    if day == today - timedelta(days=1):
        return speaker.say(locale, OWN, Words(text=_("Yesterday")))
    return format_date(day, "full" if day.year == today.year else "long", locale=locale)


def _icon(app: str) -> str:
    return next((one.icon for one in installed_apps() if one.name == app and one.icon), "layout-grid")


def locale_of(request: AnyRequest, context: Context) -> str:
    """The language in which a page is answered."""
    return context.pages.reader(request.scope).locale if context.pages else DEFAULT_LOCALE


def service_of(context: Context) -> NotificationsService:
    service: NotificationsService = context.service
    return service
