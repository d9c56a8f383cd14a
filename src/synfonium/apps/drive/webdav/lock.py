"""LOCK and UNLOCK: real write locks, with expiry (RFC 4918, sections 9.10 and 9.11)."""

from collections.abc import AsyncIterator

from synfonium.apps.drive.errors import ParentMissing
from synfonium.apps.drive.model import ABSENT, Lock, Node
from synfonium.apps.drive.service.locks import DEFAULT_TIMEOUT_S, MOST_TIMEOUT_S
from synfonium.apps.drive.webdav.propfind import Writer
from synfonium.apps.drive.webdav.request import XML_TYPE, DavRequest, href_of
from synfonium.kernel.asgi import Headers
from synfonium.libraries.webdav import multistatus
from synfonium.libraries.webdav.body import PropFind, read_lockinfo
from synfonium.libraries.webdav.headers import BadHeader, read_depth, read_timeout


async def lock(request: DavRequest) -> None:
    body = await request.body()
    timeout_s = read_timeout(request.header("timeout"), default_s=DEFAULT_TIMEOUT_S, most_s=MOST_TIMEOUT_S)
    path = await request.path()
    if not body.strip():
        await _refresh(request, path, timeout_s)
        return
    asked = read_lockinfo(body)
    depth = read_depth(request.header("depth"), "infinity")
    if depth == "1":
        raise BadHeader("Depth")
    await request.expected(path)
    is_new = len(path) <= len(request.target.names)
    node = await _make_empty(request, path) if is_new else path[-1]
    taken = await request.service.locks.take(
        request.actor,
        node.id,
        is_exclusive=asked.is_exclusive,
        is_infinite=depth == "infinity" and not node.is_file,
        owner_xml=asked.owner_xml,
        timeout_s=timeout_s,
    )
    await _answer(
        request, node, taken, 201 if is_new else 200, [(b"lock-token", f"<{taken.token}>".encode())]
    )


async def _make_empty(request: DavRequest, path: list[Node]) -> Node:
    """A lock on what does not exist makes an empty file (RFC 4918, section 7.3)."""
    names = request.target.names
    if len(path) < len(names) or path[-1].is_file:
        raise ParentMissing
    written = await request.service.files.write(
        request.actor, path[-1].id, names[-1], _nothing(), expected=ABSENT, tokens=request.tokens
    )
    return written.node


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


async def _refresh(request: DavRequest, path: list[Node], timeout_s: int) -> None:
    node = await request.found()
    if not request.tokens:
        raise BadHeader("If")
    refreshed = await request.service.locks.refresh(request.actor, node.id, request.tokens, timeout_s)
    await _answer(request, node, refreshed, 200, [])


async def _answer(request: DavRequest, node: Node, lock: Lock, status: int, headers: Headers) -> None:
    root = await request.service.locks.root_of(request.actor, lock)
    names = [step.name for step in root[1:]] if root else list(request.target.names)
    is_file = root[-1].is_file if root else node.is_file
    href = href_of(request.target.base, names, is_file=is_file)
    active = Writer(request, PropFind("prop"), None).active(lock, href)
    await request.answer(status, [XML_TYPE, *headers], multistatus.lock_answer(active))


async def unlock(request: DavRequest) -> None:
    token = request.header("lock-token").strip()
    if not (token.startswith("<") and token.endswith(">") and len(token) < 200):
        raise BadHeader("Lock-Token")
    node = await request.found()
    await request.service.locks.release(request.actor, node.id, token[1:-1])
    await request.answer(204)
