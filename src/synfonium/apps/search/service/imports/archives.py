"""Pages from web archives: WARC (ISO 28500), and the texts (WET) that Common Crawl makes of them.

Compressed by gzip, zstd or lz4, or not; chunked and compressed bodies are undone, malformed
records in the manner of ClueWeb read leniently.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from synfonium.apps.search.model import MEDIA_TYPES, ParseJob, normal_url
from synfonium.apps.search.service.imports.records import Archived, Left, Record

if TYPE_CHECKING:
    from fastwarc.warc import WarcRecord

LARGEST_RECORD_BYTES = 4 << 20
_LONGEST_HEADER = 64 << 10


def read_archive(source: BinaryIO) -> Iterator[Record]:
    """The pages of an archive, as far as it can be read; what is too large or damaged is BROKEN."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    is_empty = True
    try:
        records = ArchiveIterator(
            source,
            parse_http=True,
            auto_decode="all",
            quirks_mode=True,
            max_header_len=_LONGEST_HEADER,
        )
        for record in records:
            is_empty, found = False, None
            if record.record_type == WarcRecordType.conversion:
                found = _text(record)
            elif record.record_type == WarcRecordType.response:
                found = _response(record)
            if found is not None:
                yield found
    except (OSError, ValueError, UnicodeDecodeError):
        is_empty = True
    # Read leniently, what is no archive at all has no records and raises nothing.
    if is_empty:
        yield Left.BROKEN


def _address(record: "WarcRecord") -> str | None:
    return normal_url((record.headers.get("WARC-Target-URI") or "").strip("<> "))


def _response(record: "WarcRecord") -> Record | None:
    http, url = record.http_headers, _address(record)
    if http is None or url is None or http.status_code != 200:
        return None
    media_type = record.http_content_type or "text/html"
    if media_type not in MEDIA_TYPES:
        return None
    body = _body(record)
    if body is None:
        return Left.BROKEN
    job = ParseJob(url=url, body=body, charset=record.http_charset or "", media_type=media_type)
    return Archived(job, (http.get("X-Robots-Tag") or "").lower())


def _text(record: "WarcRecord") -> Record | None:
    url = _address(record)
    if url is None:
        return None
    body = _body(record)
    if body is None:
        return Left.BROKEN
    return Archived(ParseJob(url=url, body=body, charset="utf-8", media_type="text/plain"))


def _body(record: "WarcRecord") -> bytes | None:
    """None for what is damaged or too large."""
    try:
        body: bytes = record.reader.read(LARGEST_RECORD_BYTES + 1)
    except (OSError, ValueError):
        return None
    return body if len(body) <= LARGEST_RECORD_BYTES else None
