"""The embedded full-text index, on tantivy: one folder, one writer, many readers."""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from shutil import rmtree
from threading import Lock

from tantivy import Index, IndexWriter, Query

from synfonium.engines.index.asking import Asking, Generation
from synfonium.engines.index.building import is_ready, is_taken, keys_of, take_segments, write_segments
from synfonium.engines.index.schema import VERSION, create, from_document, to_document
from synfonium.libraries.chains import WORDS, clean, register
from synfonium.ports.index import Fence, IndexAnswer, IndexDocument, IndexQuery, Reranker

__all__ = ["TantivyIndex"]

_WRITER_HEAP_BYTES = 48 << 20
_MANY = 20_000
_SCOUR_ROUNDS, _SEGMENTS_MERGED = 3, 8
_FILLER = "\x00filler"
_EMPTY = IndexAnswer(total=0, hits=())


class TantivyIndex:
    """SearchIndex in `folder` (see ports.index). A reader may open before the writer has.

    Raises ValueError from `add` when another process holds the writer's lock. `search`
    looks no deeper than 1000 documents, so that a request's cost is bounded.
    """

    def __init__(self, folder: Path, *, writable: bool = False) -> None:
        self._folder = folder / f"tantivy-{VERSION}"
        self._writable = writable
        self._lock, self._build_lock = Lock(), Lock()
        self._index: Index | None = None
        self._writer: IndexWriter | None = None
        self._seen: tuple[int, int] = (0, 0)
        self._now: Generation | None = None
        if writable:
            self._folder.mkdir(parents=True, exist_ok=True)
            if not (self._folder / "meta.json").exists():
                create(self._folder)
            self._open()
            self._remove_others()
            self._finish_build()

    def _remove_others(self) -> None:
        """An index of another version is never read again; nobody would erase anything in it."""
        for other in self._folder.parent.glob("tantivy-*"):
            if other != self._folder:
                rmtree(other, ignore_errors=True)

    def add(self, documents: Sequence[IndexDocument]) -> None:
        with self._lock:
            writer = self._open_writer()
            for document in documents:
                writer.delete_documents_by_term("key", clean(document.key))
                writer.add_document(to_document(document))

    def delete(self, keys: Sequence[str]) -> None:
        with self._lock:
            writer = self._open_writer()
            for key in keys:
                writer.delete_documents_by_term("key", clean(key))

    def delete_space(self, space: str) -> None:
        with self._lock:
            self._open_writer().delete_documents_by_term("space", space)

    def commit(self) -> None:
        with self._lock:
            if self._writer is not None:
                self._writer.commit()

    def build(self, documents: Iterable[IndexDocument]) -> int:
        """By a process a core from 20,000 documents on, each with 256 MiB."""
        source = iter(documents)
        first = list(islice(source, _MANY))
        if len(first) < _MANY:
            self.add(first)
            self.commit()
            return len(first)
        with self._build_lock:
            count = write_segments(self._build_place, chain(first, source))
            with self._lock:
                self._release_writer()
                self._finish_build()
        return count

    @property
    def _build_place(self) -> Path:
        return self._folder / "building"

    def _finish_build(self) -> None:
        """Takes in what a build has written whole, and removes what it has not; also after a crash
        in the middle of this."""
        place = self._build_place
        if is_ready(place) and not is_taken(place, self._folder):
            writer = self._open_writer()
            for key in keys_of(place):
                writer.delete_documents_by_term("key", key)
            self._release_writer()
            take_segments(place, self._folder)
        rmtree(place, ignore_errors=True)

    def scour(self) -> Sequence[str]:
        with self._lock:
            dirty = self._segments(dirty=True)
            for _round in range(_SCOUR_ROUNDS):
                if not dirty & self._segments():
                    return ()
                self._force_merge()
            return self._keys() if dirty & self._segments() else ()

    def _force_merge(self) -> None:
        """tantivy merges by itself when there are eight small segments: we make eight. What
        they hold belongs to no space that anybody searches, and goes with the next round."""
        writer = self._open_writer()
        for number in range(_SEGMENTS_MERGED):
            filler = IndexDocument(key=f"{_FILLER}{number}", space=_FILLER, title="", text="")
            writer.add_document(to_document(filler))
            writer.commit()
        self._release_writer()
        writer = self._open_writer()
        writer.delete_documents_by_term("space", _FILLER)
        writer.commit()
        self._release_writer()
        self._open_writer().garbage_collect_files()

    def _segments(self, *, dirty: bool = False) -> set[str]:
        """Ids of the segments, or of those that still hold deleted documents."""
        state = json.loads((self._folder / "meta.json").read_bytes())
        return {s["segment_id"] for s in state["segments"] if s.get("deletes") or not dirty}

    def _keys(self) -> Sequence[str]:
        assert self._index is not None
        self._index.reload()
        searcher = self._index.searcher()
        found = searcher.search(Query.all_query(), max(searcher.num_docs, 1)).hits
        return [from_document(searcher.doc(address)).key for _score, address in found]

    def search(
        self,
        asked: IndexQuery,
        *,
        spaces: Sequence[str | Fence] = ("",),
        limit: int = 10,
        offset: int = 0,
        boosts: Mapping[str, float] | None = None,
        reranker: Reranker | None = None,
        most_per_host: int = 0,
    ) -> IndexAnswer:
        now = self._fresh()
        if now is None or not spaces or limit < 1 or offset < 0:
            return _EMPTY
        asking = Asking(now, asked, spaces=spaces, boosts=boosts or {}, reranker=reranker)
        return asking.answer(limit=limit, offset=offset, most_per_host=most_per_host)

    def vocabulary(self, prefix: str, *, limit: int = 8) -> tuple[tuple[str, int], ...]:
        now = self._fresh()
        terms = WORDS.analyze(clean(prefix[:100]))
        # A single letter begins too many words for any of them to help.
        if now is None or len(terms) != 1 or len(terms[0]) < 2 or limit < 1:
            return ()
        public = Query.term_query(now.schema, "space", "", "basic")
        found = now.searcher.terms_with_prefix("words", terms[0], public)
        found.sort(key=lambda pair: (-pair[1], pair[0]))
        return tuple((word, documents) for word, documents in found[:limit] if documents > 0)

    def count(self) -> int:
        now = self._fresh()
        return now.searcher.num_docs if now is not None else 0

    def close(self) -> None:
        with self._lock:
            self._release_writer()
            self._index, self._now = None, None

    def _open(self) -> None:
        self._index = Index.open(str(self._folder))
        register(self._index)
        self._index.config_reader("manual")

    def _open_writer(self) -> IndexWriter:
        if not self._writable:
            raise RuntimeError("this index was opened for reading")
        if self._index is None:
            raise RuntimeError("this index is closed")
        if self._writer is None:
            self._writer = self._index.writer(_WRITER_HEAP_BYTES, 1)
        return self._writer

    def _release_writer(self) -> None:
        if self._writer is not None:
            self._writer.commit()
            self._writer.wait_merging_threads()
            self._writer = None

    def _fresh(self) -> Generation | None:
        """What the last commit holds, or None where no index is.

        A commit replaces meta.json in one rename, so one stat tells whether anything
        changed: no watching thread, and a reader sees a commit at its next search.
        """
        try:
            state = (self._folder / "meta.json").stat()
        except FileNotFoundError:
            return None
        stamp = (state.st_mtime_ns, state.st_ino)
        if stamp == self._seen:
            return self._now
        with self._lock:
            if self._index is None:
                self._open()
            assert self._index is not None
            self._index.reload()
            self._now = Generation(self._index.searcher(), self._index.schema)
            self._seen = stamp
            return self._now
