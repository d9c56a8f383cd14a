"""Two processes write one chain, and one of them is killed: on SQLite and on PostgreSQL."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import MetaData

from synfonium.kernel.audit import audit_table
from synfonium.kernel.audit.book import AuditBook
from synfonium.kernel.audit.heads import Signer
from synfonium.kernel.audit.keeper import Keeper
from synfonium.kernel.audit.store import AuditStore
from synfonium.kernel.secret_box import InstallationSecretBox
from synfonium.ports.clock import SystemClock
from synfonium.testing.child import Child
from synfonium.testing.postgresql_server import PostgresqlServer
from tests.kernel.audit_writer import open_target


async def both_write(target: str, folder: Path) -> None:
    database, metadata = open_target(target), MetaData()
    audit_table("drive", metadata)
    database.alter(metadata.create_all)
    with Child("tests.kernel.audit_writer", target) as one, Child("tests.kernel.audit_writer", target) as two:
        for child in (one, two):
            assert child.read_line(timeout_s=60) == "ready"
        for child in (one, two):
            child.say("count 300")
        for child in (one, two):
            assert child.read_line(timeout_s=100) == "gone"
        one.say("add 0")
        two.say("add 0")
        async with asyncio.timeout(60):
            while await database.read(AuditStore("drive").last_seq) < 640:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        one.say("kill")
        assert one.read_line(timeout_s=30) == "gone"
        two.say("kill")
        assert two.read_line(timeout_s=30) == "gone"
    signer = Signer(InstallationSecretBox(bytes(32)))
    keeper = Keeper("drive", database, signer, folder / "audit", SystemClock())

    async def sign() -> None:
        await keeper.sign()

    (verdict,) = await AuditBook({"drive": lambda: database}, signer, folder / "audit", sign).verify()
    database.close()
    assert verdict.is_whole, verdict
    assert verdict.rows >= 640
    assert verdict.signed_seq == verdict.last_seq == verdict.rows


@pytest.mark.full
async def test_two_processes_write_one_chain_on_sqlite(tmp_path: Path) -> None:
    await both_write(str(tmp_path / "drive.sqlite"), tmp_path)


@pytest.mark.full
async def test_two_processes_write_one_chain_on_postgresql(
    postgresql_server: PostgresqlServer, tmp_path: Path
) -> None:
    await both_write(postgresql_server.url, tmp_path)
