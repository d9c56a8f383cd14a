"""Old versions: `/remote.php/dav/versions/NAME/versions/NUMBER/VERSION`, taken back by MOVE to
`…/restore/…`."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from synfonium.apps.drive.model import Node, VersionId
from synfonium.apps.drive.model.versions import Version
from synfonium.apps.drive.nextcloud.properties import NC, Known, Name, Writer, response
from synfonium.apps.drive.nextcloud.request import NextcloudRequest
from synfonium.apps.drive.nextcloud.room import COLLECTION, answer_all, asked, destination_in, room_request
from synfonium.apps.drive.service.versions import as_it_was
from synfonium.apps.drive.webdav import proppatch as plain
from synfonium.apps.drive.webdav import read
from synfonium.apps.drive.webdav.request import XML_TYPE
from synfonium.common.problem import Forbidden, NotFound
from synfonium.kernel.actor import Person
from synfonium.kernel.asgi import Receive, Scope, Send
from synfonium.kernel.context import Context
from synfonium.kernel.refusals import MethodNotAllowed
from synfonium.libraries.webdav.body import read_proppatch

LABEL: Name = (NC, "version-label")
AUTHOR: Name = (NC, "version-author")
MOST_DIGITS = 18


async def answer(context: Context, actor: Person, scope: Scope, receive: Receive, send: Send) -> None:
    request = room_request(context, actor, scope, receive, send)
    where, *names = request.target.names
    if where != "versions" or not 1 <= len(names) <= 2:
        raise NotFound
    node = await _node(request, names[0])
    method = (scope["method"], len(names))
    if method in (("PROPFIND", 1), ("PROPFIND", 2)):
        await _listing(request, node, names[0], names[1:])
        return
    one = {"GET": _get, "HEAD": _get, "MOVE": _restore, "DELETE": _remove, "PROPPATCH": _name}
    if len(names) == 1 or scope["method"] not in one:
        raise MethodNotAllowed
    await one[scope["method"]](request, node, VersionId(names[1]))


async def _node(request: NextcloudRequest, number: str) -> Node:
    if not (number.isascii() and number.isdigit() and len(number) <= MOST_DIGITS):
        raise NotFound
    return await request.service.versions.by_number(request.actor, int(number))


async def _listing(request: NextcloudRequest, node: Node, number: str, only: Sequence[str]) -> None:
    find, names, wants_members = await asked(request)
    history = await request.service.versions.of(request.actor, node.id)
    authors = await request.service.versions.authors(history) if AUTHOR in names else {}
    base = f"{request.target.base}/versions/{number}/"
    writer = Writer(names, says_missing=find.kind == "prop")
    texts = [] if only else [response(base, COLLECTION)]
    chosen = [v for v in history.versions if (wants_members and not only) or v.id in only]
    if only and not chosen:
        raise NotFound
    texts += [_response(request, writer, history.node, v, f"{base}{v.id}", authors) for v in chosen]
    await answer_all(request, texts)


def _response(
    request: NextcloudRequest,
    writer: Writer,
    node: Node,
    version: Version,
    href: str,
    authors: dict[str, str],
) -> str:
    """A version as the file it was; the present one has the file's own etag."""
    was = node if version.is_present else as_it_was(node, version)
    words = {LABEL: version.label or "", AUTHOR: authors.get(version.author, "")}
    added = {name: {node.id: escape(text)} for name, text in words.items()}
    sha1 = {node.id: version.sha1} if version.sha1 else {}
    return writer.response(was, href, Known(actor=request.actor, added=added, sha1=sha1))


async def _get(request: NextcloudRequest, node: Node, version: VersionId) -> None:
    await read.send(request, await request.service.versions.content(request.actor, node.id, version))


async def _restore(request: NextcloudRequest, node: Node, version: VersionId) -> None:
    if destination_in(request)[:1] != ("restore",):
        raise Forbidden
    back = await request.service.versions.restore(request.actor, node.id, version)
    await request.wrote(204, back)


async def _remove(request: NextcloudRequest, node: Node, version: VersionId) -> None:
    await request.service.versions.remove(request.actor, node.id, version)
    await request.answer(204)


async def _name(request: NextcloudRequest, node: Node, version: VersionId) -> None:
    """A version can be given a name; nothing else of it can be set."""
    changes = read_proppatch(await request.body())
    refused = [change for change in changes if change.name != LABEL]
    if not refused:
        for change in changes:
            label = change.text if change.xml is not None else ""
            await request.service.versions.name(request.actor, node.id, version, label)
    href = "/".join([request.target.base, *request.target.names])
    await request.answer(207, [XML_TYPE], plain.answer_of(href, changes, refused))
