"""CopyObject: the content anew under another key, or new words for an object as it is."""

import base64
from collections.abc import AsyncIterator, Callable
from urllib.parse import unquote_to_bytes

import msgspec

from synfonium.apps.drive.s3 import xml
from synfonium.apps.drive.s3.attributes import sum_line
from synfonium.apps.drive.s3.body import sum_named
from synfonium.apps.drive.s3.buckets import check_acl
from synfonium.apps.drive.s3.objects import check_known, described_by, expected_of
from synfonium.apps.drive.s3.refusals import Refused
from synfonium.apps.drive.s3.request import Found, S3Request, split_key
from synfonium.apps.drive.s3.sums import COMPOSITE, FULL
from synfonium.apps.drive.service.checksums import Checksums
from synfonium.apps.drive.service.described import Described
from synfonium.apps.drive.service.files import Incoming
from synfonium.libraries.webdav.headers import read_http_date

_SOURCE = "x-amz-copy-source"


async def copy(request: S3Request) -> None:
    check_acl(request)
    check_known(request)
    directive = request.header("x-amz-metadata-directive").upper() or "COPY"
    if directive not in ("COPY", "REPLACE"):
        raise Refused("InvalidArgument", "Unknown metadata directive.")
    bucket, key = source_of(request)
    found = await source(request)
    said = described_by(request.headers) if directive == "REPLACE" else found.described
    is_itself = (bucket, key) == (request.bucket, request.key)
    if is_itself and directive == "COPY":
        raise Refused(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing "
            "the object's metadata, storage class, website redirect location or encryption attributes.",
        )
    made = await (_say(request, found, said) if is_itself else _write(request, found, said))
    content = [xml.line("LastModified", xml.date(made.node.modified_s)), xml.line("ETag", f'"{made.etag}"')]
    content += [sum_line(kind, value) for kind, value in made.current.checksum.items()]
    if made.current.checksum:
        content.append(xml.line("ChecksumType", COMPOSITE if made.current.is_composite else FULL))
    await request.xml(xml.document("CopyObjectResult", content))


def source_of(request: S3Request) -> tuple[str, str]:
    """Bucket and key. Raises Refused."""
    raw = request.header(_SOURCE).partition("?")[0].removeprefix("/")
    try:
        bucket, _, key = unquote_to_bytes(raw).decode().partition("/")
    except UnicodeDecodeError:
        raise Refused("InvalidArgument", "The copy source is not UTF-8.") from None
    if not bucket or not key:
        raise Refused("InvalidArgument", "Copy Source must mention the source bucket and key")
    return bucket, key


async def source(request: S3Request) -> Found:
    """What is copied, when the request's conditions for it hold. Raises Refused."""
    found = await request.find(*source_of(request))
    if found is None:
        raise Refused("NoSuchKey", "The specified key does not exist.")
    match = request.header(f"{_SOURCE}-if-match").strip().strip('"')
    none_match = request.header(f"{_SOURCE}-if-none-match").strip().strip('"')
    since_s = read_http_date(request.header(f"{_SOURCE}-if-modified-since"))
    until_s = read_http_date(request.header(f"{_SOURCE}-if-unmodified-since"))
    is_refused = (
        (match and match not in ("*", found.etag))
        or (none_match and none_match in ("*", found.etag))
        or (since_s is not None and int(found.node.modified_s) <= since_s)
        or (until_s is not None and not match and int(found.node.modified_s) > until_s)
    )
    if is_refused:
        raise Refused("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
    return found


async def pieces_of(
    request: S3Request, found: Found, start: int = 0, stop: int | None = None
) -> AsyncIterator[bytes]:
    if found.node.is_file:
        content = await request.service.files.content_of(request.actor, found.node)
        async for piece in request.service.files.read(content, start, stop):
            yield piece


async def _say(request: S3Request, found: Found, said: Described) -> Found:
    same = found.described
    etag = same.etag if same.version == (found.node.version or "") else ""
    was = same.current(found.node)
    kept = msgspec.structs.replace(was, etag=etag, headers=said.headers, meta=said.meta)
    return Found(node=found.node, described=await request.service.describing.keep(found.node, kept))


async def _write(request: S3Request, found: Found, said: Described) -> Found:
    if request.key.endswith("/"):
        raise Refused("NotImplemented", "A folder is made by putting it, not by copying.")
    expected, names = await expected_of(request), split_key(request.key)
    top = await request.bucket_node()
    parent = await request.service.describing.folders(request.actor, top, names[:-1])
    size_bytes = found.node.size_bytes if found.node.is_file else 0
    kind = sum_named(request.header("x-amz-checksum-algorithm")) or next(iter(found.current.checksum), "")
    sums = Checksums({}, also=("md5", *([kind] if kind else [])))
    written = await request.service.files.write(
        request.actor,
        parent,
        names[-1],
        _summed(pieces_of(request, found), sums.update),
        Incoming(announced_bytes=size_bytes),
        expected=expected,
    )
    kept = Described(
        etag=(sums.digest("md5") or b"").hex(),
        headers=said.headers,
        meta=said.meta,
        checksum={kind: base64.b64encode(sums.digest(kind) or b"").decode()} if kind else {},
    )
    return Found(node=written.node, described=await request.service.describing.keep(written.node, kept))


async def _summed(pieces: AsyncIterator[bytes], update: Callable[[bytes], None]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        update(piece)
        yield piece
