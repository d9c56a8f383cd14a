"""GetObjectAttributes: what is known of an object, without its content."""

from collections.abc import Callable

from synfonium.apps.drive.s3 import xml
from synfonium.apps.drive.s3.listing import count
from synfonium.apps.drive.s3.refusals import Refused
from synfonium.apps.drive.s3.request import XML, Found, S3Request
from synfonium.apps.drive.s3.sums import COMPOSITE, FULL, Piece, parts_of
from synfonium.libraries.webdav.headers import http_date

_MOST_PARTS = 1000
_LARGEST_NUMBER = 10_000


async def attributes(request: S3Request) -> None:
    found = await request.found()
    wished = [w for name in request.header("x-amz-object-attributes").split(",") if (w := name.strip())]
    if not wished or not set(wished) <= _KNOWN.keys():
        raise Refused("InvalidArgument", "Invalid attribute name specified.")
    content = [text for name, said in _KNOWN.items() if name in wished and (text := said(request, found))]
    modified = (b"last-modified", http_date(found.node.modified_s).encode())
    body = xml.document("GetObjectAttributesResponse", content)
    await request.answer(200, [*XML, modified], body)


def _etag(request: S3Request, found: Found) -> str:
    return xml.line("ETag", found.etag)


def _checksum(request: S3Request, found: Found) -> str:
    described = found.current
    if not described.checksum:
        return ""
    sums = [sum_line(kind, value) for kind, value in described.checksum.items()]
    sums.append(xml.line("ChecksumType", COMPOSITE if described.is_composite else FULL))
    return f"<Checksum>{''.join(sums)}</Checksum>"


def _parts(request: S3Request, found: Found) -> str:
    most = count(request.header("x-amz-max-parts"), _MOST_PARTS)
    after = count(request.header("x-amz-part-number-marker") or "0", _LARGEST_NUMBER)
    parts = list(parts_of(found.current))
    if not parts:
        return ""
    kind = next(iter(found.current.checksum), "")
    page = parts[after : after + most]
    content = [
        xml.line("PartsCount", len(parts)),
        xml.line("PartNumberMarker", after),
        xml.line("NextPartNumberMarker", page[-1].number if page else after),
        xml.line("MaxParts", most),
        xml.line("IsTruncated", after + most < len(parts)),
        *(_part(kind, piece) for piece in page),
    ]
    return f"<ObjectParts>{''.join(content)}</ObjectParts>"


def _part(kind: str, piece: Piece) -> str:
    sum_ = sum_line(kind, piece.sum) if piece.sum else ""
    content = f"{xml.line('PartNumber', piece.number)}{xml.line('Size', piece.size_bytes)}{sum_}"
    return f"<Part>{content}</Part>"


def sum_line(kind: str, value: str) -> str:
    return xml.line(f"Checksum{kind.upper()}", value)


def _class(request: S3Request, found: Found) -> str:
    return xml.line("StorageClass", "STANDARD")


def _size(request: S3Request, found: Found) -> str:
    return xml.line("ObjectSize", found.node.size_bytes if found.node.is_file else 0)


_KNOWN: dict[str, Callable[[S3Request, Found], str]] = {
    "ETag": _etag,
    "Checksum": _checksum,
    "ObjectParts": _parts,
    "StorageClass": _class,
    "ObjectSize": _size,
}
