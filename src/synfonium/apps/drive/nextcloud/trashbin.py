"""The trash: `/remote.php/dav/trashbin/NAME/trash/ID`, put back by MOVE to `…/restore/…`."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

import msgspec

from synfonium.apps.drive.model import NodeId, Trashed
from synfonium.apps.drive.nextcloud.properties import NC, Lookup, Name, Writer, response
from synfonium.apps.drive.nextcloud.request import NextcloudRequest
from synfonium.apps.drive.nextcloud.room import COLLECTION, answer_all, asked, destination_in, room_request
from synfonium.common.problem import Forbidden, NotFound
from synfonium.kernel.actor import Person
from synfonium.kernel.asgi import Receive, Scope, Send
from synfonium.kernel.context import Context
from synfonium.kernel.refusals import MethodNotAllowed
from synfonium.libraries.webdav.body import DAV
from synfonium.libraries.webdav.paths import quote_name

PAGE = 500
MOST_LISTED = 10_000
FILENAME: Name = (NC, "trashbin-filename")
LOCATION: Name = (NC, "trashbin-original-location")
TIME: Name = (NC, "trashbin-deletion-time")
USUAL: tuple[Name, ...] = ((DAV, "resourcetype"), (DAV, "getcontentlength"), FILENAME, LOCATION, TIME)


async def answer(context: Context, actor: Person, scope: Scope, receive: Receive, send: Send) -> None:
    request = room_request(context, actor, scope, receive, send)
    where, *names = request.target.names
    method = scope["method"]
    if where == "restore" and not names and method == "PROPFIND":
        await answer_all(request, [response(_href(request), COLLECTION)])
        return
    if where != "trash" or len(names) > 1:
        raise NotFound
    if method == "PROPFIND":
        await _listing(request, names[0] if names else "")
    elif method == "DELETE":
        await _remove(request, names)
    elif method == "MOVE" and names:
        await _restore(request, names[0])
    else:
        raise MethodNotAllowed


def _href(request: NextcloudRequest) -> str:
    return f"{request.target.base}/{'/'.join(map(quote_name, request.target.names))}/"


async def _listing(request: NextcloudRequest, only: str) -> None:
    find, names, wants_members = await asked(request)
    if find.kind != "prop":
        names = (*USUAL, *find.names)
    writer = Writer(names, says_missing=find.kind == "prop")
    lookup = Lookup(request.service, request.actor, names)
    base = f"{request.target.base}/trash/"
    entries = await _entries(request, only) if only or wants_members else []
    texts = [] if only else [response(base, COLLECTION)]
    known = await lookup.of([entry.node for entry in entries])
    known = msgspec.structs.replace(known, added={**known.added, **_of_trash(entries)})
    for entry in entries:
        slash = "" if entry.node.is_file else "/"
        texts.append(writer.response(entry.node, f"{base}{entry.node.id}{slash}", known))
    await answer_all(request, texts)


async def _entries(request: NextcloudRequest, only: str) -> list[Trashed]:
    """The newest first. Raises NotFound for one that is not there."""
    found: list[Trashed] = []
    trash, after = request.service.trash, None
    while len(found) < MOST_LISTED:
        listing = await trash.listing(request.actor, after=after, limit=PAGE)
        found += listing.entries
        if not listing.has_more:
            break
        after = listing.entries[-1].node.id
    if only and not any(entry.node.id == only for entry in found):
        raise NotFound
    return [entry for entry in found if not only or entry.node.id == only]


def _of_trash(entries: Sequence[Trashed]) -> dict[Name, dict[NodeId, str]]:
    return {
        FILENAME: {entry.node.id: escape(entry.node.name) for entry in entries},
        LOCATION: {entry.node.id: escape(_place(entry)) for entry in entries},
        TIME: {entry.node.id: str(int(entry.trashed_s)) for entry in entries},
    }


def _place(entry: Trashed) -> str:
    return f"{entry.place}/{entry.node.name}" if entry.place else entry.node.name


async def _remove(request: NextcloudRequest, names: list[str]) -> None:
    """For ever: one, or all."""
    if names:
        await request.service.trash.remove(request.actor, [NodeId(names[0])])
    else:
        await request.service.trash.empty(request.actor)
    await request.answer(204)


async def _restore(request: NextcloudRequest, name: str) -> None:
    """Where it was; what the destination is called does not matter."""
    if destination_in(request)[:1] != ("restore",):
        raise Forbidden
    (back,) = await request.service.trash.restore(request.actor, [NodeId(name)])
    await request.wrote(201, back)
