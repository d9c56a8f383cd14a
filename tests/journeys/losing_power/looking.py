"""What a drive holds after the power was lost, read from what is left of its disk."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.journeys.killing.ledger import Change

from synfonium.kernel.blob_format import FOOTER_BYTES, HEADER_BYTES, Layout, Opener, SpaceKey
from synfonium.kernel.secret_box import open_secret_box

DATABASE = "databases/drive.sqlite"
BLOBS = "blobs/drive/blobs"
_NODES = """SELECT n.id, n.parent, n.name, n.size_bytes, n.is_file, v.blob, v.size_bytes
FROM drive_node n LEFT JOIN drive_file_version v ON v.id = n.version"""
_CONTENTS = """SELECT v.blob, v.space, s.sealed, b.refs FROM drive_file_version v
LEFT JOIN drive_small_blob s ON s.name = v.blob LEFT JOIN drive_blob b ON b.name = v.blob"""
State = dict[str, bytes | None]


class Drive:
    """The disk's states, one after the other, in a folder of their own."""

    def __init__(self, folder: Path, home: Path) -> None:
        self._folder, self._box = folder, open_secret_box(home)
        self._written: State = {}
        self._seen: dict[str, Change] | None = None
        self._known: dict[str, tuple[bytes, str]] = {}
        self.opened = 0

    def look(self, state: State, *, thoroughly: bool = False) -> dict[str, Change]:
        """Files by folder, each with the digest of its content. Raises AssertionError when anything
        that a row tells of is not there whole."""
        if self._seen is None or not _is_same(self._written, state):
            self._seen = None
            self._write(state)
            self.opened += 1
            self._seen = self._read(thoroughly)
        return self._seen

    def _read(self, thoroughly: bool) -> dict[str, Change]:
        with closing(sqlite3.connect(self._folder / DATABASE)) as raw:
            if thoroughly:
                assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                assert raw.execute("PRAGMA foreign_key_check").fetchone() is None
            keys = {
                space: SpaceKey(self._box.open(sealed, purpose=f"space/{space}"))
                for space, sealed in raw.execute("SELECT id, sealed_key FROM drive_space")
            }
            digests = {
                blob: self._digest(blob, keys[space], sealed, refs)
                for blob, space, sealed, refs in raw.execute(_CONTENTS)
            }
            return _tree(raw.execute(_NODES).fetchall(), digests)

    def _write(self, state: State) -> None:
        """What changed since the last state; databases always, since opening one changes it."""
        for path in sorted(self._written.keys() - state.keys(), reverse=True):
            there = self._folder / path
            there.rmdir() if self._written[path] is None else there.unlink(missing_ok=True)
        (self._folder / f"{DATABASE}-shm").unlink(missing_ok=True)
        (self._folder / f"{DATABASE}-wal").unlink(missing_ok=True)
        for path, content in state.items():
            if content is None:
                (self._folder / path).mkdir(parents=True, exist_ok=True)
            elif path.startswith(DATABASE) or self._written.get(path) is not content:
                (self._folder / path).parent.mkdir(parents=True, exist_ok=True)
                (self._folder / path).write_bytes(content)
        self._written = dict(state)

    def _digest(self, blob: str, key: SpaceKey, sealed: bytes | None, refs: int | None) -> str:
        assert refs, "a version of which the store of contents knows nothing"
        if sealed is None:
            path = f"{BLOBS}/{blob[:2]}/{blob[2:4]}/{blob}"
            held = self._written.get(path)
            assert held is not None, "a row tells of a content that is not there"
            if blob in self._known and self._known[blob][0] is held:
                return self._known[blob][1]
            sealed = (self._folder / path).read_bytes()
            self._known[blob] = (held, _opened(key, blob, sealed))
        elif blob not in self._known or self._known[blob][0] != sealed:
            self._known[blob] = (sealed, _opened(key, blob, sealed))
        return self._known[blob][1]


def _is_same(one: State, other: State) -> bool:
    return one.keys() == other.keys() and all(one[path] is other[path] for path in one)


def _opened(key: SpaceKey, blob: str, sealed: bytes) -> str:
    layout = Layout.of(len(sealed))
    opener = Opener(key, blob, layout, sealed[:HEADER_BYTES], sealed[-FOOTER_BYTES:])
    digest = hashlib.sha256()
    for index in range(layout.frames):
        first, last = layout.stored_range(range(index, index + 1))
        digest.update(opener.frame(index, sealed[first:last]))
    return digest.hexdigest()


def _tree(rows: list[tuple[str, str, str, int, int, str, int]], digests: dict[str, str]) -> dict[str, Change]:
    names = {id_: name for id_, _, name, _, is_file, _, _ in rows if not is_file}
    sizes = {id_: size for id_, _, _, size, is_file, _, _ in rows if not is_file}
    found: dict[str, Change] = {}
    for _, parent, name, size, is_file, blob, version_bytes in rows:
        if parent is not None:
            sizes[parent] -= size
        if is_file:
            assert size == version_bytes, "a file's size is not that of its content"
            found.setdefault(names[parent], {})[name] = digests[blob]
    assert not any(sizes.values()), "a folder's size is not the sum of what is in it"
    return found
