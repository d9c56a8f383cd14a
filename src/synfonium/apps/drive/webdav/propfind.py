"""PROPFIND: one range of the index, written as text and sent while it is read."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from xml.sax.saxutils import escape

from synfonium.apps.drive.model import Lock, Node, name_key
from synfonium.apps.drive.webdav.refusals import DepthRefused
from synfonium.apps.drive.webdav.request import XML_TYPE, DavRequest, href_of
from synfonium.libraries.webdav import multistatus
from synfonium.libraries.webdav.body import DAV, PropFind, read_propfind
from synfonium.libraries.webdav.headers import http_date, read_depth
from synfonium.libraries.webdav.paths import quote_name
from synfonium.libraries.webdav.rows import Rows, Tag

PIECE_NODES = 1024
Live = Callable[[Node], str | None]


# Files of one folder often came together, and dates take longer to write than all the rest.
@lru_cache(maxsize=4096)
def _created(second: int) -> str:
    moment = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"<D:creationdate>{moment}</D:creationdate>"


@lru_cache(maxsize=4096)
def _modified(second: int) -> str:
    return f"<D:getlastmodified>{http_date(second)}</D:getlastmodified>"


def _escaped(text: str) -> str:
    return escape(text) if "&" in text or "<" in text or ">" in text else text


def _kind(node: Node) -> str:
    return "<D:resourcetype/>" if node.is_file else "<D:resourcetype><D:collection/></D:resourcetype>"


# What a PROPFIND of all properties gives, in this order.
LIVE: dict[str, Live] = {
    "resourcetype": _kind,
    "getlastmodified": lambda n: _modified(int(n.modified_s)),
    "getetag": lambda n: f'<D:getetag>"{n.etag}"</D:getetag>',
    "getcontentlength": lambda n: (
        f"<D:getcontentlength>{n.size_bytes}</D:getcontentlength>" if n.is_file else None
    ),
    "getcontenttype": lambda n: (
        f"<D:getcontenttype>{_escaped(n.media_type)}</D:getcontenttype>" if n.is_file else None
    ),
    "creationdate": lambda n: _created(int(n.created_s)),
    "displayname": lambda n: f"<D:displayname>{_escaped(n.name)}</D:displayname>",
    "supportedlock": lambda n: f"<D:supportedlock>{multistatus.SUPPORTED_LOCK}</D:supportedlock>",
}
ONLY_WHEN_NAMED = frozenset({"lockdiscovery", "quota-used-bytes", "quota-available-bytes"})


class Writer:
    """Writes the answer's responses for one request."""

    def __init__(self, request: DavRequest, asked: PropFind, free_bytes: int | None) -> None:
        self._request, self._asked, self._free_bytes = request, asked, free_bytes
        names = asked.names if asked.kind == "prop" else tuple((DAV, local) for local in LIVE)
        self._names = names if asked.kind == "prop" else (*names, (DAV, "lockdiscovery"), *asked.names)
        self._is_plain = asked.kind == "prop" and all(
            namespace == DAV and local in LIVE for namespace, local in names
        )
        # Live properties alone: the common case, without a look elsewhere.
        self._live = [LIVE[local] for _namespace, local in names] if self._is_plain else []
        tags = [Tag("", "", multistatus.empty_property(name)) for name in names] if self._is_plain else []
        self._rows = Rows(tags, prefix="D")

    async def piece(self, nodes: Sequence[tuple[Node, str]]) -> str:
        """Responses of nodes, each with its percent-encoded path."""
        if self._is_plain:
            return "".join([self._rows.response(href, [live(n) for live in self._live]) for n, href in nodes])
        ids = [node.id for node, _ in nodes]
        service, actor = self._request.service, self._request.actor
        kept = await service.properties.of(actor, [node for node, _ in nodes])
        held = await service.locks.on(actor, ids)
        return "".join(
            [self._response(node, href, kept.get(node.id, {}), held.get(node.id, [])) for node, href in nodes]
        )

    def _response(self, node: Node, href: str, kept: dict[str, str], held: list[Lock]) -> str:
        if self._asked.kind == "propname":
            have = [*((DAV, local) for local in LIVE), *map(_split, kept)]
            return multistatus.response(
                href, multistatus.propstat("".join(map(multistatus.empty_property, have)))
            )
        found: list[str] = []
        missing: list[str] = []
        for name in self._names:
            xml = self._value(node, name, kept, held, href)
            if xml is None:
                missing.append(multistatus.empty_property(name))
            else:
                found.append(xml)
        if self._asked.kind == "allprop":
            found += [xml for name, xml in kept.items() if _split(name) not in self._names]
            missing = []
        content = multistatus.propstat("".join(found)) if found or not missing else ""
        if missing:
            content += multistatus.propstat("".join(missing), 404)
        return multistatus.response(href, content)

    def _value(
        self, node: Node, name: tuple[str, str], kept: dict[str, str], held: list[Lock], href: str
    ) -> str | None:
        namespace, local = name
        if namespace != DAV:
            return kept.get(f"{{{namespace}}}{local}")
        if local in LIVE:
            return LIVE[local](node)
        if local == "lockdiscovery":
            return f"<D:lockdiscovery>{''.join(self.active(lock, href) for lock in held)}</D:lockdiscovery>"
        if local == "quota-used-bytes" and not node.is_file:
            return f"<D:{local}>{node.size_bytes}</D:{local}>"
        if local == "quota-available-bytes" and not node.is_file and self._free_bytes is not None:
            return f"<D:{local}>{self._free_bytes}</D:{local}>"
        return kept.get(f"{{{namespace}}}{local}")

    def active(self, lock: Lock, href: str) -> str:
        """The lock as it is told to clients."""
        now_s = self._request.service.room.now_s()
        return multistatus.active_lock(
            token=lock.token,
            is_exclusive=lock.is_exclusive,
            is_infinite=lock.is_infinite,
            owner_xml=lock.owner_xml,
            timeout_s=max(1, int(lock.expires_s - now_s)),
            root=href,
        )


