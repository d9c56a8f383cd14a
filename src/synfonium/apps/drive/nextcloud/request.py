"""A WebDAV request of a Nextcloud client: where its paths lie, and what it hears of what it wrote."""

from synfonium.apps.drive.model import Node
from synfonium.apps.drive.webdav.request import DavRequest, Target
from synfonium.common.problem import NotFound
from synfonium.kernel.actor import Person
from synfonium.kernel.asgi import Headers
from synfonium.libraries.webdav.paths import quote_name, split_path

ENTRY = ("remote.php",)


def file_id(node: Node) -> str:
    """The number with what is this installation's own, as clients keep it."""
    return f"{node.number:08d}oc{node.space[-10:]}"


def permissions_of(node: Node) -> str:
    """What the person may do: read and share, delete, rename, move; write, or make files and folders."""
    return "RGDNVW" if node.is_file else "RGDNVCK"


def files_target(raw: bytes, actor: Person) -> Target:
    """`/remote.php/dav/files/NAME/…` or, as older clients say it, `/remote.php/webdav/…`.

    Raises NotFound for another person's tree, BadPath for what names nothing.
    """
    names = split_path(raw)
    is_folder = raw.endswith(b"/")
    if names[:2] == (*ENTRY, "webdav"):
        return Target("/remote.php/webdav", names[2:], actor, is_folder=is_folder)
    if names[:3] == (*ENTRY, "dav", "files") and len(names) > 3 and names[3] == actor.name:
        base = f"/remote.php/dav/files/{quote_name(names[3])}"
        return Target(base, names[4:], actor, is_folder=is_folder)
    raise NotFound


class NextcloudRequest(DavRequest):
    """See DavRequest."""

    def target_at(self, raw: bytes, actor: Person) -> Target:
        return files_target(raw, actor)

    def at(self, target: Target) -> "NextcloudRequest":
        """The same request, as one about another place."""
        return NextcloudRequest(self.service, self.actor, target, self.scope, self.receive, self._send)

    async def wrote(self, status: int, node: Node, headers: Headers | None = None) -> None:
        more = [(b"oc-fileid", file_id(node).encode()), (b"oc-etag", f'"{node.etag}"'.encode())]
        await self.answer(status, [*(headers or []), *more])
