"""A grant of one file as a folder that holds it: software that knows WebDAV mounts folders.

`/dav/grants/ID` is the file itself. `/dav/grants/ID/` is a folder with one member, and
`/dav/grants/ID/NAME` the file again; nothing else can be there.
"""

from collections import OrderedDict

import msgspec

from synfonium.apps.drive.errors import NameTaken, NotThatKind
from synfonium.apps.drive.model import Node, NodeId
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.webdav.propfind import Writer
from synfonium.apps.drive.webdav.refusals import DepthRefused, OneFileAlone
from synfonium.apps.drive.webdav.request import XML_TYPE, DavRequest, Target, href_of
from synfonium.common.problem import NotFound
from synfonium.kernel.actor import Person
from synfonium.libraries.webdav import multistatus
from synfonium.libraries.webdav.body import read_propfind
from synfonium.libraries.webdav.headers import read_depth

KEPT = 1_000
LOOKS = frozenset({"GET", "HEAD", "PROPFIND"})


class Singles:
    """Which grants are of one file. What a grant names never changes its kind, so that a folder's
    is looked up once."""

    def __init__(self, service: DriveService) -> None:
        self._service = service
        self._folders: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def file_of(self, target: Target) -> Node | None:
        """The file when the target lies in the folder of one file's grant."""
        if not target.is_grant or not (target.names or target.is_folder):
            return None
        key = _key(target.actor)
        if key in self._folders:
            self._folders.move_to_end(key)
            return None
        top = (await self._service.tree.resolve(target.actor, ()))[:1]
        if top and top[0].is_file:
            return top[0]
        if top:
            self._keep(key)
        return None

    def _keep(self, key: tuple[str, str]) -> None:
        self._folders[key] = None
        if len(self._folders) > KEPT:
            self._folders.popitem(last=False)


def _key(actor: Person) -> tuple[str, str]:
    return actor.grants[0], actor.at


def check_member(method: str, target: Target, file: Node) -> None:
    """Raises NotFound and OneFileAlone for every other name than the file's."""
    if target.names != (file.name,):
        raise NotFound if method in LOOKS else OneFileAlone


async def answer(request: DavRequest, file: Node) -> None:
    """The folder itself: it can be listed, and nothing more."""
    method = request.scope["method"]
    if method == "MKCOL":
        raise NameTaken
    if method in ("GET", "HEAD", "PUT"):
        raise NotThatKind
    if method != "PROPFIND":
        raise OneFileAlone
    depth = read_depth(request.header("depth"), "infinity")
    if depth == "infinity":
        raise DepthRefused
    writer = Writer(request, read_propfind(await request.body()), None)
    base = request.target.base
    listed = [(_folder_of(file), href_of(base, (), is_file=False))]
    if depth == "1":
        listed.append((file, href_of(base, (file.name,), is_file=True)))
    text = multistatus.HEAD + await writer.piece(listed) + multistatus.FOOT
    await request.answer(207, [XML_TYPE], text.encode())


def _folder_of(file: Node) -> Node:
    """It is no node: it has neither properties nor locks of its own."""
    return msgspec.structs.replace(file, id=NodeId(""), is_file=False, media_type="", version=None)
