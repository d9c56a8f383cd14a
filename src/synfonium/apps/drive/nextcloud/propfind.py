"""PROPFIND below Nextcloud's addresses: one range of the index, sent while it is read."""

from synfonium.apps.drive.model import Node, name_key
from synfonium.apps.drive.nextcloud.properties import FOOT, HEAD, LIVE, USUAL, Lookup, Name, Writer
from synfonium.apps.drive.webdav.refusals import DepthRefused
from synfonium.apps.drive.webdav.request import XML_TYPE, DavRequest, href_of
from synfonium.libraries.webdav.body import PropFind, read_propfind
from synfonium.libraries.webdav.headers import read_depth
from synfonium.libraries.webdav.paths import quote_name

PIECE_NODES = 1024


def asked_of(find: PropFind) -> tuple[Name, ...]:
    if find.kind == "prop":
        return tuple(dict.fromkeys(find.names))
    return tuple(LIVE) if find.kind == "propname" else tuple(dict.fromkeys([*USUAL, *find.names]))


async def propfind(request: DavRequest) -> None:
    find = read_propfind(await request.body())
    asked = asked_of(find)
    depth = read_depth(request.header("depth"), "1")
    if depth == "infinity":
        raise DepthRefused
    node = await request.found()
    writer = Writer(asked, says_missing=find.kind == "prop")
    lookup = Lookup(request.service, request.actor, asked)
    href = href_of(request.target.base, request.target.names, is_file=node.is_file)
    first = HEAD + writer.response(node, href, await lookup.of([node]))
    if depth == "0" or node.is_file:
        await request.answer(207, [XML_TYPE], (first + FOOT).encode())
        return
    await _stream(request, writer, lookup, node, first)


async def _stream(request: DavRequest, writer: Writer, lookup: Lookup, folder: Node, first: str) -> None:
    """The folder's members, 1024 at a time; memory stays flat however many there are."""
    base = href_of(request.target.base, request.target.names, is_file=False)

    async def page(after: bytes) -> tuple[list[Node], str]:
        members = await request.service.tree.members(request.actor, folder, after=after, limit=PIECE_NODES)
        known = await lookup.of(members)
        hrefs = [base + quote_name(node.name) + ("" if node.is_file else "/") for node in members]
        return members, writer.page(list(zip(members, hrefs, strict=True)), known)

    members, text = await page(b"")
    if len(members) < PIECE_NODES:
        await request.answer(207, [XML_TYPE], (first + text + FOOT).encode())
        return
    await request.start(207, [XML_TYPE])
    text = first + text
    while members:
        await request.piece(text.encode(), more=True)
        members, text = await page(name_key(members[-1].name))
    await request.piece(FOOT.encode(), more=False)
