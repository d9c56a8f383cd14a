"""GET, HEAD and PUT of an object."""

import base64
from collections.abc import Mapping

from synfonium.apps.drive.errors import ParentMissing
from synfonium.apps.drive.model import ABSENT, ANY, Expected, Node, NodeId
from synfonium.apps.drive.s3 import xml
from synfonium.apps.drive.s3.body import Body, sum_named
from synfonium.apps.drive.s3.buckets import check_acl
from synfonium.apps.drive.s3.refusals import Refused
from synfonium.apps.drive.s3.request import EMPTY_MD5, Found, S3Request, split_key
from synfonium.apps.drive.s3.sums import COMPOSITE, FULL, MOST_PARTS, Piece, parts_of
from synfonium.apps.drive.service.described import Described
from synfonium.apps.drive.service.files import Incoming
from synfonium.kernel.asgi import Headers
from synfonium.libraries.webdav.headers import BadHeader
from synfonium.libraries.webdav.representation import answer_get

META = "x-amz-meta-"
MOST_META_BYTES = 2 * 1024
KEPT = (
    "content-type",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "expires",
)
_MOST_HEADER_BYTES = 1024
_UNKNOWN = (
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-object-lock-mode",
    "x-amz-object-lock-legal-hold",
    "x-amz-tagging",
    "x-amz-website-redirect-location",
)
# A browser that is led here must not run what a stranger wrote on the origin of the pages.
SAFE: Headers = [
    (b"content-security-policy", b"sandbox; default-src 'none'"),
    (b"x-content-type-options", b"nosniff"),
]


