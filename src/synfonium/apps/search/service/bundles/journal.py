"""What our own crawls and imports put into the index, remembered for the next bundle."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from threading import Lock

import msgspec

from synfonium.apps.search.model import host_of
from synfonium.apps.search.service.bundles.format import Line, is_within, page_of, shared
from synfonium.ports.index import IndexDocument, SearchIndex

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Line)


class Journal:
    """Files of JSON lines in `folder`: one that is written, and those that wait to be a bundle.

    A line is safe when `sync` returns. A line that a crash cut off is not read: what it said
    is not in the index either, or is read again by the crawl.
    """

    def __init__(self, folder: Path, scope: tuple[str, ...]) -> None:
        self._folder, self._scope = folder, scope
        self._current = folder / "current.jsonl"
        self._lock = Lock()

    def add(self, documents: Sequence[IndexDocument]) -> None:
        self._write(
            [Line(add=shared(d)) for d in documents if not d.space and not d.marks and self._is_ours(d.key)]
        )

    def gone(self, keys: Sequence[str]) -> None:
        self._write([Line(gone=key) for key in keys if self._is_ours(key)])

    def _is_ours(self, key: str) -> bool:
        page = page_of(key)
        return page.startswith(("http://", "https://")) and is_within(host_of(page), self._scope)

    def _write(self, lines: list[Line]) -> None:
        if not lines:
            return
        with self._lock, self._current.open("ab") as target:
            if target.tell() and not _ends_line(self._current):
                target.write(b"\n")
            target.write(b"".join(_ENCODER.encode(line) + b"\n" for line in lines))

    def sync(self) -> None:
        with self._lock:
            if self._current.exists():
                with self._current.open("rb") as file:
                    os.fsync(file.fileno())

    def set_aside(self) -> Path:
        """What was written until now, as one file that grows no more; the same one until it is
        `done` with. Empty when nothing was written."""
        aside = self._folder / "aside.jsonl"
        with self._lock:
            if not aside.exists():
                self._current.touch()
                self._current.rename(aside)
        return aside

    def done(self, aside: Path) -> None:
        aside.unlink(missing_ok=True)


def _ends_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def read_journal(path: Path) -> Iterator[Line]:
    """The whole lines of a journal, in order; a broken one is left out."""
    with path.open("rb") as source:
        for text in source:
            try:
                yield _DECODER.decode(text)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue


class JournaledIndex:
    """The index as crawls and imports see it: what they write is in the journal first."""

    def __init__(self, index: SearchIndex, journal: Journal) -> None:
        self._index, self._journal = index, journal
        self.search, self.vocabulary, self.count = index.search, index.vocabulary, index.count
        self.delete_space, self.scour, self.close = index.delete_space, index.scour, index.close

    def add(self, documents: Sequence[IndexDocument]) -> None:
        self._journal.add(documents)
        self._index.add(documents)

    def build(self, documents: Iterable[IndexDocument]) -> int:
        count = self._index.build(self._noted(documents))
        self._journal.sync()
        return count

    def _noted(self, documents: Iterable[IndexDocument]) -> Iterator[IndexDocument]:
        for document in documents:
            self._journal.add([document])
            yield document

    def delete(self, keys: Sequence[str]) -> None:
        self._journal.gone(keys)
        self._index.delete(keys)

    def commit(self) -> None:
        self._journal.sync()
        self._index.commit()
