"""Pages from the metadata of Open Web Index shards: parquet files with the text of each page.

Columns as the pipeline of OpenWebSearch.eu writes them: `url`, `title`, `plain_text` (or
`main_content`), `language` (ISO 639-3), `warc_date`, `ows_index`; others are left alone.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from synfonium.apps.search.errors import NeedsBulk
from synfonium.apps.search.model import Extract, ReadPage, normal_url
from synfonium.apps.search.service.imports.records import Left, Record
from synfonium.libraries.simhash import fingerprint

LONGEST_TEXT = 200_000
_TEXTS = ("main_content", "plain_text", "text")
_COLUMNS = ("url", "title", *_TEXTS, "language", "lang", "warc_date", "ows_index")
_ROWS_AT_ONCE = 200
# The languages we analyse; any other keeps its three letters.
_TWO_LETTERS = {
    "fra": "fr", "fre": "fr", "eng": "en", "deu": "de", "ger": "de", "spa": "es", "ita": "it", "por": "pt",
    "nld": "nl", "dut": "nl", "pol": "pl", "ces": "cs", "cze": "cs", "rus": "ru", "ukr": "uk", "cat": "ca",
}  # fmt: skip


def read_parquet(path: Path) -> Iterator[Record]:
    """The pages of a shard, a row each. Raises NeedsBulk where pyarrow is missing."""
    try:
        import pyarrow.parquet as arrow
        from pyarrow.lib import ArrowException
    except ImportError as failure:
        raise NeedsBulk from failure
    try:
        with arrow.ParquetFile(path) as shard:
            names = [name for name in _COLUMNS if name in shard.schema_arrow.names]
            if "url" not in names:
                yield Left.BROKEN
                return
            for batch in shard.iter_batches(batch_size=_ROWS_AT_ONCE, columns=names):
                yield from (_record(row) for row in batch.to_pylist())
    except (ArrowException, OSError, ValueError):
        yield Left.BROKEN


def _record(row: Mapping[str, object]) -> Record:
    url = normal_url(_text(row, "url"))
    if url is None:
        return Left.BROKEN
    title, text = _text(row, "title"), next((t for name in _TEXTS if (t := _text(row, name))), "")
    if row.get("ows_index") is False or not (title or text):
        return Left.SKIPPED
    mark, lang = fingerprint(text), (_text(row, "language") or _text(row, "lang")).lower()[:3]
    extract = Extract(
        title=" ".join(title.split())[:300],
        text=text[:LONGEST_TEXT],
        lang=_TWO_LETTERS.get(lang, lang) if lang.isascii() and lang.isalpha() else "",
        simhash=mark.simhash,
        bands=mark.bands,
    )
    return ReadPage(url=url, extract=extract, read_s=_seconds(row.get("warc_date")))


def _text(row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _seconds(value: object) -> float:
    """UTC seconds of a timestamp or an ISO text; 0 for anything else."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(at, datetime):
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        pass
    return 0.0
