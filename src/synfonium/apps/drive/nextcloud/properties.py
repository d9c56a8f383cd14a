"""Properties as Nextcloud's clients ask for them.

What is asked for a listing is looked up for a page of nodes together; none costs a query a row.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from xml.sax.saxutils import escape

import msgspec

from synfonium.apps.drive.model import Node, NodeId
from synfonium.apps.drive.nextcloud.request import file_id, permissions_of
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.previews import shown_of
from synfonium.kernel.actor import Person
from synfonium.libraries.webdav.body import DAV
from synfonium.libraries.webdav.headers import http_date
from synfonium.libraries.webdav.rows import Rows, Tag

OC = "http://owncloud.org/ns"
NC = "http://nextcloud.org/ns"
OCS = "http://open-collaboration-services.org/ns"
OCM = "http://open-cloud-mesh.org/ns"
PREFIXES = {DAV: "d", OC: "oc", NC: "nc", OCS: "x1", OCM: "x2", "http://sabredav.org/ns": "s"}
UNLIMITED = -3
Name = tuple[str, str]
FAVORITE: Name = (OC, "favorite")
CHECKSUMS: Name = (OC, "checksums")


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked up for a page of nodes. kept: dead properties; added: of other rooms."""

    actor: Person
    used_bytes: int = 0
    free_bytes: int | None = None
    sha1: Mapping[NodeId, bytes] = {}
    kept: Mapping[NodeId, Mapping[str, str]] = {}
    favorites: frozenset[NodeId] = frozenset()
    added: Mapping[Name, Mapping[NodeId, str]] = {}


Inner = Callable[[Node, Known], str | None]


@lru_cache(maxsize=4096)
def _modified(second: int) -> str:
    return http_date(second)


