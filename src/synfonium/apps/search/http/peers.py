"""Other installations, for administrators: whom we follow, and what we publish."""

from typing import Annotated

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.search.service.bundles.exchange import publisher_of
from synfonium.apps.search.service.bundles.format import Feed
from synfonium.apps.search.service.bundles.keys import fingerprint_of
from synfonium.apps.search.store import peers as store
from synfonium.common.problem import Problem
from synfonium.kernel.actor import Administrator, Impersonal
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post

Admin = Annotated[Administrator, Impersonal("other installations and their bundles; nobody's own")]


class LookForm(msgspec.Struct, frozen=True, kw_only=True):
    address: Annotated[str, msgspec.Meta(max_length=300)]


class FollowForm(msgspec.Struct, frozen=True, kw_only=True):
    """fingerprint: as it was shown and compared. hosts: apart by blanks; none: all it speaks for."""

    address: Annotated[str, msgspec.Meta(max_length=300)]
    fingerprint: Annotated[str, msgspec.Meta(max_length=200)]
    hosts: Annotated[str, msgspec.Meta(max_length=20_000)] = ""


class PeerForm(msgspec.Struct, frozen=True, kw_only=True):
    origin: Annotated[str, msgspec.Meta(max_length=300)]


@get("/admin/search/peers", summary="Other installations")
async def peers(actor: Admin, context: Context, said: str = "") -> Page:
    return await _page(context, said=said)


@post("/admin/search/peers/look")
async def look(
    actor: Admin,
    context: Context,
    data: Annotated[LookForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Page:
    """Shows whose key it is and what it speaks for, before anything is trusted."""
    try:
        seen = msgspec.convert(await context.call("search.peer_look", {"address": data.address}), Feed)
    except Problem as problem:
        return await _page(context, problem=problem)
    return await _page(context, seen=seen)


@post("/admin/search/peers/follow")
async def follow(
    actor: Admin,
    context: Context,
    data: Annotated[FollowForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Page | See:
    arguments: dict[str, object] = {
        "address": data.address,
        "fingerprint": data.fingerprint,
        "hosts": data.hosts.split(),
    }
    return await _act(context, "search.peer_add", arguments, "followed")


@post("/admin/search/peers/pull")
async def pull(
    actor: Admin,
    context: Context,
    data: Annotated[PeerForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Page | See:
    return await _act(context, "search.peer_pull", {"origin": data.origin}, "pulled")


@post("/admin/search/peers/remove")
async def remove(
    actor: Admin,
    context: Context,
    data: Annotated[PeerForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Page | See:
    return await _act(context, "search.peer_remove", {"origin": data.origin}, "removed")


async def _act(context: Context, command: str, arguments: dict[str, object], said: str) -> Page | See:
    try:
        await context.call(command, arguments)
    except Problem as problem:
        return await _page(context, problem=problem)
    return See(f"/admin/search/peers?said={said}")


async def _page(
    context: Context, *, said: str = "", problem: Problem | None = None, seen: Feed | None = None
) -> Page:
    publisher = publisher_of(context)
    feed = publisher.feed() if publisher else None
    return Page(
        "search/peers.html",
        status=problem.status if problem else 200,
        peers=await context.database.read(store.all_peers),
        counts=await context.database.read(store.documents_of_peers),
        feed=feed,
        fingerprint=fingerprint_of(feed.key) if feed else "",
        seen=seen,
        seen_fingerprint=fingerprint_of(seen.key) if seen else "",
        said=said,
        problem=problem,
        address=context.site.public_url,
    )


doors = [peers, look, follow, pull, remove]