async def get(request: S3Request) -> None:
    found = await request.found()
    node, is_file = found.node, found.node.is_file
    size_bytes = node.size_bytes if is_file else 0
    asked = {**request.headers, **_quoted(request.headers)}
    part = asked_part(request, found)
    if part is not None and part.size_bytes:
        asked["range"] = f"bytes={part.start}-{part.start + part.size_bytes - 1}"
    try:
        answer = answer_get(asked, etag=f'"{found.etag}"', modified_s=node.modified_s, size_bytes=size_bytes)
    except BadHeader:
        raise Refused("InvalidArgument", "A header of the request is malformed.") from None
    headers = [*answer.headers, *SAFE]
    if answer.status == 412:
        raise Refused("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
    if answer.status == 416:
        raise Refused("InvalidRange", "The requested range is not satisfiable")
    if answer.body is not None:
        headers += said_of(found, request.query)
        headers += parts_said(found, part)
        if request.header("x-amz-checksum-mode").upper() == "ENABLED":
            headers += part_sums(found, part) if part else sums_of(found) if answer.status == 200 else []
    if answer.body is None or request.method == "HEAD" or not is_file:
        await request.start(answer.status, headers)
        await request.piece(b"", more=False)
        return
    content = await request.service.files.content_of(request.actor, node)
    pieces = request.service.files.read(content, answer.body.start, answer.body.stop)
    await request.start(answer.status, headers)
    async for piece in pieces:
        await request.piece(piece, more=True)
    await request.piece(b"", more=False)


def _quoted(headers: Mapping[str, str]) -> dict[str, str]:
    """Conditions as HTTP writes them: some clients leave the quotes away."""
    named = {name: headers[name].strip() for name in ("if-match", "if-none-match") if name in headers}
    return {name: f'"{tag}"' for name, tag in named.items() if tag and tag != "*" and '"' not in tag}


def said_of(found: Found, query: Mapping[str, str]) -> Headers:
    """What was said of the object when it was written, or is wished for this answer."""
    described = found.described
    kind = found.node.media_type if found.node.is_file else "application/x-directory"
    said = {"content-type": kind or "binary/octet-stream", **described.headers}
    said |= {name: value for name in KEPT if (value := query.get(f"response-{name}"))}
    said |= {f"{META}{name}": value for name, value in described.meta.items()}
    if any(not value.isprintable() for value in said.values()):
        raise Refused("InvalidArgument", "A header holds a control character.")
    return [(name.encode("latin-1", "replace"), _header(value)) for name, value in said.items()]


def _header(value: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return b"=?UTF-8?B?" + base64.b64encode(value.encode()) + b"?="


def sums_of(found: Found) -> Headers:
    described = found.current
    kind = COMPOSITE if described.is_composite else FULL
    return [*sum_headers(described.checksum), _type(kind)] if described.checksum else []


def sum_headers(sums: Mapping[str, str]) -> Headers:
    return [(f"x-amz-checksum-{kind}".encode(), value.encode()) for kind, value in sums.items()]


def _type(kind: str) -> tuple[bytes, bytes]:
    return b"x-amz-checksum-type", kind.encode()


def asked_part(request: S3Request, found: Found) -> Piece | None:
    """The part that is wanted alone; of what came at once, the first is the whole. Raises Refused."""
    value = request.query.get("partNumber", "")
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and 1 <= int(value[:6]) <= MOST_PARTS):
        raise Refused("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
    if "range" in request.headers:
        raise Refused("InvalidRequest", "Cannot specify both Range header and partNumber query parameter")
    size_bytes = found.node.size_bytes if found.node.is_file else 0
    parts = list(parts_of(found.current)) or [Piece(1, 0, size_bytes, "")]
    if int(value) > len(parts):
        raise Refused("InvalidPart", "The object has not so many parts.")
    return parts[int(value) - 1]


def parts_said(found: Found, part: Piece | None) -> Headers:
    number = sum(count for count, _ in found.current.parts)
    return [(b"x-amz-mp-parts-count", b"%d" % number)] if part and number else []


def part_sums(found: Found, part: Piece) -> Headers:
    if not found.current.parts:
        return sums_of(found)
    if not part.sum:
        return []
    kind = next(iter(found.current.checksum))
    return [*sum_headers({kind: part.sum}), _type(COMPOSITE if found.current.is_composite else FULL)]


async def put(request: S3Request) -> None:
    check_acl(request)
    check_known(request)
    body = request.body()
    described = described_by(request.headers)
    if request.key.endswith("/"):
        await _put_folder(request, body, described)
        return
    expected = await expected_of(request)
    names = split_key(request.key)
    incoming = Incoming(announced_bytes=body.size_bytes)
    node = await write(request, names, body, incoming, expected)
    kept = Described(etag=body.md5, headers=described.headers, meta=described.meta, checksum=body.checksum)
    made = await request.service.describing.keep(node, kept)
    await request.answer(200, [etag_header(made.etag), *sums_of(Found(node=node, described=made))])


def etag_header(etag: str) -> tuple[bytes, bytes]:
    return b"etag", f'"{etag}"'.encode()


async def write(
    request: S3Request, names: list[str], body: Body, incoming: Incoming, expected: Expected
) -> Node:
    """Writes the file, and makes the folders above it. Raises Refused, Problems."""
    top = await request.bucket_node()
    parent = await request.service.describing.folders(request.actor, top, names[:-1])
    try:
        written = await request.service.files.write(
            request.actor, parent, names[-1], body.pieces(), incoming, expected=expected
        )
    except ParentMissing:
        raise Refused("OperationAborted", "The folder went away meanwhile; try again.") from None
    except BaseException:
        await request.service.describing.prune(request.actor, top, parent)
        raise
    return written.node


async def _put_folder(request: S3Request, body: Body, described: Described) -> None:
    """`a/` without content is a folder."""
    async for _ in body.pieces():
        raise Refused("InvalidRequest", "A key that ends in a slash is a folder and has no content.", 400)
    top, names = await request.bucket_node(), split_key(request.key)
    folder: NodeId = await request.service.describing.folders(request.actor, top, names)
    node = await request.service.tree.node(request.actor, folder)
    kept = Described(etag=EMPTY_MD5, headers=described.headers, meta=described.meta)
    await request.service.describing.keep(node, kept)
    await request.answer(200, [etag_header(EMPTY_MD5)])


def described_by(headers: Mapping[str, str]) -> Described:
    """What a request says of the object. Raises Refused."""
    kept = {name: headers[name] for name in KEPT if name in headers}
    if "content-encoding" in kept:
        codings = [c.strip() for c in kept["content-encoding"].split(",")]
        kept["content-encoding"] = ", ".join(c for c in codings if c and c.lower() != "aws-chunked")
        if not kept["content-encoding"]:
            del kept["content-encoding"]
    meta = {name.removeprefix(META): _text(value) for name, value in headers.items() if name.startswith(META)}
    if sum(len(name) + len(value.encode()) for name, value in meta.items()) > MOST_META_BYTES:
        raise Refused("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
    if any(len(value) > _MOST_HEADER_BYTES for value in kept.values()):
        raise Refused("InvalidArgument", "A header is too long.")
    return Described(headers=kept, meta=meta)


def _text(value: str) -> str:
    """Some clients send UTF-8 where latin-1 is meant."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeDecodeError:
        return value


async def expected_of(request: S3Request) -> Expected:
    """What the write must still find there. Raises Refused when it is not so now."""
    match, none_match = request.header("if-match"), request.header("if-none-match")
    if not match and not none_match:
        return ANY
    found = await request.find()
    if none_match:
        if found is not None and none_match.strip().strip('"') in ("*", found.etag):
            raise Refused(
                "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"
            )
        return ABSENT if found is None else found.node.etag
    if found is None:
        raise Refused("NoSuchKey", "The specified key does not exist.")
    if match.strip() != "*" and match.strip().strip('"') != found.etag:
        raise Refused("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
    return found.node.etag


def check_known(request: S3Request) -> None:
    """Raises Refused for a wish that would silently come to nothing."""
    for name in _UNKNOWN:
        if request.header(name):
            raise Refused("NotImplemented", f"{name} is not known here.")
    if request.header("x-amz-server-side-encryption") not in ("", "AES256"):
        raise Refused("NotImplemented", "Content is always encrypted here, with a key of the drive.")
    sum_named(request.header("x-amz-sdk-checksum-algorithm"))


async def tagging(request: S3Request) -> None:
    await request.found()
    await request.xml(xml.document("Tagging", ["<TagSet></TagSet>"]))
