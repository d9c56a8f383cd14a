"""ListObjects and ListObjectsV2."""

import base64
import binascii
from collections.abc import Callable, Mapping

import msgspec

from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.s3 import xml
from synfonium.apps.drive.s3.buckets import owner
from synfonium.apps.drive.s3.refusals import Refused
from synfonium.apps.drive.s3.request import EMPTY_MD5, S3Request
from synfonium.apps.drive.s3.sums import COMPOSITE, FULL
from synfonium.apps.drive.service.described import Described
from synfonium.apps.drive.service.flat import Entry, after_all

MOST_KEYS = 1000
_MOST_PAGES = 2000


class Listed(msgspec.Struct, kw_only=True):
    """A page of a listing. last: where the next one begins, empty at the end."""

    entries: list[Entry]
    prefixes: list[str]
    last: bytes = b""


async def list_keys(request: S3Request) -> None:
    await _list(request, is_versions=False)


async def list_versions(request: S3Request) -> None:
    """Each object in its one version that S3 is told of; older ones are on the pages."""
    await _list(request, is_versions=True)


async def _list(request: S3Request, *, is_versions: bool) -> None:
    query = request.query
    most = count(query.get("max-keys", ""), MOST_KEYS)
    encoding = query.get("encoding-type", "")
    if encoding not in ("", "url"):
        raise Refused("InvalidArgument", "Invalid Encoding Method specified in Request")
    said: Callable[[str], str] = xml.url_encoded if encoding else str
    is_second = query.get("list-type") == "2"
    after = _below_marker(query.get("key-marker", ""), query) if is_versions else _after(query, is_second)
    node = await request.bucket_node()
    listed = Listed(entries=[], prefixes=[])
    if most:
        listed = await _page(request, node, query.get("prefix", ""), query.get("delimiter", ""), after, most)
    has_owner = not is_second or query.get("fetch-owner") == "true"
    who = owner(request) if has_owner else ""
    content = [
        xml.line("Name", request.bucket),
        xml.line("Prefix", said(query.get("prefix", ""))),
        xml.line("MaxKeys", most),
        *([xml.line("Delimiter", said(query["delimiter"]))] if query.get("delimiter") else []),
        *([xml.line("EncodingType", encoding)] if encoding else []),
        xml.line("IsTruncated", bool(listed.last)),
        *_place(query, listed, said, is_versions=is_versions, is_second=is_second),
        *(_entry(entry, who, said, is_version=is_versions) for entry in listed.entries),
        *(f"<CommonPrefixes>{xml.line('Prefix', said(p))}</CommonPrefixes>" for p in listed.prefixes),
    ]
    root = "ListVersionsResult" if is_versions else "ListBucketResult"
    await request.xml(xml.document(root, content))


def _place(
    query: Mapping[str, str],
    listed: Listed,
    said: Callable[[str], str],
    *,
    is_versions: bool,
    is_second: bool,
) -> list[str]:
    """Where in the whole this page stands."""
    if is_second and not is_versions:
        return _second(query, listed, said)
    return _first(query, listed, said, "KeyMarker" if is_versions else "Marker")


def count(value: str, most: int) -> int:
    """A number of a query. Raises Refused."""
    if not value:
        return most
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise Refused("InvalidArgument", "This is no number.")
    return min(int(value), most)


def _after(query: Mapping[str, str], is_second: bool) -> bytes:
    if not is_second:
        return _below_marker(query.get("marker", ""), query)
    token = query.get("continuation-token")
    if token is None:
        return query.get("start-after", "").encode()
    try:
        return base64.urlsafe_b64decode(token.encode("ascii"))
    except (binascii.Error, UnicodeEncodeError, ValueError):
        raise Refused("InvalidArgument", "The continuation token provided is incorrect") from None


def _below_marker(marker: str, query: Mapping[str, str]) -> bytes:
    """A marker that is a common prefix stands for all below it."""
    delimiter = query.get("delimiter", "")
    return after_all(marker.encode()) if delimiter and marker.endswith(delimiter) else marker.encode()


async def _page(
    request: S3Request, node: NodeId, prefix: str, delimiter: str, after: bytes, most: int
) -> Listed:
    listed = Listed(entries=[], prefixes=[])
    flat, is_shallow = request.service.flat, delimiter == "/"
    for _ in range(_MOST_PAGES):
        left = most - len(listed.entries) - len(listed.prefixes)
        page = await flat.listing(request.actor, node, prefix.encode(), after, left, is_shallow=is_shallow)
        for entry in page.entries:
            common = _common(entry.key, prefix.encode(), delimiter.encode())
            if common:
                listed.prefixes.append(common.decode())
                after = after_all(common)
                if not is_shallow:
                    break
            else:
                listed.entries.append(entry)
                after = entry.key
        else:
            if not page.cut_at:
                return listed
            after = max(after, page.cut_at)
        if len(listed.entries) + len(listed.prefixes) >= most:
            break
    more = await flat.listing(request.actor, node, prefix.encode(), after, 1, is_shallow=is_shallow)
    listed.last = after if more.entries or more.cut_at else b""
    return listed


def _common(key: bytes, prefix: bytes, delimiter: bytes) -> bytes:
    """What a key has in common with others up to the delimiter; nothing for a key that stands alone."""
    at = key.find(delimiter, len(prefix)) if delimiter else -1
    return key[: at + len(delimiter)] if at >= 0 else b""


def _second(query: Mapping[str, str], listed: Listed, said: Callable[[str], str]) -> list[str]:
    number = len(listed.entries) + len(listed.prefixes)
    lines = [xml.line("KeyCount", number)]
    if "continuation-token" in query:
        lines.append(xml.line("ContinuationToken", query["continuation-token"]))
    if "start-after" in query:
        lines.append(xml.line("StartAfter", said(query["start-after"])))
    if listed.last:
        token = base64.urlsafe_b64encode(listed.last).decode()
        lines.append(xml.line("NextContinuationToken", token))
    return lines


def _first(query: Mapping[str, str], listed: Listed, said: Callable[[str], str], marker: str) -> list[str]:
    given = query.get("key-marker" if marker == "KeyMarker" else "marker", "")
    lines = [xml.line(marker, said(given))]
    if listed.last:
        last = listed.last.rstrip(b"\xff").decode()
        lines.append(xml.line(f"Next{marker}", said(last)))
        if marker == "KeyMarker":
            lines.append(xml.line("NextVersionIdMarker", "null"))
    return lines


def _entry(entry: Entry, who: str, said: Callable[[str], str], *, is_version: bool) -> str:
    node, described = entry.node, entry.described
    etag = (described.etag_of(node) if described else node.etag) if node.is_file else EMPTY_MD5
    current = described.current(node) if described else Described()
    sums = [xml.line("ChecksumAlgorithm", kind.upper()) for kind in current.checksum]
    if sums:
        sums.append(xml.line("ChecksumType", COMPOSITE if current.is_composite else FULL))
    content = [
        xml.line("Key", said(entry.key.decode())),
        xml.line("LastModified", xml.date(node.modified_s)),
        xml.line("ETag", f'"{etag}"'),
        *sums,
        xml.line("Size", node.size_bytes if node.is_file else 0),
        who,
        xml.line("StorageClass", "STANDARD"),
    ]
    if is_version:
        content += [xml.line("VersionId", "null"), xml.line("IsLatest", True)]
    name = "Version" if is_version else "Contents"
    return f"<{name}>{''.join(content)}</{name}>"