def _split(name: str) -> tuple[str, str]:
    namespace, _, local = name[1:].rpartition("}")
    return namespace, local


async def propfind(request: DavRequest) -> None:
    depth = read_depth(request.header("depth"), "infinity")
    asked = read_propfind(await request.body())
    node = await request.found()
    if depth == "infinity" and not node.is_file:
        raise DepthRefused
    wants_quota = (DAV, "quota-available-bytes") in asked.names
    room_left = await request.service.tree.room_left(request.actor, node.id) if wants_quota else (0, None)
    writer = Writer(request, asked, room_left[1])
    href = href_of(request.target.base, request.target.names, is_file=node.is_file)
    first = multistatus.HEAD + await writer.piece([(node, href)])
    if depth == "0" or node.is_file:
        await request.answer(207, [XML_TYPE], (first + multistatus.FOOT).encode())
        return
    await _stream(request, writer, node, first)


async def _stream(request: DavRequest, writer: Writer, folder: Node, first: str) -> None:
    """The folder's members, 1024 at a time; memory stays flat however many there are."""
    tree = request.service.tree
    base = href_of(request.target.base, request.target.names, is_file=False)

    async def rows(after: bytes) -> tuple[list[Node], str]:
        members = await tree.members(request.actor, folder, after=after, limit=PIECE_NODES)
        hrefs = [base + quote_name(node.name) + ("" if node.is_file else "/") for node in members]
        return members, await writer.piece(list(zip(members, hrefs, strict=True)))

    members, text = await rows(b"")
    if len(members) < PIECE_NODES:
        await request.answer(207, [XML_TYPE], (first + text + multistatus.FOOT).encode())
        return
    await request.start(207, [XML_TYPE])
    text = first + text
    while members:
        await request.piece(text.encode(), more=True)
        members, text = await rows(name_key(members[-1].name))
    await request.piece(multistatus.FOOT.encode(), more=False)
