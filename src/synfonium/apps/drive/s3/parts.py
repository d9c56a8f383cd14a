"""Uploads in parts, on the room that all doors share."""

import base64
from collections.abc import AsyncIterator
from typing import Literal

import msgspec

from synfonium.apps.drive.model import Part, Upload
from synfonium.apps.drive.s3 import xml
from synfonium.apps.drive.s3.attributes import sum_line
from synfonium.apps.drive.s3.body import SUMS, sum_named
from synfonium.apps.drive.s3.buckets import check_acl, owner
from synfonium.apps.drive.s3.copying import pieces_of, source
from synfonium.apps.drive.s3.listing import count
from synfonium.apps.drive.s3.objects import check_known, described_by, etag_header, sum_headers
from synfonium.apps.drive.s3.refusals import Refused
from synfonium.apps.drive.s3.request import XML, S3Request, split_key
from synfonium.apps.drive.s3.sums import MOST_PARTS, type_of
from synfonium.apps.drive.service.checksums import Checksums
from synfonium.kernel.asgi import Headers

DOOR: Literal["s3"] = "s3"
_MOST_LISTED = 1000
_MOST_OPEN = 1000


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was said when the upload began. kind, type: of the checksum that was asked for."""

    bucket: str
    key: str
    headers: dict[str, str] = {}
    meta: dict[str, str] = {}
    kind: str = ""
    type: str = ""


async def create(request: S3Request) -> None:
    check_acl(request)
    check_known(request)
    if request.key.endswith("/"):
        raise Refused("InvalidRequest", "A folder has no content.", 400)
    split_key(request.key)
    await request.bucket_node()
    said = described_by(request.headers)
    kind = sum_named(request.header("x-amz-checksum-algorithm"))
    type_ = type_of(kind, request.header("x-amz-checksum-type"))
    note = msgspec.json.encode(Note(request.bucket, request.key, said.headers, said.meta, kind, type_))
    try:
        upload = await request.service.uploads.begin(request.actor, DOOR, note=note)
    except ValueError:
        raise Refused("MetadataTooLarge", "Key and metadata are longer than is kept.") from None
    content = [*where(request), xml.line("UploadId", upload.id)]
    told: Headers = [*XML]
    if kind:
        told.append((b"x-amz-checksum-algorithm", kind.upper().encode()))
        told.append((b"x-amz-checksum-type", type_.encode()))
    await request.answer(200, told, xml.document("InitiateMultipartUploadResult", content))


def where(request: S3Request) -> list[str]:
    return [xml.line("Bucket", request.bucket), xml.line("Key", request.key)]


async def find_upload(request: S3Request) -> tuple[Upload, Note]:
    """Raises Refused for an upload of another key."""
    await request.bucket_node()
    upload = await request.service.uploads.find(request.actor, request.query["uploadId"][:200], DOOR)
    note = msgspec.json.decode(upload.note, type=Note)
    if (note.bucket, note.key) != (request.bucket, request.key):
        raise Refused("NoSuchUpload", "The specified multipart upload does not exist.")
    return upload, note


async def upload(request: S3Request) -> None:
    """UploadPart, and UploadPartCopy."""
    number = request.query.get("partNumber", "")
    if not (number.isascii() and number.isdigit() and 1 <= int(number[:6]) <= MOST_PARTS):
        raise Refused("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
    upload, note = await find_upload(request)
    if "x-amz-copy-source" in request.headers:
        part = await _copy_part(request, upload, int(number), note.kind)
        content = [xml.line("LastModified", xml.date(part.made_s)), xml.line("ETag", f'"{part.md5}"')]
        content += sums_said(part)
        await request.xml(xml.document("CopyPartResult", content))
        return
    body = request.body(also=note.kind)
    if body.size_bytes is None:
        raise Refused("MissingContentLength", "You must provide the Content-Length HTTP header.")
    part = await request.service.uploads.put_part(
        request.actor,
        upload,
        int(number),
        body.pieces(),
        announced_bytes=body.size_bytes,
        sums=lambda: body.checksum,
    )
    await request.answer(200, [etag_header(part.md5), *sum_headers(body.checksum)])


def sums_said(part: Part) -> list[str]:
    return [sum_line(kind, value) for kind in SUMS if (value := part.sum_of(kind))]


async def _copy_part(request: S3Request, upload: Upload, number: int, kind: str) -> Part:
    found = await source(request)
    size_bytes = found.node.size_bytes if found.node.is_file else 0
    start, stop = _range(request.header("x-amz-copy-source-range"), size_bytes)
    summed = Checksums({}, also=(kind,) if kind else ())

    async def pieces() -> AsyncIterator[bytes]:
        async for piece in pieces_of(request, found, start, stop):
            summed.update(piece)
            yield piece

    def sums() -> dict[str, str]:
        return {kind: base64.b64encode(summed.digest(kind) or b"").decode()} if kind else {}

    return await request.service.uploads.put_part(
        request.actor, upload, number, pieces(), announced_bytes=stop - start, sums=sums
    )


def _range(value: str, size_bytes: int) -> tuple[int, int]:
    """First byte and the one after the last. Raises Refused."""
    if not value:
        return 0, size_bytes
    unit, _, rest = value.partition("=")
    first, _, last = rest.partition("-")
    if unit != "bytes" or not all(n.isascii() and n.isdigit() and len(n) < 16 for n in (first, last)):
        raise Refused(
            "InvalidArgument", "The x-amz-copy-source-range value must be of the form bytes=first-last"
        )
    start, stop = int(first), int(last) + 1
    if not start < stop <= size_bytes:
        raise Refused("InvalidRange", "The range is not within the source.")
    return start, stop


async def abort(request: S3Request) -> None:
    upload, _note = await find_upload(request)
    await request.service.uploads.abort(request.actor, upload)
    await request.answer(204)


async def list_parts(request: S3Request) -> None:
    upload, note = await find_upload(request)
    most = count(request.query.get("max-parts", ""), _MOST_LISTED)
    after = count(request.query.get("part-number-marker", "") or "0", MOST_PARTS)
    parts = [p for p in await request.service.uploads.parts(request.actor, upload) if p.number > after]
    page = parts[:most]
    content = [
        *where(request),
        xml.line("UploadId", upload.id),
        owner(request, "Initiator"),
        owner(request),
        xml.line("StorageClass", "STANDARD"),
        *_kind_said(note),
        xml.line("PartNumberMarker", after),
        *([xml.line("NextPartNumberMarker", page[-1].number)] if page else []),
        xml.line("MaxParts", most),
        xml.line("IsTruncated", len(parts) > most),
        *map(_part, page),
    ]
    await request.xml(xml.document("ListPartsResult", content))


def _part(part: Part) -> str:
    content = (
        xml.line("PartNumber", part.number),
        xml.line("LastModified", xml.date(part.made_s)),
        xml.line("ETag", f'"{part.md5}"'),
        xml.line("Size", part.size_bytes),
        *sums_said(part),
    )
    return f"<Part>{''.join(content)}</Part>"


async def list_uploads(request: S3Request) -> None:
    """Those of one bucket, by key. A delimiter is not looked at: uploads are few."""
    await request.bucket_node()
    query, bucket = request.query, request.bucket
    most = count(query.get("max-uploads", ""), _MOST_LISTED)
    after = (query.get("key-marker", ""), query.get("upload-id-marker", ""))
    opened = await request.service.uploads.listing(request.actor, DOOR, limit=_MOST_OPEN)
    noted = [(msgspec.json.decode(upload.note, type=Note), upload) for upload in opened]
    found = sorted(
        ((note.key, upload.id, upload, note) for note, upload in noted if note.bucket == bucket),
        key=lambda f: f[:2],
    )
    listed = [f for f in found if f[0].startswith(query.get("prefix", "")) and _is_after(f[0], f[1], after)]
    page = listed[:most]
    is_cut = len(listed) > most
    content = [
        xml.line("Bucket", bucket),
        xml.line("KeyMarker", after[0]),
        xml.line("UploadIdMarker", after[1]),
        *(
            [xml.line("NextKeyMarker", page[-1][0]), xml.line("NextUploadIdMarker", page[-1][1])]
            if is_cut and page
            else []
        ),
        xml.line("Prefix", query.get("prefix", "")),
        xml.line("MaxUploads", most),
        xml.line("IsTruncated", is_cut),
        *(_upload(request, upload, note) for _key, _id, upload, note in page),
    ]
    await request.xml(xml.document("ListMultipartUploadsResult", content))


def _is_after(key: str, id_: str, after: tuple[str, str]) -> bool:
    return (key, id_) > after if after[1] else key > after[0] if after[0] else True


def _kind_said(note: Note) -> list[str]:
    if not note.kind:
        return []
    return [xml.line("ChecksumAlgorithm", note.kind.upper()), xml.line("ChecksumType", note.type)]


def _upload(request: S3Request, upload: Upload, note: Note) -> str:
    content = (
        xml.line("Key", note.key),
        xml.line("UploadId", upload.id),
        owner(request, "Initiator"),
        owner(request),
        xml.line("StorageClass", "STANDARD"),
        xml.line("Initiated", xml.date(upload.began_s)),
        *_kind_said(note),
    )
    return f"<Upload>{''.join(content)}</Upload>"
