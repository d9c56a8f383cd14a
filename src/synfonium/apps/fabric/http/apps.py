"""Doors for apps: what they hold, what a thing is, passing on, and whether somebody may."""

from typing import Annotated

import msgspec
from litestar.params import QueryParameter

from synfonium.apps.fabric.contract import APP_SCOPE, CHECK_SCOPE, Action, Grant, Limits, Object
from synfonium.apps.fabric.errors import NoObject
from synfonium.apps.fabric.http.service import service_of
from synfonium.apps.fabric.model import is_address
from synfonium.apps.fabric.service.delegation import Narrowed
from synfonium.common.ids import GrantId
from synfonium.kernel.actor import Person, Scope, Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import get, post

Holder = Annotated[Person, Scope(APP_SCOPE)]
"""A person in their session, or an app with an access token of theirs."""
Shower = Annotated[Person, Scope(CHECK_SCOPE)]
"""Whoever shows a credential of an app: a token, a secret, a biscuit."""


class ObjectTold(msgspec.Struct, frozen=True, kw_only=True):
    """An object, for an app that was granted it. grant: by which right it is seen."""

    address: str
    interfaces: tuple[str, ...]
    title: str
    media_type: str
    revision: str
    size_bytes: int
    modified_s: float
    page: str
    locations: tuple[str, ...]
    grant: str = ""


class GrantTold(msgspec.Struct, frozen=True, kw_only=True):
    """A grant, for the app that holds it."""

    grant: str
    object: str
    actions: tuple[Action, ...]
    origin: str
    title: str
    since_s: float
    until_s: float
    uses: int


class Held(msgspec.Struct, frozen=True, kw_only=True):
    grants: tuple[GrantTold, ...]


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """May whoever shows this credential do `action` with `path[0]`? path: its address, then
    those of what it lies in."""

    path: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=200)]
    action: Action = "read"


class Allowed(msgspec.Struct, frozen=True, kw_only=True):
    allowed: bool
    grant: str = ""
    app: str = ""


class Delegating(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a grant for another app. Empty fields: as much as the grant says."""

    app: Annotated[str, msgspec.Meta(max_length=30)]
    object: Annotated[str, msgspec.Meta(max_length=200)] = ""
    actions: tuple[Action, ...] = ()
    until_s: float = 0.0
    uses: int = -1


class Narrowing(msgspec.Struct, frozen=True, kw_only=True):
    """What a biscuit is narrowed to at once; anybody may narrow it further."""

    object: Annotated[str, msgspec.Meta(max_length=200)] = ""
    actions: tuple[Action, ...] = ()
    until_s: float = 0.0


class Token(msgspec.Struct, frozen=True, kw_only=True):
    token: str


class Key(msgspec.Struct, frozen=True, kw_only=True):
    public_key: str


@get("/fabric/objects")
async def describe(
    actor: Holder, context: Context, address: Annotated[str, QueryParameter(name="address")]
) -> ObjectTold:
    """What is at an address, for a person who may see it or an app that was granted it."""
    service = service_of(context)
    shown = await service.objects.describe(actor.id, address) if is_address(address) else None
    grant = ""
    if shown is not None and actor.app:
        held = await service.authority.check(actor, shown.path, "read")
        shown, grant = (shown, held.id) if held else (None, "")
    if shown is None:
        raise NoObject
    return _told(shown, grant, context)


@get("/fabric/grants/held")
async def held(actor: Holder, context: Context) -> Held:
    """The grants in force that the app of this credential has of this person."""
    granting = service_of(context).granting
    grants = await granting.of_app(actor.app, actor.id) if actor.app else await granting.of_person(actor.id)
    return Held(grants=tuple(map(_grant, grants)))


@post("/fabric/check")
async def check(actor: Shower, context: Context, data: Asking) -> Allowed:
    """For an app whose own door somebody came to with this credential."""
    found = await service_of(context).authority.check(actor, data.path, data.action)
    return Allowed(allowed=found is not None, grant=found.id if found else "", app=found.app if found else "")


@post("/fabric/grants/{grant:str}/delegate")
async def delegate(actor: Holder, context: Context, grant: str, data: Delegating) -> GrantTold:
    """Cuts a grant for another app from one that this app holds."""
    cut = await service_of(context).granting.delegate(
        actor,
        GrantId(grant),
        data.app,
        data.object,
        frozenset(data.actions),
        Limits(until_s=data.until_s, uses=data.uses),
    )
    return _grant(cut)


@post("/fabric/grants/{grant:str}/token")
async def token(actor: Holder, context: Context, grant: str, data: Narrowing) -> Token:
    """A biscuit of a grant that this app holds."""
    narrowed = Narrowed(actions=frozenset(data.actions), object=data.object, until_s=data.until_s)
    return Token(token=await service_of(context).granting.token(actor, GrantId(grant), narrowed))


@get("/fabric/key")
async def key(actor: Visitor, context: Context) -> Key:
    """By which biscuits of this installation are checked, and narrowed by whoever holds one."""
    return Key(public_key=service_of(context).authority.biscuits.public_key)


def _grant(grant: Grant) -> GrantTold:
    return GrantTold(
        grant=grant.id,
        object=grant.object,
        actions=tuple(sorted(grant.actions)),
        origin=grant.origin,
        title=grant.title,
        since_s=grant.since_s,
        until_s=grant.limits.until_s,
        uses=grant.limits.uses,
    )


def _told(shown: Object, grant: str, context: Context) -> ObjectTold:
    here = context.site.public_url
    location = shown.location.replace("{grant}", grant) if grant else ""
    return ObjectTold(
        address=shown.address,
        interfaces=shown.interfaces,
        title=shown.title,
        media_type=shown.media_type,
        revision=shown.revision,
        size_bytes=shown.size_bytes,
        modified_s=shown.modified_s,
        page=here + shown.page if shown.page.startswith("/") else shown.page,
        locations=((here + location if location.startswith("/") else location),) if location else (),
        grant=grant,
    )


doors = (describe, held, check, delegate, token, key)
