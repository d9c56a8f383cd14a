"""What the palette shows: one key on any page, then a word of an action, a page or a thing."""

from collections.abc import Mapping

import msgspec
from litestar import Response

from synfonium.apps.fabric.contract import Effect, Object, Offered
from synfonium.apps.fabric.errors import NoObject
from synfonium.apps.fabric.http.service import service_of
from synfonium.apps.fabric.http.words import icon_of
from synfonium.apps.fabric.model import acts
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, get
from synfonium.kernel.i18n import _

WORDS = {
    "label": _("What do you want to do?"),
    "here": _("With this"),
    "recent": _("Lately"),
    "actions": _("Actions"),
    "pages": _("Pages"),
    "own": _("Yours"),
    "web": _("Search the web for “{query}”"),
    "none": _("Nothing of that kind."),
    "found": _("{count} found"),
    "which": _("With which thing"),
    "back": _("Back"),
    "done": _("Done: {what}"),
    "open": _("Open"),
    "close": _("Close"),
    "failed": _("This could not be reached. Look whether you are connected, and try again."),
    "choose": _("Choose"),
    "keys": _("↑ ↓ to choose, Enter to do it, Esc to leave"),
}


class PaletteField(acts.Field, frozen=True, kw_only=True):
    """meant: the values that the choices stand for. is_sent: also when it is empty."""

    meant: tuple[object, ...] = ()
    is_sent: bool = False


class PaletteAction(msgspec.Struct, frozen=True, kw_only=True):
    """takes: whether it is done with an object; is_here: with the one that the page shows."""

    name: str
    title: str
    app: str
    icon: str
    effect: Effect
    takes: bool
    is_here: bool
    fields: tuple[PaletteField, ...]


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    within: str
    path: str
    icon: str


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    address: str
    title: str
    icon: str


class Palette(msgspec.Struct, frozen=True, kw_only=True):
    words: Mapping[str, str]
    here: Thing | None
    actions: tuple[PaletteAction, ...]
    pages: tuple[Destination, ...]


@get("/fabric/palette")
async def show(actor: Person, request: AnyRequest, context: Context, on: str = "") -> Response[Palette]:
    """Everything that stands in the palette before a word is typed. on: what the page shows."""
    assert context.pages is not None
    reader, acting = context.pages.reader(request.scope), service_of(context).acting
    here = await _here(context, actor, on)
    every = await acting.offered(actor, reader.locale)
    fitting = {one.name for one in await acting.offered(actor, reader.locale, on)} if here else set()
    translate = context.pages.catalogue(reader.locale).gettext
    found = Palette(
        words={key: translate(word) for key, word in WORDS.items()},
        here=_thing(here) if here else None,
        # What only looks is for programs: a person has pages for it, and the search below.
        actions=tuple(_action(one, one.name in fitting) for one in every if one.effect != "look"),
        pages=tuple(Destination(**page) for page in context.pages.destinations(reader)),
    )
    return Response(found, headers={"cache-control": "no-store"})


@get("/fabric/palette/things")
async def things(actor: Person, request: AnyRequest, context: Context, action: str) -> Response[list[Thing]]:
    """What the form of an action offers where it asks for a thing."""
    assert context.pages is not None
    acting = service_of(context).acting
    one = await acting.one(actor, action, context.pages.reader(request.scope).locale)
    found = [_thing(thing) for thing in await acting.things(actor, one)]
    return Response(found, headers={"cache-control": "no-store"})


async def _here(context: Context, actor: Person, on: str) -> Object | None:
    try:
        return await service_of(context).acting.described(actor, on) if on else None
    except NoObject:
        return None


def _action(one: Offered, is_here: bool) -> PaletteAction:
    members = one.input.get("properties", {})
    fields = (
        PaletteField(
            **msgspec.structs.asdict(field),
            meant=tuple(members[field.name].get("enum", ())),
            is_sent=field.name in one.input.get("required", ()),
        )
        for field in acts.fields_of(one.input)
    )
    return PaletteAction(
        name=one.name,
        title=one.title,
        app=one.app_title,
        icon=one.icon,
        effect=one.effect,
        takes=bool(one.on),
        is_here=is_here,
        fields=tuple(fields),
    )


def _thing(shown: Object) -> Thing:
    return Thing(address=shown.address, title=shown.title, icon=icon_of(shown))


doors = (show, things)
