"""Uploads in parts, on the room that all doors share."""

import hashlib
from typing import Literal

import msgspec

from synfonium.apps.drive.errors import NoSuchUpload
from synfonium.apps.drive.model import Part, Upload
from synfonium.apps.drive.s3 import xml
from synfonium.apps.drive.s3.body import sum_named
from synfonium.apps.drive.s3.buckets import check_acl, owner
from synfonium.apps.drive.s3.copying import pieces_of, source
from synfonium.apps.drive.s3.listing import count
from synfonium.apps.drive.s3.objects import check_known, described_by, etag_header, expected_of
from synfonium.apps.drive.s3.refusals import Refused
from synfonium.apps.drive.s3.request import S3Request, split_key
from synfonium.apps.drive.service.described import Described
from synfonium.apps.drive.service.files import Incoming
from synfonium.kernel.asgi import Headers

DOOR: Literal["s3"] = "s3"
LEAST_PART_BYTES = 5 * 1024 * 1024
MOST_PARTS = 10_000
_MOST_LISTED = 1000
_MOST_OPEN = 1000


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was said when the upload began. kind: of the checksum that was asked for."""

    bucket: str
    key: str
    headers: dict[str, str] = {}
    meta: dict[str, str] = {}
    kind: str = ""


async def create(request: S3Request) -> None:
    check_acl(request)
    check_known(request)
    if request.key.endswith("/"):
        raise Refused("InvalidRequest", "A folder has no content.", 400)
    split_key(request.key)
    await request.bucket_node()
    said = described_by(request.headers)
    kind = sum_named(request.header("x-amz-checksum-algorithm"))
    note = msgspec.json.encode(Note(request.bucket, request.key, said.headers, said.meta, kind))
    try:
        upload = await request.service.uploads.begin(request.actor, DOOR, note=note)
    except ValueError:
        raise Refused("MetadataTooLarge", "Key and metadata are longer than is kept.") from None
    content = [*_where(request), xml.line("UploadId", upload.id)]
    await request.xml(xml.document("InitiateMultipartUploadResult", content))


def _where(request: S3Request) -> list[str]:
    return [xml.line("Bucket", request.bucket), xml.line("Key", request.key)]


async def _find(request: S3Request) -> tuple[Upload, Note]:
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
    upload, _note = await _find(request)
    if "x-amz-copy-source" in request.headers:
        part = await _copy_part(request, upload, int(number))
        content = [xml.line("LastModified", xml.date(part.made_s)), xml.line("ETag", f'"{part.md5}"')]
        await request.xml(xml.document("CopyPartResult", content))
        return
    body = request.body()
    if body.size_bytes is None:
        raise Refused("MissingContentLength", "You must provide the Content-Length HTTP header.")
    part = await request.service.uploads.put_part(
        request.actor, upload, int(number), body.pieces(), announced_bytes=body.size_bytes
    )
    sums: Headers = [
        (f"x-amz-checksum-{kind}".encode(), value.encode()) for kind, value in body.checksum.items()
    ]
    await request.answer(200, [etag_header(part.md5), *sums])


async def _copy_part(request: S3Request, upload: Upload, number: int) -> Part:
    found = await source(request)
    size_bytes = found.node.size_bytes if found.node.is_file else 0
    start, stop = _range(request.header("x-amz-copy-source-range"), size_bytes)
    return await request.service.uploads.put_part(
        request.actor, upload, number, pieces_of(request, found, start, stop), announced_bytes=stop - start
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


async def complete(request: S3Request) -> None:
    root = xml.read(await request.small_body(), "CompleteMultipartUpload")
    try:
        upload, note = await _find(request)
    except NoSuchUpload:
        found = await request.find()
        if found is None or found.described.upload != request.query["uploadId"]:
            raise
        await _completed(request, found.etag)
        return
    asked = [_asked(part) for part in xml.children(root, "Part")]
    if not asked or len(asked) > MOST_PARTS:
        raise Refused("MalformedXML", "One to 10000 parts make an object.")
    numbers = [number for number, _ in asked]
    if numbers != sorted(set(numbers)):
        raise Refused("InvalidPartOrder", "The list of parts was not in ascending order.")
    there = {part.number: part for part in await request.service.uploads.parts(request.actor, upload)}
    chosen = [_chosen(there, number, etag) for number, etag in asked]
    if any(part.size_bytes < LEAST_PART_BYTES for part in chosen[:-1]):
        raise Refused(
            "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed object size."
        )
    expected, names = await expected_of(request), split_key(request.key)
    top = await request.bucket_node()
    parent = await request.service.describing.folders(request.actor, top, names[:-1])
    written = await request.service.uploads.finish(
        request.actor, upload, numbers, parent, names[-1], Incoming(), expected=expected
    )
    kept = Described(etag=etag_of(chosen), headers=note.headers, meta=note.meta, upload=upload.id)
    made = await request.service.describing.keep(written.node, kept)
    await _completed(request, made.etag)


async def _completed(request: S3Request, etag: str) -> None:
    place = xml.line("Location", f"/s3/{request.bucket}/{xml.url_encoded(request.key)}")
    content = [place, *_where(request), xml.line("ETag", f'"{etag}"')]
    await request.xml(xml.document("CompleteMultipartUploadResult", content))


def _asked(part: xml.Element) -> tuple[int, str]:
    number = next(iter(xml.texts(part, "PartNumber")), "").strip()
    etag = next(iter(xml.texts(part, "ETag")), "").strip().strip('"')
    if not (number.isascii() and number.isdigit() and len(number) < 6) or not etag:
        raise Refused("MalformedXML", "A part has a number and an ETag.")
    return int(number), etag


def _chosen(there: dict[int, Part], number: int, etag: str) -> Part:
    part = there.get(number)
    if part is None or part.md5 != etag.lower():
        raise Refused("InvalidPart", "One or more of the specified parts could not be found.")
    return part


def etag_of(parts: list[Part]) -> str:
    """As S3 makes it: the MD5 of the parts' MD5s, and how many they are."""
    joined = b"".join(bytes.fromhex(part.md5) for part in parts)
    return f"{hashlib.md5(joined, usedforsecurity=False).hexdigest()}-{len(parts)}"


async def abort(request: S3Request) -> None:
    upload, _note = await _find(request)
    await request.service.uploads.abort(request.actor, upload)
    await request.answer(204)


async def list_parts(request: S3Request) -> None:
    upload, _note = await _find(request)
    most = count(request.query.get("max-parts", ""), _MOST_LISTED)
    after = count(request.query.get("part-number-marker", "") or "0", MOST_PARTS)
    parts = [p for p in await request.service.uploads.parts(request.actor, upload) if p.number > after]
    page = parts[:most]
    content = [
        *_where(request),
        xml.line("UploadId", upload.id),
        owner(request, "Initiator"),
        owner(request),
        xml.line("StorageClass", "STANDARD"),
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
        ((note.key, upload.id, upload) for note, upload in noted if note.bucket == bucket),
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
        *(_upload(request, key, upload) for key, _, upload in page),
    ]
    await request.xml(xml.document("ListMultipartUploadsResult", content))


def _is_after(key: str, id_: str, after: tuple[str, str]) -> bool:
    return (key, id_) > after if after[1] else key > after[0] if after[0] else True


def _upload(request: S3Request, key: str, upload: Upload) -> str:
    content = (
        xml.line("Key", key),
        xml.line("UploadId", upload.id),
        owner(request, "Initiator"),
        owner(request),
        xml.line("StorageClass", "STANDARD"),
        xml.line("Initiated", xml.date(upload.began_s)),
    )
    return f"<Upload>{''.join(content)}</Upload>"
