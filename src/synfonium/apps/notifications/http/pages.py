"""The page of notifications, and what is done there."""

from typing import Annotated

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.notifications.http.shown import by_day, locale_of, service_of
from synfonium.apps.notifications.model.quiet import zone_named
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, See, get, post

HERE = "/notifications"


class WhereForm(msgspec.Struct, frozen=True):
    """before: the page that one was on."""

    before: Annotated[str, msgspec.Meta(max_length=26)] = ""


Where = Annotated[WhereForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get(HERE)
async def show(
    actor: Person, context: Context, request: AnyRequest, before: str = "", muted: str = ""
) -> Page:
    """The newest first, by day and app."""
    service, locale = service_of(context), locale_of(request, context)
    items, after = await service.reading.page(actor.id, before[:26])
    quiet = await service.choosing.quiet(actor.id)
    refused = () if before else await service.reading.refused_today(actor.id)
    await service.speaker.learn([*(item.app for item in items), *(app for app, _count in refused)])
    now_s = context.clock.now_s()
    called = service.speaker.called
    return Page(
        "notifications/list.html",
        days=by_day(service.speaker, locale, items, zone_named(quiet.zone), now_s),
        unread=await service.bell.count(actor.id),
        more=[(called(locale, app), count) for app, count in refused],
        muted=called(locale, muted) if any(muted == item.app for item in items) else "",
        is_quiet=quiet.ends_s(now_s) is not None,
        before=before,
        after=after,
    )


@get(HERE + "/{item:str}")
async def open_one(actor: Person, context: Context, item: str) -> See:
    """Marks it as read and leads to what it is about. Raises UnknownNotice."""
    found = await service_of(context).reading.read(actor.id, item)
    return See(found.url or f"{HERE}#{found.id}")


@post(HERE + "/{item:str}/read")
async def read_one(actor: Person, context: Context, item: str, data: Where) -> See:
    await service_of(context).reading.read(actor.id, item)
    return See(_back(data))


@post(HERE + "/read")
async def read_all(actor: Person, context: Context, data: Where) -> See:
    await service_of(context).reading.read_all(actor.id)
    return See(HERE)


@post(HERE + "/{item:str}/mute")
async def mute(actor: Person, context: Context, item: str, data: Where) -> See:
    """What its app tells counts nothing and is pushed no more. Raises UnknownNotice."""
    app = await service_of(context).choosing.mute(actor.id, item)
    return See(f"{HERE}?muted={app}")


def _back(data: WhereForm) -> str:
    return f"{HERE}?before={data.before}" if data.before.isalnum() else HERE


doors = (show, open_one, read_one, read_all, mute)
