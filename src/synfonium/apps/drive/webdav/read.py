"""GET and HEAD: bytes verified as they leave, ranges and preconditions included."""

from urllib.parse import quote

from synfonium.apps.drive.errors import NotThatKind
from synfonium.apps.drive.model import Node
from synfonium.apps.drive.service.files import Content
from synfonium.apps.drive.webdav.request import DavRequest
from synfonium.kernel.asgi import Headers
from synfonium.libraries.webdav.representation import answer_get

# A browser that is led here must not run what a stranger wrote on the origin of the pages.
SAFE: Headers = [
    (b"content-security-policy", b"sandbox; default-src 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"private, no-cache"),
]


async def get(request: DavRequest) -> None:
    node, content = await request.found_file()
    if not node.is_file:
        raise NotThatKind
    await _send(request, node, content)


async def send(request: DavRequest, content: Content) -> None:
    """Content that is not, or no more, in a place of the tree."""
    await _send(request, content.node, content)


async def _send(request: DavRequest, node: Node, content: Content | None) -> None:
    answer = answer_get(
        request.headers, etag=f'"{node.etag}"', modified_s=node.modified_s, size_bytes=node.size_bytes
    )
    name = f"attachment; filename*=UTF-8''{quote(node.name, safe='')}"
    kind: Headers = [
        (b"content-type", node.media_type.encode()),
        (b"content-disposition", name.encode()),
    ]
    headers = [*answer.headers, *SAFE, *(kind if answer.body else ())]
    if answer.body is None or request.scope["method"] == "HEAD":
        await request.start(answer.status, headers)
        await request.piece(b"", more=False)
        return
    content = content or await request.service.files.content_of(request.actor, node)
    pieces = await request.service.files.begin(content, answer.body.start, answer.body.stop)
    await request.start(answer.status, headers)
    left_bytes = (answer.body.stop or node.size_bytes) - (answer.body.start or 0)
    async for piece in pieces:
        left_bytes -= len(piece)
        await request.piece(piece, more=left_bytes > 0)
    if left_bytes > 0:
        await request.piece(b"", more=False)
