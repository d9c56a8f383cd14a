"""PROPPATCH: dead properties are kept; of the live ones only the modification time can be set."""

from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.webdav.propfind import LIVE, ONLY_WHEN_NAMED
from synfonium.apps.drive.webdav.request import XML_TYPE, DavRequest, href_of
from synfonium.libraries.webdav import multistatus
from synfonium.libraries.webdav.body import DAV, PropertyChange, read_proppatch
from synfonium.libraries.webdav.headers import read_http_date

SETTABLE = (DAV, "getlastmodified")


async def proppatch(request: DavRequest) -> None:
    changes = read_proppatch(await request.body())
    path = await request.path()
    node = await request.found()
    await request.expected(path)
    refused = [change for change in changes if not may(change)]
    href = href_of(request.target.base, request.target.names, is_file=node.is_file)
    if refused:
        answer = answer_of(href, changes, refused)
    else:
        await apply(request, node.id, changes)
        answer = answer_of(href, changes, [])
    await request.answer(207, [XML_TYPE], answer)


def may(change: PropertyChange) -> bool:
    if change.name == SETTABLE:
        return change.xml is not None and read_http_date(change.text) is not None
    namespace, local = change.name
    return namespace != DAV or (local not in LIVE and local not in ONLY_WHEN_NAMED) or local == "displayname"


async def apply(request: DavRequest, node: str, changes: tuple[PropertyChange, ...]) -> None:
    kept: dict[str, str | None] = {}
    modified_s: float | None = None
    for change in changes:
        if change.name == SETTABLE:
            modified_s = read_http_date(change.text)
        elif change.name != (DAV, "displayname"):
            kept[f"{{{change.name[0]}}}{change.name[1]}"] = change.xml
    await request.service.properties.change(
        request.actor, NodeId(node), kept, modified_s=modified_s, tokens=request.tokens
    )


def answer_of(href: str, changes: tuple[PropertyChange, ...], refused: list[PropertyChange]) -> bytes:
    """All, or none: what could have been set is told to have failed with the rest (424)."""
    good = [change.name for change in changes if change not in refused]
    bad = [change.name for change in refused]
    content = ""
    if good:
        names = "".join(map(multistatus.empty_property, good))
        content += multistatus.propstat(names, 424 if bad else 200)
    if bad:
        content += multistatus.propstat("".join(map(multistatus.empty_property, bad)), 403)
    return (multistatus.HEAD + multistatus.response(href, content) + multistatus.FOOT).encode()
