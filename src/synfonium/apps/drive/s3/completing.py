"""CompleteMultipartUpload: the parts become the object, in one commit."""

import base64
import hashlib
from collections.abc import Sequence

import msgspec

from synfonium.apps.drive.errors import NoSuchUpload
from synfonium.apps.drive.model import Part, Upload
from synfonium.apps.drive.s3 import xml
from synfonium.apps.drive.s3.attributes import sum_line
from synfonium.apps.drive.s3.body import SIZES
from synfonium.apps.drive.s3.objects import expected_of
from synfonium.apps.drive.s3.parts import Note, find_upload, where
from synfonium.apps.drive.s3.refusals import Refused
from synfonium.apps.drive.s3.request import Found, S3Request, split_key
from synfonium.apps.drive.s3.sums import (
    COMPOSITE,
    FULL,
    MOST_PARTS,
    Said,
    composite,
    describe_parts,
    said_sum,
)
from synfonium.apps.drive.service.checksums import Checksums
from synfonium.apps.drive.service.described import Described
from synfonium.apps.drive.service.files import Incoming

LEAST_PART_BYTES = 5 * 1024 * 1024


class Asked(msgspec.Struct, frozen=True):
    """A part that shall be in the whole. sums: those of its kinds that the client says."""

    number: int
    etag: str
    sums: dict[str, str]


class Wanted(msgspec.Struct, frozen=True):
    """The checksum of the whole. kind: "" for none. value: of the parts' sums, known before."""

    kind: str
    type: str
    value: str = ""


async def complete(request: S3Request) -> None:
    root = xml.read(await request.small_body(has_sums=False), "CompleteMultipartUpload")
    try:
        upload, note = await find_upload(request)
    except NoSuchUpload:
        found = await request.find()
        if found is None or found.described.upload != request.query["uploadId"]:
            raise
        await _completed(request, found)
        return
    chosen = await _parts(request, upload, [_asked(part) for part in xml.children(root, "Part")])
    said = said_sum(request.headers)
    wanted = _wanted(note, said, chosen)
    await _completed(request, await _finish(request, upload, note, chosen, wanted, said))


async def _finish(
    request: S3Request, upload: Upload, note: Note, chosen: list[Part], wanted: Wanted, said: Said | None
) -> Found:
    expected, names = await expected_of(request), split_key(request.key)
    top = await request.bucket_node()
    parent = await request.service.describing.folders(request.actor, top, names[:-1])
    sum_ = Checksums({}, also=(wanted.kind,) if wanted.type == FULL else ())
    is_checked = said is not None and wanted.type == FULL
    checksums = {wanted.kind: base64.b64decode(said.value)} if said and is_checked else {}
    written = await request.service.uploads.finish(
        request.actor,
        upload,
        [part.number for part in chosen],
        parent,
        names[-1],
        Incoming(checksums=checksums),
        expected=expected,
        heard=sum_.update if wanted.type == FULL else None,
    )
    value = wanted.value or base64.b64encode(sum_.digest(wanted.kind) or b"").decode()
    sizes, sums = describe_parts(wanted.kind, chosen)
    kept = Described(
        etag=etag_of(chosen),
        headers=note.headers,
        meta=note.meta,
        checksum={wanted.kind: value} if value else {},
        upload=upload.id,
        is_composite=wanted.type == COMPOSITE,
        parts=sizes,
        part_sums=sums,
    )
    return Found(node=written.node, described=await request.service.describing.keep(written.node, kept))


def _wanted(note: Note, said: Said | None, chosen: Sequence[Part]) -> Wanted:
    """Raises Refused when the client says another sum than that of the parts."""
    kind, type_ = note.kind, note.type
    if said and not kind and said.kind.startswith("crc"):
        kind, type_ = said.kind, FULL  # Of the content, which needs no part's sum.
    if said and said.kind != kind:
        raise Refused("InvalidRequest", f"The upload did not begin with the checksum {said.kind}.")
    if type_ != COMPOSITE:
        return Wanted(kind, type_)
    value = composite(kind, chosen)
    if said and said.value.partition("-")[0] != value.partition("-")[0]:
        raise Refused("BadDigest", f"The {kind} you specified did not match the calculated checksum.")
    return Wanted(kind, type_, value) if value else Wanted("", "")


async def _parts(request: S3Request, upload: Upload, asked: list[Asked]) -> list[Part]:
    """Those that are asked for, as they are here. Raises Refused."""
    if not asked or len(asked) > MOST_PARTS:
        raise Refused("MalformedXML", "One to 10000 parts make an object.")
    numbers = [one.number for one in asked]
    if numbers != sorted(set(numbers)):
        raise Refused("InvalidPartOrder", "The list of parts was not in ascending order.")
    there = {part.number: part for part in await request.service.uploads.parts(request.actor, upload)}
    chosen = [_chosen(there, one) for one in asked]
    if any(part.size_bytes < LEAST_PART_BYTES for part in chosen[:-1]):
        raise Refused(
            "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed object size."
        )
    announced = request.header("x-amz-mp-object-size")
    if announced and announced != str(sum(part.size_bytes for part in chosen)):
        raise Refused("InvalidRequest", "The parts are together not as long as x-amz-mp-object-size says.")
    return chosen


async def _completed(request: S3Request, found: Found) -> None:
    place = xml.line("Location", f"/s3/{request.bucket}/{xml.url_encoded(request.key)}")
    content = [place, *where(request), xml.line("ETag", f'"{found.etag}"')]
    if sums := found.current.checksum:
        content += [sum_line(kind, value) for kind, value in sums.items()]
        content.append(xml.line("ChecksumType", COMPOSITE if found.current.is_composite else FULL))
    await request.xml(xml.document("CompleteMultipartUploadResult", content))


def _asked(part: xml.Element) -> Asked:
    number = next(iter(xml.texts(part, "PartNumber")), "").strip()
    etag = next(iter(xml.texts(part, "ETag")), "").strip().strip('"')
    if not (number.isascii() and number.isdigit() and len(number) < 6) or not etag:
        raise Refused("MalformedXML", "A part has a number and an ETag.")
    sums = {kind: value for kind in SIZES for value in xml.texts(part, f"Checksum{kind.upper()}")}
    return Asked(int(number), etag, sums)


def _chosen(there: dict[int, Part], asked: Asked) -> Part:
    part = there.get(asked.number)
    is_same = part is not None and part.md5 == asked.etag.lower()
    if part is None or not is_same or any(part.sum_of(k) not in ("", v) for k, v in asked.sums.items()):
        raise Refused("InvalidPart", "One or more of the specified parts could not be found.")
    return part


def etag_of(parts: list[Part]) -> str:
    """As S3 makes it: the MD5 of the parts' MD5s, and how many they are."""
    joined = b"".join(bytes.fromhex(part.md5) for part in parts)
    return f"{hashlib.md5(joined, usedforsecurity=False).hexdigest()}-{len(parts)}"