@lru_cache(maxsize=4096)
def _created(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _checksums(node: Node, known: Known) -> str | None:
    sha1 = known.sha1.get(node.id)
    return f"<oc:checksum>SHA1:{sha1.hex()}</oc:checksum>" if sha1 else None


def _free(node: Node, known: Known) -> str | None:
    if node.is_file:
        return None
    return str(UNLIMITED if known.free_bytes is None else known.free_bytes)


def _nothing(node: Node, known: Known) -> str:
    return ""


def _no(node: Node, known: Known) -> str:
    return "0"


# Inner XML by name; None: the node has none.
LIVE: dict[Name, Inner] = {
    (DAV, "resourcetype"): lambda n, k: "" if n.is_file else "<d:collection/>",
    (DAV, "getlastmodified"): lambda n, k: _modified(int(n.modified_s)),
    (DAV, "getetag"): lambda n, k: f'"{n.etag}"',
    (DAV, "getcontentlength"): lambda n, k: str(n.size_bytes) if n.is_file else None,
    (DAV, "getcontenttype"): lambda n, k: escape(n.media_type) if n.is_file else None,
    (DAV, "creationdate"): lambda n, k: _created(int(n.created_s)),
    (DAV, "displayname"): lambda n, k: escape(n.name),
    (DAV, "quota-used-bytes"): lambda n, k: None if n.is_file else str(n.size_bytes),
    (DAV, "quota-available-bytes"): _free,
    (OC, "id"): lambda n, k: file_id(n),
    (OC, "fileid"): lambda n, k: str(n.number),
    (OC, "permissions"): lambda n, k: permissions_of(n),
    (OC, "size"): lambda n, k: str(n.size_bytes),
    CHECKSUMS: _checksums,
    FAVORITE: lambda n, k: "1" if n.id in k.favorites else "0",
    (OC, "data-fingerprint"): _nothing,
    (OC, "share-types"): _nothing,
    (OC, "tags"): _nothing,
    (OC, "owner-id"): lambda n, k: escape(k.actor.name),
    (OC, "owner-display-name"): lambda n, k: escape(k.actor.display),
    (OC, "comments-unread"): _no,
    (OC, "comments-count"): _no,
    (NC, "has-preview"): lambda n, k: "true" if shown_of(n) else "false",
    (NC, "is-encrypted"): _no,
    (NC, "mount-type"): _nothing,
    (NC, "is-mount-root"): lambda n, k: "false",
    (NC, "hidden"): lambda n, k: "false",
    (NC, "note"): _nothing,
    (NC, "sharees"): _nothing,
    (NC, "system-tags"): _nothing,
    (NC, "creation_time"): lambda n, k: str(int(n.created_s)),
    (NC, "upload_time"): lambda n, k: str(int(n.created_s)),
    (OCS, "share-permissions"): lambda n, k: "19" if n.is_file else "31",
    (OCM, "share-permissions"): lambda n, k: escape('["share","read","write"]'),
}
# What a PROPFIND without names gives.
USUAL: tuple[Name, ...] = (
    (DAV, "resourcetype"),
    (DAV, "getlastmodified"),
    (DAV, "getetag"),
    (DAV, "getcontentlength"),
    (DAV, "getcontenttype"),
    (DAV, "quota-used-bytes"),
    (DAV, "quota-available-bytes"),
)


class Lookup:
    """Looks up what the asked properties of a page of nodes need, and nothing else."""

    def __init__(self, service: DriveService, actor: Person, asked: Sequence[Name]) -> None:
        self._service, self._actor, self._asked = service, actor, frozenset(asked)
        self._dead = any(name not in LIVE for name in asked)
        self._room: tuple[int, int | None] | None = None

    async def of(self, nodes: Sequence[Node]) -> Known:
        service, actor, asked = self._service, self._actor, self._asked
        if self._room is None and (DAV, "quota-available-bytes") in asked:
            self._room = await service.tree.room_left(actor, nodes[0].id if nodes else None)
        ids = [node.id for node in nodes]
        return Known(
            actor=actor,
            free_bytes=self._room[1] if self._room else None,
            sha1=await service.files.sha1_of(nodes) if CHECKSUMS in asked else {},
            kept=await service.properties.of(actor, nodes) if self._dead else {},
            favorites=await service.favorites.among(actor, ids) if FAVORITE in asked else frozenset(),
            added={
                name: await values(actor, nodes)
                for name, values in service.announced.properties.items()
                if name in asked
            },
        )


class Writer:
    """Writes responses of nodes with the asked properties;
    says_missing: also those that a node has not."""

    def __init__(self, asked: Sequence[Name], *, says_missing: bool = True) -> None:
        self._asked = tuple(asked)
        tags = [Tag(*(_tags(name) if name in LIVE else ("", "")), "".join(_tags(name))) for name in asked]
        self._rows = Rows(tags, prefix="d", says_missing=says_missing)

    def page(self, nodes: Sequence[tuple[Node, str]], known: Known) -> str:
        """Responses of nodes with their paths, percent-encoded."""
        values = [self._value(name, known) for name in self._asked]
        row = self._rows.response
        return "".join([row(href, [value(node, known) for value in values]) for node, href in nodes])

    def response(self, node: Node, href: str, known: Known) -> str:
        return self.page([(node, href)], known)

    def _value(self, name: Name, known: Known) -> Inner:
        added = known.added.get(name)
        live = LIVE.get(name)
        if added is not None:
            opening, closing = ("", "") if live else _tags(name)
            return lambda node, _known: f"{opening}{added.get(node.id, '')}{closing}"
        if live is not None:
            return live
        # What clients keep is kept with its tags.
        word = f"{{{name[0]}}}{name[1]}"
        return lambda node, known: known.kept.get(node.id, {}).get(word)


def _tags(name: Name) -> tuple[str, str]:
    namespace, local = name
    prefix = PREFIXES.get(namespace)
    if prefix:
        return f"<{prefix}:{local}>", f"</{prefix}:{local}>"
    declared = escape(namespace, {'"': "&quot;"})
    return f'<x:{local} xmlns:x="{declared}">' if namespace else f"<{local}>", (
        f"</x:{local}>" if namespace else f"</{local}>"
    )


# Some clients read these prefixes and not the namespaces.
HEAD = (
    '<?xml version="1.0"?>\n<d:multistatus ' + " ".join(f'xmlns:{p}="{n}"' for n, p in PREFIXES.items()) + ">"
)
FOOT = "</d:multistatus>"


def response(href: str, found: str, missing: str = "") -> str:
    """href: percent-encoded already."""
    good = _propstat(found, "200 OK") if found or not missing else ""
    bad = _propstat(missing, "404 Not Found") if missing else ""
    return f"<d:response><d:href>{escape(href)}</d:href>{good}{bad}</d:response>"


def _propstat(properties: str, status: str) -> str:
    return f"<d:propstat><d:prop>{properties}</d:prop><d:status>HTTP/1.1 {status}</d:status></d:propstat>"
