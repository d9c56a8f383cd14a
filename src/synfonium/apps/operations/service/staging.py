"""Copies of one moment, made ready beside the files that need no copy.

The order matters. First the files of the audit's signed heads, which are written after their
tables: a file must never know of a head that its table lacks. Then the databases, at one moment:
whatever they name was durable before it. Indexes follow, since a database says of a document
that it is in the index, never the reverse. Blobs are not copied at all: they never change, and
none is removed while the backup holds them. What lies in a bucket is fetched last (service.bucket).
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from blake3 import blake3

from synfonium.apps.operations.errors import BackupFailed
from synfonium.apps.operations.model.manifest import Copied, Manifest, Rows
from synfonium.apps.operations.service.places import LEFT_OUT, MANIFEST, staging
from synfonium.kernel.app import App
from synfonium.kernel.versions import product_version
from synfonium.ports.copies import DatabaseCopies, Seen
from synfonium.ports.secrets import SecretBox

PURPOSE = "backup"
_ATTEMPTS = 50
_PIECE_BYTES = 4 * 1024 * 1024


def make_ready(
    home: Path,
    *,
    copies: DatabaseCopies,
    database: str,
    schema: Mapping[str, str],
    secrets: SecretBox,
    apps: tuple[App, ...],
    now_s: float,
    seen: Seen,
) -> Manifest:
    """Fills the staging folder; the manifest is its last file. Blocks. Raises BackupFailed,
    CopyFailed, StorageFull, OSError."""
    folder = staging(home)
    clear(home)
    folder.mkdir(parents=True, mode=0o700)
    _copy_heads(home / "audit", folder / "audit")
    counts = copies.copy(folder / "databases", seen)
    indexes = _link_indexes(home / "indexes", folder / "indexes")
    manifest = Manifest(
        version=product_version(),
        moment_s=now_s,
        database="sqlite" if database == "sqlite" else "postgresql",
        schema=dict(schema),
        rows=tuple(Rows(database=c.database, table=c.table, rows=c.rows) for c in counts),
        files=tuple(_copied(folder)),
        indexes=indexes,
        sealed=secrets.seal(b"this key opens what this home sealed", purpose=PURPOSE).hex(),
        remade=remade(apps),
    )
    write_manifest(home, manifest)
    return manifest


def write_manifest(home: Path, manifest: Manifest) -> None:
    (staging(home) / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))


def clear(home: Path) -> None:
    """Takes the copies away, also those that a kill left."""
    if staging(home).exists():
        shutil.rmtree(staging(home))


def left_out(apps: tuple[App, ...]) -> tuple[str, ...]:
    return (*LEFT_OUT, *remade(apps))


def remade(apps: tuple[App, ...]) -> tuple[str, ...]:
    return tuple(f"apps/{app.name}/{pattern}" for app in apps for pattern in app.remade)


def blake3_of(path: Path) -> str:
    digest = blake3()
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _copied(folder: Path) -> Iterator[Copied]:
    for path in sorted((folder / "databases").iterdir()):
        name = path.relative_to(folder).as_posix()
        yield Copied(path=name, size_bytes=path.stat().st_size, blake3=blake3_of(path))


def _copy_heads(audit: Path, target: Path) -> None:
    target.mkdir(mode=0o700)
    for path in sorted(audit.glob("*.heads")):
        shutil.copy2(path, target / path.name)


def _link_indexes(indexes: Path, target: Path) -> tuple[str, ...]:
    """Each index as of one of its commits, without copying: its files never change once
    written, and `meta.json`, which is replaced by a commit, says which of them count."""
    names = []
    for metadata in sorted(indexes.glob("*/*/meta.json")):
        source = metadata.parent
        _link_index(source, target / source.relative_to(indexes))
        names.append(source.relative_to(indexes).as_posix())
    return tuple(names)


def _link_index(source: Path, target: Path) -> None:
    for _ in range(_ATTEMPTS):
        before = (source / "meta.json").read_bytes()
        if target.exists():
            shutil.rmtree(target)
        target.mkdir(parents=True, mode=0o700)
        try:
            for path in source.iterdir():
                if path.is_file() and not path.name.endswith(".lock"):
                    _link(path, target / path.name)
        except FileNotFoundError:
            continue
        if (source / "meta.json").read_bytes() == before == (target / "meta.json").read_bytes():
            return
    raise BackupFailed(detail="an index is committed too often to be copied")


def _link(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise
        shutil.copy2(path, target)
