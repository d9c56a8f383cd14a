"""The shell's pages: start, home, apps, settings."""

import asyncio
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.identity.contract import Profile
from synfonium.apps.shell.model import bolded, clean_query, marked
from synfonium.apps.shell.service import home
from synfonium.kernel.actor import Person, Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post

Where = Literal["all", "web", "mine"]
LAST_PAGE = 50


class SettingsForm(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the settings page; what is not sent stays as it is. `auto` follows the device."""

    display: str | None = None
    locale: str | None = None
    scheme: str | None = None


@get("/")
async def start(
    actor: Person | Visitor, context: Context, q: str = "", where: Where = "all", page: int = 1
) -> Page | See:
    """The search page; signed in, the person's home, and the results of its one field."""
    query = clean_query(q)
    if not isinstance(actor, Person):
        if where == "mine":
            return See(f"/signin?next={quote(f'/?q={quote(query)}&where=mine', safe='')}")
        if query:
            return See(f"/search?q={quote(query)}")
        return Page("shell/start.html", apps=await home.shelves(context))
    if query:
        return await _results(actor, context, query, where, min(max(page, 1), LAST_PAGE))
    apps = await home.shelves(context, actor.id)
    return Page("shell/home.html", apps=apps, resume=home.to_resume(apps), now_s=context.clock.now_s())


async def _results(actor: Person, context: Context, query: str, where: Where, page: int) -> Page:
    web, own = await asyncio.gather(
        home.find_web(context, query, page) if where != "mine" else _nothing(),
        home.find_own(context, actor.id, query) if where != "web" else _nothing(),
    )
    return Page(
        "shell/results.html",
        query=query,
        where=where,
        page=page,
        web=web,
        own=own,
        marked=marked,
        bolded=bolded,
        icons=home.icons(),
    )


async def _nothing() -> None:
    return None


@get("/apps")
async def apps(actor: Person, context: Context) -> Page:
    return Page("shell/apps.html", apps=await home.shelves(context, actor.id))


@get("/settings")
async def settings(actor: Person, context: Context, saved: bool = False) -> Page:
    return Page("shell/settings.html", saved=saved)


@post("/settings")
async def change_settings(
    actor: Person,
    context: Context,
    data: Annotated[SettingsForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> See:
    """Changes what was sent. Raises BadInput for what cannot be used."""
    profile = context.offer(Profile)  # type: ignore[type-abstract]
    if data.display is not None:
        await profile.set_display(actor.id, data.display)
    if data.locale is not None:
        await profile.set_locale(actor.id, "" if data.locale == "auto" else data.locale)
    if data.scheme is not None:
        await profile.set_scheme(actor.id, "" if data.scheme == "auto" else data.scheme)
    return See("/settings?saved=true")


doors = [start, apps, settings, change_settings]
