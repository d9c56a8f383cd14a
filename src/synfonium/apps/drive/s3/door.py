"""The ASGI app: which operation answers."""

import asyncio
import os
from collections.abc import Awaitable, Callable

from synfonium.apps.drive.s3 import (
    attributes,
    buckets,
    completing,
    copying,
    listing,
    objects,
    parts,
    removing,
    xml,
)
from synfonium.apps.drive.s3.refusals import Refused, refused_of
from synfonium.apps.drive.s3.request import XML, S3Request, open_request
from synfonium.apps.drive.service import DriveService
from synfonium.common.problem import Problem
from synfonium.kernel.asgi import ASGIApp, Message, Receive, Scope, Send, raw_path, read_body, respond
from synfonium.kernel.context import Context
from synfonium.kernel.refusals import MethodNotAllowed

_DRAINED_BYTES = 1024 * 1024
_DRAINED_S = 5.0
Operation = Callable[[S3Request], Awaitable[None]]

# What a query names of a bucket or an object, and what there is of it here.
_ON_SERVICE: dict[tuple[str, str], Operation] = {("GET", ""): buckets.list_all}
_ON_BUCKET: dict[tuple[str, str], Operation] = {
    ("GET", ""): listing.list_keys,
    ("HEAD", ""): buckets.head,
    ("PUT", ""): buckets.create,
    ("DELETE", ""): buckets.delete,
    ("POST", "delete"): removing.delete_many,
    ("GET", "versions"): listing.list_versions,
    ("GET", "uploads"): parts.list_uploads,
    ("GET", "location"): buckets.location,
    ("GET", "versioning"): buckets.versioning,
    ("GET", "acl"): buckets.acl,
    ("GET", "policy"): buckets.absent("NoSuchBucketPolicy"),
    ("GET", "cors"): buckets.absent("NoSuchCORSConfiguration"),
    ("GET", "lifecycle"): buckets.absent("NoSuchLifecycleConfiguration"),
    ("GET", "tagging"): buckets.absent("NoSuchTagSet"),
    ("GET", "object-lock"): buckets.absent("ObjectLockConfigurationNotFoundError"),
    ("GET", "encryption"): buckets.absent("ServerSideEncryptionConfigurationNotFoundError"),
}
_ON_OBJECT: dict[tuple[str, str], Operation] = {
    ("GET", ""): objects.get,
    ("HEAD", ""): objects.get,
    ("PUT", ""): objects.put,
    ("DELETE", ""): removing.delete,
    ("POST", "uploads"): parts.create,
    ("PUT", "uploadId"): parts.upload,
    ("POST", "uploadId"): completing.complete,
    ("DELETE", "uploadId"): parts.abort,
    ("GET", "uploadId"): parts.list_parts,
    ("GET", "attributes"): attributes.attributes,
    ("GET", "acl"): buckets.acl,
    ("GET", "tagging"): objects.tagging,
}
# Parts of a resource that S3 knows and that are not here.
_UNKNOWN_PARTS = frozenset(
    {
        *("accelerate", "acl", "analytics", "attributes", "cors", "encryption", "inventory"),
        *("intelligent-tiering", "legal-hold", "lifecycle", "logging", "metrics", "notification"),
        *("object-lock", "ownershipControls", "policy", "policyStatus", "publicAccessBlock"),
        *("replication", "requestPayment", "restore", "retention", "select", "tagging", "torrent"),
        *("versioning", "versions", "website", "delete", "location", "uploads", "uploadId", "versionId"),
    }
)


def asgi_app(context: Context) -> ASGIApp:
    """The door, for one process."""
    service: DriveService = context.service

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise MethodNotAllowed
        has_begun = has_ended = False

        async def taken() -> Message:
            nonlocal has_ended
            message = await receive()
            has_ended = not message.get("more_body")
            return message

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            try:
                request = await open_request(service, scope, taken, watched)
                await _operation(request)(request)
            except Problem as problem:
                raise refused_of(problem) from None
            except ConnectionError:
                raise Refused("IncompleteBody") from None
        except Refused as refused:
            if has_begun:
                raise ConnectionAbortedError from None  # too late to say why
            is_clear = has_ended or await _drained(taken)
            await _refuse(scope, send, refused, is_clear=is_clear)

    return app


def _operation(request: S3Request) -> Operation:
    if request.key:
        table = _ON_OBJECT
    elif request.bucket:
        table = _ON_BUCKET
    else:
        table = _ON_SERVICE
    named = [part for part in request.query if part in _UNKNOWN_PARTS]
    if request.query.get("versionId") == "null":
        named.remove("versionId")  # the one version that there is
    part = next((p for p in named if (request.method, p) in table), named[0] if named else "")
    if part == "" and request.method == "PUT" and "x-amz-copy-source" in request.headers:
        return copying.copy
    operation = table.get((request.method, part))
    if operation is None and part:
        raise Refused("NotImplemented", f"There is no {part} here.")
    if operation is None:
        raise Refused("MethodNotAllowed", "The specified method is not allowed against this resource.")
    return operation


async def _refuse(scope: Scope, send: Send, refused: Refused, *, is_clear: bool) -> None:
    request_id = os.urandom(8).hex().upper()
    said = [
        xml.line("Code", refused.code),
        xml.line("Message", refused.message),
        xml.line("Resource", raw_path(scope).decode("latin-1")),
        xml.line("RequestId", request_id),
    ]
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{"".join(said)}</Error>'.encode()
    headers = [*XML, (b"x-amz-request-id", request_id.encode())]
    if not is_clear and scope.get("http_version") == "1.1":
        headers.append((b"connection", b"close"))
    await respond(send, refused.status, headers, b"" if scope["method"] == "HEAD" else body)


async def _drained(receive: Receive) -> bool:
    """Whether nothing of the body is left behind: a client that was refused before it sent its body
    (`Expect: 100-continue`) would else have its next request taken for that body."""
    try:
        async with asyncio.timeout(_DRAINED_S):
            return await read_body(receive, _DRAINED_BYTES) is not None
    except (ConnectionError, TimeoutError):
        return False
