"""Looks whether a restored home is what was backed up."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from synfonium.apps.operations.errors import NotTheSame
from synfonium.apps.operations.model.manifest import Checked, Manifest
from synfonium.apps.operations.service.referenced import named_by
from synfonium.apps.operations.service.staging import PURPOSE, blake3_of
from synfonium.kernel.app import App
from synfonium.kernel.audit.chain import Broken
from synfonium.kernel.audit.heads import HeadFile, Signer
from synfonium.kernel.audit.store import AuditStore
from synfonium.kernel.audit.verify import check_rows as check_chain
from synfonium.kernel.blob_format import BlobDamaged
from synfonium.kernel.sealed_blobs import SealedBlobs
from synfonium.kernel.secret_box import InstallationKeyBroken, open_secret_box
from synfonium.ports.blobs import BlobStore
from synfonium.ports.copies import DatabaseCopies
from synfonium.ports.database import Database
from synfonium.ports.secrets import SecretBox

SEALED_LOOKED_AT = 1000


class Look(msgspec.Struct, frozen=True):
    """What a check may use of the restored home. lacking: blobs, as `app name`, that were not there
    to be backed up; is_whole: blobs that were looked at already."""

    apps: tuple[App, ...]
    database: Callable[[App], Database]
    blobs: Callable[[App], BlobStore]
    copies: DatabaseCopies
    lacking: frozenset[str] = frozenset()
    is_whole: Callable[[App, str], bool] = lambda app, name: False


def check_copies(folder: Path, manifest: Manifest) -> None:
    """Raises NotTheSame when a database's copy is not byte for byte what was backed up."""
    for file in manifest.files:
        path = folder / file.path
        if not path.is_file() or blake3_of(path) != file.blake3:
            raise NotTheSame(detail=f"the file {file.path}")


def check_rows(manifest: Manifest, copies: DatabaseCopies) -> Checked:
    """Every table has as many rows as it had, and is whole inside. Raises NotTheSame."""
    found = {(c.database, c.table): c.rows for c in copies.count()}
    wanted = {(r.database, r.table): r.rows for r in manifest.rows}
    for place in sorted(wanted.keys() | found.keys()):
        if wanted.get(place) != found.get(place):
            raise NotTheSame(detail=f"the table {place[1]} has not the rows it had")
    if damaged := copies.integrity():
        raise NotTheSame(detail=damaged[0])
    return Checked(databases=len({name for name, _ in wanted}), rows=sum(wanted.values()))


def check_key(home: Path, manifest: Manifest) -> SecretBox:
    """The installation's key opens what was sealed for the backup. Raises NotTheSame."""
    try:
        box = open_secret_box(home)
        box.open(bytes.fromhex(manifest.sealed), purpose=PURPOSE)
    except (ValueError, InstallationKeyBroken):
        raise NotTheSame(detail="the installation's key") from None
    return box


def check_indexes(home: Path, manifest: Manifest) -> int:
    for name in manifest.indexes:
        folder = home / "indexes" / name
        try:
            meta = msgspec.json.decode((folder / "meta.json").read_bytes())
            wanted = [s["segment_id"].replace("-", "") for s in meta["segments"]]
        except (OSError, msgspec.DecodeError, KeyError, TypeError):
            raise NotTheSame(detail=f"the index {name}") from None
        present = {path.name.partition(".")[0] for path in folder.iterdir()}
        if missing := [segment for segment in wanted if segment not in present]:
            raise NotTheSame(detail=f"the index {name} lacks {missing[0]}")
    return len(manifest.indexes)


async def check_blobs(look: Look, told: Callable[[int], Any]) -> tuple[int, int]:
    """Every blob that a database names is there and its bytes are those that were written.

    Gives their number and bytes. Raises NotTheSame.
    """
    count = size_bytes = 0
    for app in look.apps:
        for column in app.blob_columns:
            sealed = SealedBlobs(look.blobs(app))
            for names in named_by(look.database(app), column):
                for name in names:
                    if f"{app.name} {name}" in look.lacking or look.is_whole(app, name):
                        continue
                    size_bytes += await _scrub(sealed, app, name)
                    count += 1
                await told(size_bytes)
    return count, size_bytes


async def _scrub(sealed: SealedBlobs, app: App, name: str) -> int:
    try:
        return await sealed.scrub(name)
    except KeyError:
        raise NotTheSame(detail=f"a file of {app.name} is missing") from None
    except BlobDamaged:
        raise NotTheSame(detail=f"a file of {app.name} is damaged") from None


def check_sealed(look: Look, box: SecretBox) -> int:
    """Rows that were sealed can be opened, up to a thousand of each kind. Raises NotTheSame."""
    count = 0
    for app in look.apps:
        for column, purpose in app.sealed_columns.items():
            for row in _rows(look.database(app), column.partition(".")[0]):
                sealed = row[column.partition(".")[2]]
                try:
                    if sealed:
                        box.open(bytes(sealed), purpose=purpose.format_map(row))
                        count += 1
                except ValueError:
                    raise NotTheSame(detail=f"a sealed row of {app.name} cannot be opened") from None
    return count


def check_audit(home: Path, look: Look, box: SecretBox) -> int:
    """Each app's chain of audit rows is whole and its heads are signed by this installation.

    Gives the number of rows. The file of heads may lack what was signed at the moment of the
    backup: the next start brings it up to the table. Raises NotTheSame.
    """
    key, count = Signer(box).public_key, 0
    for app in look.apps:
        store = AuditStore(app.name)
        kept = HeadFile(home / "audit", app.name)

        def read(
            connection: Connection, app: App = app, store: AuditStore = store, kept: HeadFile = kept
        ) -> int:
            if not store.exists(connection):
                return 0
            heads = list(store.heads(connection))
            known = kept.read()
            verdict = check_chain(app.name, store.follow(connection), heads, key)
            if verdict.reason or known != heads[: len(known)]:
                raise NotTheSame(detail=f"the audit of {app.name}")
            return verdict.rows

        try:
            count += look.database(app).submit_read(read).result()
        except Broken:
            raise NotTheSame(detail=f"the audit of {app.name}") from None
    return count


def _rows(database: Database, table: str) -> list[Mapping[str, Any]]:
    def read(connection: Connection) -> list[Mapping[str, Any]]:
        asked = text(f"SELECT * FROM {table} LIMIT {SEALED_LOOKED_AT}")
        return [dict(row) for row in connection.execute(asked).mappings()]

    return database.submit_read(read).result()
