"""Buckets: the whole space, and each folder of its top whose name can be one."""

import re

from synfonium.apps.drive.errors import NameTaken
from synfonium.apps.drive.s3 import xml
from synfonium.apps.drive.s3.refusals import Refused
from synfonium.apps.drive.s3.request import SPACE, S3Request
from synfonium.kernel.asgi import Headers

REGION = "us-east-1"
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_MOST_BUCKETS = 1000
_MOST_LISTED = 10_000


async def list_all(request: S3Request) -> None:
    folders = await request.service.tree.folders(request.actor, limit=_MOST_BUCKETS)
    top = folders.path[-1]
    named = [(SPACE, top.created_s), *((f.name, f.created_s) for f in folders.entries if is_legal(f.name))]
    after, prefix = request.query.get("continuation-token", ""), request.query.get("prefix", "")
    listed = [(n, t) for n, t in sorted(dict(named).items()) if n > after and n.startswith(prefix)]
    page = listed[: _most(request.query.get("max-buckets", ""))]
    entries = [
        f"<Bucket>{xml.line('Name', name)}{xml.line('CreationDate', xml.date(made_s))}</Bucket>"
        for name, made_s in page
    ]
    more = [xml.line("ContinuationToken", page[-1][0])] if page and len(page) < len(listed) else []
    content = [owner(request), "<Buckets>", *entries, "</Buckets>", *more]
    await request.xml(xml.document("ListAllMyBucketsResult", content))


def _most(value: str) -> int:
    """Raises Refused."""
    if not value:
        return _MOST_LISTED
    if not (value.isascii() and value.isdigit() and 1 <= int(value[:6]) <= _MOST_LISTED):
        raise Refused("InvalidArgument", "max-buckets is 1 to 10000.")
    return int(value)


def owner(request: S3Request, name: str = "Owner") -> str:
    who = xml.line("ID", request.actor.id) + xml.line("DisplayName", request.actor.name)
    return f"<{name}>{who}</{name}>"


def is_legal(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and ".." not in name and not _ADDRESS.fullmatch(name)


async def head(request: S3Request) -> None:
    await request.bucket_node()
    await request.answer(200, [(b"x-amz-bucket-region", REGION.encode())])


async def create(request: S3Request) -> None:
    check_acl(request)
    body = await request.small_body()
    if body:
        xml.read(body, "CreateBucketConfiguration")
    if request.header("x-amz-bucket-object-lock-enabled").lower() == "true":
        raise Refused("NotImplemented", "Objects cannot be locked here.")
    made: Headers = [(b"location", f"/{request.bucket}".encode())]
    # In the region that we say, one's own bucket can be made again.
    if request.bucket == SPACE:
        await request.answer(200, made)
        return
    if not is_legal(request.bucket):
        raise Refused("InvalidBucketName", "The specified bucket is not valid.")
    top = await request.bucket_node(SPACE)
    try:
        await request.service.tree.make_folder(request.actor, top, request.bucket)
    except NameTaken:
        await request.bucket_node()
    await request.answer(200, made)


async def delete(request: S3Request) -> None:
    if request.bucket == SPACE:
        raise Refused("AccessDenied", "This bucket is your whole drive.")
    node = await request.bucket_node()
    page = await request.service.flat.listing(request.actor, node, b"", b"", 1, is_shallow=False)
    if page.entries or page.cut_at:
        raise Refused("BucketNotEmpty", "The bucket you tried to delete is not empty")
    await request.service.trash.put(request.actor, [node])
    await request.answer(204)


async def location(request: S3Request) -> None:
    await request.bucket_node()
    await request.xml(xml.document("LocationConstraint", []))


async def versioning(request: S3Request) -> None:
    await request.bucket_node()
    await request.xml(xml.document("VersioningConfiguration", []))


async def acl(request: S3Request) -> None:
    """What stands: who owns it may do all, and nobody else anything."""
    if request.key:
        await request.found()
    else:
        await request.bucket_node()
    kind = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"'
    who = owner(request, "Grantee").replace("<Grantee>", f"<Grantee {kind}>")
    grant = f"<Grant>{who}{xml.line('Permission', 'FULL_CONTROL')}</Grant>"
    content = [owner(request), f"<AccessControlList>{grant}</AccessControlList>"]
    await request.xml(xml.document("AccessControlPolicy", content))


def check_acl(request: S3Request) -> None:
    """Raises Refused for anything but what stands anyway."""
    wished = request.header("x-amz-acl")
    grants = [name for name in request.headers if name.startswith("x-amz-grant-")]
    if grants or wished not in ("", "private", "bucket-owner-full-control"):
        raise Refused("NotImplemented", "Share with people and links on the page of the file instead.")


class absent:
    """Answers that a part of a bucket was never set."""

    def __init__(self, code: str) -> None:
        self._code = code

    async def __call__(self, request: S3Request) -> None:
        await request.bucket_node()
        raise Refused(self._code)
