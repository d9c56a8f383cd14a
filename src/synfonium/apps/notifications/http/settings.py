"""A person's settings of notifications: quiet hours, apps, devices."""

from collections.abc import Sequence
from itertools import groupby
from typing import Annotated

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.notifications.http.shown import locale_of, service_of
from synfonium.apps.notifications.model.notice import DEFAULT_WAY, Choice
from synfonium.apps.notifications.model.quiet import Quiet, as_clock, parse_minute, zones
from synfonium.apps.notifications.service.speaking import Speaker
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, See, get, post
from synfonium.kernel.i18n import _

HERE = "/settings/notifications"


class QuietForm(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """Times as `22:30`; days as digits, 0 is Monday."""

    from_: Annotated[str, msgspec.Meta(max_length=8)]
    to: Annotated[str, msgspec.Meta(max_length=8)]
    zone: Annotated[str, msgspec.Meta(max_length=60)]
    on: str = ""
    high: str = ""
    mon: str = ""
    tue: str = ""
    wed: str = ""
    thu: str = ""
    fri: str = ""
    sat: str = ""
    sun: str = ""

    @property
    def days(self) -> frozenset[int]:
        chosen = (self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun)
        return frozenset(number for number, day in enumerate(chosen) if day)


class WayForm(msgspec.Struct, frozen=True):
    """topic "": for the app; way "": as by default."""

    app: Annotated[str, msgspec.Meta(max_length=30)]
    way: Annotated[str, msgspec.Meta(max_length=10)]
    topic: Annotated[str, msgspec.Meta(max_length=40)] = ""


class AppChoice(msgspec.Struct, frozen=True, kw_only=True):
    """An app, and the topics that it has told of: name, title, way."""

    app: str
    title: str
    way: str
    topics: tuple[tuple[str, str, str], ...]


Form = Body(media_type=RequestEncodingType.URL_ENCODED)


@get(HERE)
async def show(actor: Person, context: Context, request: AnyRequest, saved: str = "") -> Page:
    service, locale = service_of(context), locale_of(request, context)
    quiet, choices = await service.choosing.quiet(actor.id), await service.choosing.of(actor.id)
    await service.speaker.learn(choice.app for choice in choices)
    return Page(
        "notifications/settings.html",
        quiet=quiet,
        from_clock=as_clock(quiet.from_min),
        to_clock=as_clock(quiet.to_min),
        zones=zones(),
        apps=_apps(service.speaker, locale, choices),
        devices=await service.devices.of(actor.id),
        key=await service.devices.key(),
        session=actor.session_id,
        saved=saved if saved in ("quiet", "way", "test", "removed") else "",
    )


@post(HERE)
async def set_quiet(actor: Person, context: Context, data: Annotated[QuietForm, Form]) -> See:
    """Raises BadInput."""
    try:
        from_min, to_min = parse_minute(data.from_), parse_minute(data.to)
    except ValueError:
        raise BadInput("from", _("Write times as 22:30.")) from None
    quiet = Quiet(
        is_on=bool(data.on),
        from_min=from_min,
        to_min=to_min,
        days=data.days,
        zone=data.zone.strip(),
        lets_high=bool(data.high),
    )
    await service_of(context).choosing.set_quiet(actor.id, quiet)
    return See(f"{HERE}?saved=quiet")


@post(f"{HERE}/way")
async def set_way(actor: Person, context: Context, data: Annotated[WayForm, Form]) -> See:
    await service_of(context).choosing.choose(actor.id, data.app, data.topic, data.way)
    return See(f"{HERE}?saved=way#apps")


@post(f"{HERE}/devices/{{device:str}}/remove")
async def remove(actor: Person, context: Context, device: str) -> See:
    await service_of(context).devices.remove(actor.id, device)
    return See(f"{HERE}?saved=removed#devices")


@post(f"{HERE}/devices/{{device:str}}/test")
async def send_test(actor: Person, context: Context, device: str) -> See:
    await service_of(context).devices.send_test(actor.id, device)
    return See(f"{HERE}?saved=test#devices")


def _apps(speaker: Speaker, locale: str, found: Sequence[Choice]) -> list[AppChoice]:
    apps = []
    for app, rows in groupby(found, key=lambda choice: choice.app):
        choices = list(rows)
        topics = tuple(
            (one.topic, speaker.topic(locale, app, one.title, one.topic), one.way)
            for one in choices
            if one.topic
        )
        way = next((one.way for one in choices if not one.topic), "") or DEFAULT_WAY
        apps.append(AppChoice(app=app, title=speaker.called(locale, app), way=way, topics=topics))
    return sorted(apps, key=lambda one: one.title)


doors = (show, set_quiet, set_way, remove, send_test)
