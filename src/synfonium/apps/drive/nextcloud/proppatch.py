"""PROPPATCH: a favourite is marked; all else is as in WebDAV."""

from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.nextcloud.properties import FAVORITE
from synfonium.apps.drive.webdav import proppatch as plain
from synfonium.apps.drive.webdav.request import XML_TYPE, DavRequest, href_of
from synfonium.libraries.webdav.body import PropertyChange, read_proppatch


async def proppatch(request: DavRequest) -> None:
    changes = read_proppatch(await request.body())
    path = await request.path()
    node = await request.found()
    await request.expected(path)
    refused = [change for change in changes if not plain.may(change)]
    if not refused:
        await _apply(request, node.id, changes)
    href = href_of(request.target.base, request.target.names, is_file=node.is_file)
    await request.answer(207, [XML_TYPE], plain.answer_of(href, changes, refused))


async def _apply(request: DavRequest, node: NodeId, changes: tuple[PropertyChange, ...]) -> None:
    for change in changes:
        if change.name == FAVORITE:
            is_favorite = change.xml is not None and change.text.strip() not in ("0", "")
            await request.service.favorites.mark(request.actor, node, is_favorite=is_favorite)
    rest = tuple(change for change in changes if change.name != FAVORITE)
    if rest:
        await plain.apply(request, node, rest)
