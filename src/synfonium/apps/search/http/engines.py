"""The engines of others, for administrators: which are on, what each is given, how they are."""

from typing import Annotated

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.search.errors import UnknownEngine
from synfonium.apps.search.service.federation.discovery import Fault, known_engines
from synfonium.apps.search.service.federation.engine import About
from synfonium.apps.search.service.federation.open import OutsideSearch
from synfonium.apps.search.service.federation.words import Health, Told
from synfonium.apps.search.service.open import SearchService
from synfonium.kernel.actor import Administrator, Impersonal
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, get, post

Admin = Annotated[Administrator, Impersonal("engines and their settings; no question of anybody")]


class EngineForm(msgspec.Struct, frozen=True, kw_only=True):
    """name: of an engine that is on."""

    name: Annotated[str, msgspec.Meta(max_length=40)]


class EngineView(msgspec.Struct, frozen=True, kw_only=True):
    """An engine as its page shows it. health: None while it is off. fault: why it cannot be on
    although the settings name it."""

    about: About
    address: str = ""
    has_key: bool = False
    health: Health | None = None
    fault: Fault | None = None
    told: Told | None = None


@get("/admin/search/engines", summary="Other engines")
async def engines(actor: Admin, context: Context) -> Page:
    return _page(context)


@post("/admin/search/engines/test")
async def try_engine(
    actor: Admin,
    context: Context,
    data: Annotated[EngineForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Page:
    """Asks one engine for a word of ours. Raises UnknownEngine."""
    outside = _outside(context)
    if data.name not in outside.federation.names:
        raise UnknownEngine
    answer = await outside.test(data.name)
    return _page(context, *answer.told)


def _page(context: Context, *told: Told) -> Page:
    outside = _outside(context)
    config = context.config
    return Page(
        "search/engines.html",
        engines=[_view(outside, name, {t.name: t for t in told}) for name in known_engines()],
        unknown=[name for name, _fault in outside.faults if name not in known_engines()],
        is_always=config.outside_always,
        deadline_ms=config.outside_deadline_ms,
        settings=str(context.home / "synfonium.toml"),
    )


def _view(outside: OutsideSearch, name: str, told: dict[str, Told]) -> EngineView:
    about, chosen = known_engines()[name].about, outside.federation.chosen.get(name)
    if chosen is None:
        return EngineView(about=about, fault=dict(outside.faults).get(name))
    return EngineView(
        about=about,
        address=chosen.given.base_url,
        has_key=bool(chosen.given.key),
        health=outside.federation.health(name),
        told=told.get(name),
    )


def _outside(context: Context) -> OutsideSearch:
    service: SearchService = context.service
    return service.outside


doors = [engines, try_engine]
