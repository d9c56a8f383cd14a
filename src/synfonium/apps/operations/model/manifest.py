"""What a backup says of itself, and what a restore is checked by."""

from typing import Literal

import msgspec

FORMAT = 2


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    database: str
    table: str
    rows: int


class Copied(msgspec.Struct, frozen=True, kw_only=True):
    """One file that was copied for the backup. blake3: of its content, hexadecimal."""

    path: str
    size_bytes: int
    blake3: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Written into each backup as `backup/staging/manifest.json`.

    moment_s: everything that was acknowledged before is in it. schema: app to the revision
    of its tables. rows, files: of the databases' copies. sealed: sealed under the
    installation's key for the purpose `backup`, in hexadecimal. remade: what is left out
    since it is made anew.
    """

    # Before 2, what lay in a bucket was never in a backup.
    format: int = FORMAT
    version: str
    moment_s: float
    database: Literal["sqlite", "postgresql"]
    schema: dict[str, str]
    rows: tuple[Rows, ...]
    files: tuple[Copied, ...]
    indexes: tuple[str, ...]
    sealed: str
    remade: tuple[str, ...]
    bucket: Literal["", "kept", "left"] = ""
    lacking: tuple[str, ...] = ()


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at in a restored home and found to be as it was. lacking: blobs that the
    backup never had, and says so."""

    databases: int = 0
    rows: int = 0
    blobs: int = 0
    blob_bytes: int = 0
    sealed: int = 0
    indexes: int = 0
    audit_rows: int = 0
    lacking: int = 0
    notes: tuple[str, ...] = ()
