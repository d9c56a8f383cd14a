"""Many documents at once: processes write segments of their own, which the index takes in.

One process spends its time in Python, making documents; tantivy's threads wait for it. Segments
are files with names of their own, so taking them in moves files and writes one list anew.

    python -m synfonium.engines.index.building FOLDER    (documents from standard input)
"""

import json
import os
import subprocess
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import msgspec
from tantivy import Index

from synfonium.engines.index.schema import create, to_document
from synfonium.libraries.chains import clean, register
from synfonium.ports.index import IndexDocument

_BATCH = 200
_MOST_PROCESSES = 8
_HEAP_BYTES = 256 << 20
_LARGEST_BATCH_BYTES = 1 << 30
_READY, _KEYS = "ready", "keys"


def write_segments(place: Path, documents: Iterable[IndexDocument]) -> int:
    """Indexes documents into folders in `place`, a process a core; how many there were.

    Of one key the last counts. Raises RuntimeError where a process fails: then nothing is ready.
    """
    parts = [place / str(number) for number in range(min(_MOST_PROCESSES, os.cpu_count() or 1))]
    for part in parts:
        part.mkdir(parents=True)
    with ExitStack() as stack:
        writers = [stack.enter_context(_start(part)) for part in parts]
        try:
            count = _hand_out(documents, [_input(writer) for writer in writers])
        except BrokenPipeError as failure:
            raise RuntimeError("a process that writes the index has died") from failure
        for writer in writers:
            _input(writer).close()
        codes = [writer.wait() for writer in writers]
        if any(codes):
            raise RuntimeError("a process that writes the index has failed")
    _write(place / _READY, b"")
    return count


def is_ready(place: Path) -> bool:
    return (place / _READY).exists()


def keys_of(place: Path) -> Iterator[str]:
    """The keys of all documents written in `place`."""
    for part in _parts(place):
        yield from msgspec.msgpack.decode((part / _KEYS).read_bytes(), type=list[str])


def is_taken(place: Path, folder: Path) -> bool:
    """Whether the index in `folder` already has what was written in `place`."""
    known = {segment["segment_id"] for segment in _state(folder)["segments"]}
    return any(
        segment["segment_id"] in known for part in _parts(place) for segment in _state(part)["segments"]
    )


def take_segments(place: Path, folder: Path) -> None:
    """Moves what was written in `place` into the index in `folder`, which has no writer now.

    A reader sees all or nothing: the list of segments is replaced in one rename, at the end.
    """
    state, moved = _state(folder), list[str]()
    for part in _parts(place):
        added = _state(part)
        moved += [name for segment in added["segments"] for name in _move(segment, part, folder)]
        state["segments"] += added["segments"]
        state["opstamp"] = max(state["opstamp"], added["opstamp"]) + 1
    managed = folder / ".managed.json"
    known = json.loads(managed.read_bytes()) if managed.exists() else []
    _write(managed, json.dumps(sorted({*known, *moved})).encode())
    _write(folder / "meta.json", json.dumps(state).encode())


def _start(part: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "synfonium.engines.index.building", part], stdin=subprocess.PIPE
    )


def _input(writer: subprocess.Popen[bytes]) -> IO[bytes]:
    assert writer.stdin is not None
    return writer.stdin


def _hand_out(documents: Iterable[IndexDocument], inputs: Sequence[IO[bytes]]) -> int:
    """Each document goes by its key, so that the last of one key can win."""
    encoder, waiting, count = msgspec.msgpack.Encoder(), [list[IndexDocument]() for _ in inputs], 0
    for document in documents:
        number = zlib.crc32(document.key.encode("utf-8", "replace")) % len(inputs)
        waiting[number].append(document)
        count += 1
        if len(waiting[number]) == _BATCH:
            _send(inputs[number], encoder.encode(waiting[number]))
            waiting[number] = []
    for pipe, rest in zip(inputs, waiting, strict=True):
        _send(pipe, encoder.encode(rest))
    return count


def _send(pipe: IO[bytes], batch: bytes) -> None:
    pipe.write(len(batch).to_bytes(4, "big"))
    pipe.write(batch)


def _received(pipe: IO[bytes]) -> Iterator[list[IndexDocument]]:
    decoder = msgspec.msgpack.Decoder(list[IndexDocument])
    while head := pipe.read(4):
        size = int.from_bytes(head, "big")
        if size > _LARGEST_BATCH_BYTES:
            raise ValueError("a batch is too large")
        yield decoder.decode(pipe.read(size))


def _write_part(part: Path, batches: Iterable[list[IndexDocument]]) -> None:
    create(part)
    index = Index.open(str(part))
    register(index)
    writer, seen = index.writer(_HEAP_BYTES, 1), dict[str, None]()
    for batch in batches:
        for document in batch:
            key = clean(document.key)
            if key in seen:
                writer.delete_documents_by_term("key", key)
            seen[key] = None
            writer.add_document(to_document(document))
    writer.commit()
    writer.wait_merging_threads()
    _write(part / _KEYS, msgspec.msgpack.encode(list(seen)))


def _parts(place: Path) -> list[Path]:
    return sorted(part for part in place.iterdir() if part.is_dir())


def _state(folder: Path) -> dict[str, Any]:
    state: dict[str, Any] = json.loads((folder / "meta.json").read_bytes())
    return state


def _move(segment: dict[str, str], part: Path, folder: Path) -> Iterator[str]:
    name = segment["segment_id"].replace("-", "")
    for path in part.glob(f"{name}.*"):
        path.replace(folder / path.name)
        yield path.name


def _write(path: Path, content: bytes) -> None:
    """Durable when it returns, and never half there."""
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


if __name__ == "__main__":
    _write_part(Path(sys.argv[1]), _received(sys.stdin.buffer))
