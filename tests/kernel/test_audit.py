"""A changed byte anywhere in the audit is found: in rows, heads, the file of heads, and an export."""

import random
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy import MetaData, text

from synfonium.engines.database.sqlite import open_sqlite
from synfonium.kernel.audit import Audit, audit_table
from synfonium.kernel.audit.book import AuditBook
from synfonium.kernel.audit.chain import Broken
from synfonium.kernel.audit.export import verify_file, write_export
from synfonium.kernel.audit.heads import Signer, read_public_key
from synfonium.kernel.audit.keeper import KEPT_S, Keeper
from synfonium.kernel.audit.store import Wanted
from synfonium.kernel.audit.verify import Verdict
from synfonium.kernel.secret_box import InstallationSecretBox
from synfonium.ports.database import Database

SECRETS = InstallationSecretBox(bytes(32))
COLUMNS = ("seq", "time_s", "person", "act", "subject", "by_app", "previous", "hash")
HEAD_COLUMNS = ("number", "seq", "hash", "time_s", "kind", "previous", "signature")
ROWS = 24


class MovedClock:
    def __init__(self) -> None:
        self.time_s = 1_800_000_000.25

    def now_s(self) -> float:
        self.time_s += 0.001234567
        return self.time_s


class House:
    """An app's audit with its keeper, and the book over it."""

    def __init__(self, folder: Path, database: Database, clock: MovedClock) -> None:
        self.folder, self.database, self.clock = folder, database, clock
        self.audit, self.signer = Audit("drive", clock), Signer(SECRETS)
        self.keeper = Keeper("drive", database, self.signer, folder / "audit", clock)
        self.book = AuditBook({"drive": lambda: database}, self.signer, folder / "audit", self._sign)
        self.path, self.heads = folder / "drive.sqlite", folder / "audit" / "drive.heads"

    async def _sign(self) -> None:
        await self.keeper.sign()

    async def add(self, count: int = 1, person: str = "p" * 26) -> None:
        for number in range(count):
            subject = f"drive:node/{number}"
            await self.database.write(
                lambda c, s=subject: self.audit.add(c, person, "drive.node.write", s, "é-app")  # type: ignore[misc]
            )

    async def verdict(self) -> Verdict:
        return await self.book.verify_app("drive")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = await settled(tmp_path)
    yield made
    made.database.close()


def begun(folder: Path) -> House:
    """An audit without a row."""
    folder.mkdir(exist_ok=True)
    database = open_sqlite(folder / "drive.sqlite")
    metadata = MetaData()
    audit_table("drive", metadata)
    database.alter(metadata.create_all)
    return House(folder, database, MovedClock())


async def settled(folder: Path) -> House:
    """24 rows, signed at 8, 16 and 24."""
    made = begun(folder)
    for _ in range(3):
        await made.add(ROWS // 3)
        await made.keeper.sign()
    return made


async def test_an_audit_that_nobody_touched_is_whole(house: House) -> None:
    verdict = await house.verdict()
    assert verdict.is_whole
    assert (verdict.rows, verdict.last_seq, verdict.signed_seq, verdict.heads) == (ROWS, ROWS, ROWS, 3)


async def test_rows_that_are_not_signed_yet_are_checked_too(house: House) -> None:
    await house.add(3)
    assert (await house.verdict()).is_whole
    await tamper(house, "UPDATE drive_audit SET person = 'x' WHERE seq = 27")
    assert not (await house.verdict()).is_whole


async def tamper(house: House, statement: str, *values: object) -> None:
    """As somebody would who holds the file of the database."""
    with closing(sqlite3.connect(house.path)) as raw:
        raw.execute(statement, values)
        raw.commit()


def flipped(value: object, dice: random.Random) -> object:
    """The value with one bit of it changed, as bytes of the disk would be."""
    import struct

    if isinstance(value, float):
        raw = bytearray(struct.pack(">d", value))
        raw[dice.randrange(8)] ^= 1 << dice.randrange(8)
        return struct.unpack(">d", bytes(raw))[0]
    if isinstance(value, int):
        return value ^ (1 << dice.randrange(40))
    raw = bytearray(str(value).encode())
    raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return bytes(raw)


@pytest.mark.parametrize("column", COLUMNS)
async def test_a_flipped_bit_in_any_column_of_any_row_is_found(house: House, column: str) -> None:
    dice = random.Random(column)
    for seq in range(1, ROWS + 1):
        with closing(sqlite3.connect(house.path)) as raw:
            (before,) = raw.execute(f"SELECT {column} FROM drive_audit WHERE seq = ?", (seq,)).fetchone()
        after = flipped(before, dice)
        await tamper(house, f"UPDATE drive_audit SET {column} = ? WHERE seq = ?", after, seq)
        assert not (await house.verdict()).is_whole, (column, seq, before, after)
        where = after if column == "seq" else seq
        await tamper(house, f"UPDATE drive_audit SET {column} = ? WHERE seq = ?", before, where)
    assert (await house.verdict()).is_whole


@pytest.mark.parametrize("column", HEAD_COLUMNS)
async def test_a_flipped_bit_in_any_column_of_any_head_is_found(house: House, column: str) -> None:
    dice = random.Random(column)
    for number in (1, 2, 3):
        with closing(sqlite3.connect(house.path)) as raw:
            query = f"SELECT {column} FROM drive_audit_head WHERE number = ?"
            (before,) = raw.execute(query, (number,)).fetchone()
        after = flipped(before, dice)
        change = f"UPDATE drive_audit_head SET {column} = ? WHERE number = ?"
        await tamper(house, change, after, number)
        assert not (await house.verdict()).is_whole, (column, number, before, after)
        await tamper(house, change, before, after if column == "number" else number)
    assert (await house.verdict()).is_whole


async def test_a_flipped_bit_anywhere_in_the_file_of_heads_is_found(tmp_path: Path) -> None:
    house = begun(tmp_path)
    for _ in range(2):
        await house.add()
        await house.keeper.sign()
    whole = house.heads.read_bytes()
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 1  # digits become digits, letters letters
        house.heads.write_bytes(changed)
        assert not (await house.verdict()).is_whole, at
    house.heads.write_bytes(whole)
    assert (await house.verdict()).is_whole
    house.database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM drive_audit WHERE seq = 1",
        "DELETE FROM drive_audit WHERE seq = 12",
        "DELETE FROM drive_audit WHERE seq = 24",
        "DELETE FROM drive_audit WHERE seq > 8",
        "DELETE FROM drive_audit WHERE seq <= 8",
        "DELETE FROM drive_audit",
        "DELETE FROM drive_audit_head WHERE number = 3",
        "DELETE FROM drive_audit_head WHERE number = 1",
        "DELETE FROM drive_audit_head",
        (
            "INSERT INTO drive_audit SELECT 25, time_s, person, act, subject, by_app, previous, hash"
            " FROM drive_audit WHERE seq = 24"
        ),
        (
            "INSERT INTO drive_audit SELECT 0, time_s, person, act, subject, by_app, previous, hash"
            " FROM drive_audit WHERE seq = 1"
        ),
        "UPDATE drive_audit SET seq = CASE seq WHEN 5 THEN -6 ELSE -5 END WHERE seq IN (5, 6)",
        "UPDATE drive_audit SET seq = seq + 1000 WHERE seq > 12",
        "UPDATE drive_audit SET person = 'eve', hash = previous WHERE seq = 12",
        "UPDATE drive_audit SET time_s = NULL WHERE seq = 12",
    ],
)
async def test_rows_deleted_put_in_or_exchanged_are_found(
    house: House, statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "NULL" in statement:
        with closing(sqlite3.connect(house.path)) as raw:
            raw.execute("PRAGMA writable_schema=ON")
            raw.execute("UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL', '')")
            raw.commit()
    await tamper(house, statement)
    await tamper(house, "UPDATE drive_audit SET seq = -seq WHERE seq < 0")
    assert not (await house.verdict()).is_whole


async def test_a_cut_off_tail_is_found_although_new_rows_follow(house: House) -> None:
    await tamper(house, "DELETE FROM drive_audit WHERE seq > 20")
    await house.add(10)
    assert not (await house.verdict()).is_whole
    with pytest.raises(Broken):
        await house.keeper.sign()


async def test_a_chain_that_was_written_anew_from_its_start_is_found(house: House, tmp_path: Path) -> None:
    """Whoever has the database but not the key can make hashes, and no head."""
    other = await settled(tmp_path / "other")
    other.database.close()
    with closing(sqlite3.connect(house.path)) as raw:
        raw.execute("ATTACH ? AS other", (str(other.path),))
        raw.execute("DELETE FROM drive_audit")
        raw.execute("INSERT INTO drive_audit SELECT * FROM other.drive_audit WHERE seq < 9")
        raw.commit()
    assert not (await house.verdict()).is_whole


async def test_heads_of_another_installation_are_none(house: House, tmp_path: Path) -> None:
    stranger = Signer(InstallationSecretBox(b"x" * 32))
    book = AuditBook({"drive": lambda: house.database}, stranger, house.folder / "audit", house._sign)
    assert (await book.verify_app("drive")).reason == "head_not_signed"


async def test_what_is_older_than_a_year_goes_and_the_rest_stays_provable(house: House) -> None:
    house.clock.time_s += KEPT_S / 2
    await house.add(6)
    removed = await house.keeper.forget(house.clock.time_s - 1000)
    verdict = await house.verdict()
    assert (removed, verdict.first_seq, verdict.rows, verdict.is_whole) == (ROWS, ROWS + 1, 6, True)
    await tamper(house, "DELETE FROM drive_audit WHERE seq = 25")
    assert not (await house.verdict()).is_whole


async def test_the_newest_row_is_never_forgotten(house: House) -> None:
    await house.keeper.forget(house.clock.time_s + KEPT_S)
    verdict = await house.verdict()
    assert (verdict.rows, verdict.last_seq, verdict.is_whole) == (1, ROWS, True)
    await house.add()
    assert (await house.verdict()).last_seq == ROWS + 1


async def test_while_a_backup_reads_the_home_the_file_of_heads_waits(house: House) -> None:
    """A copy of the file is then never ahead of the copy of the table made before it."""
    before = house.heads.read_bytes()
    house.keeper._is_held = house.book._is_held = lambda: True
    await house.add(2)
    await house.keeper.sign()
    assert house.heads.read_bytes() == before
    assert (await house.verdict()).is_whole
    house.keeper._is_held = house.book._is_held = lambda: False
    assert not (await house.verdict()).is_whole
    await house.keeper.sign()
    assert house.heads.read_bytes().startswith(before)
    assert (await house.verdict()).is_whole


async def test_a_file_of_heads_that_a_crash_left_behind_is_brought_up(house: House) -> None:
    whole = house.heads.read_bytes()
    lines = whole.splitlines(keepends=True)
    house.heads.write_bytes(b"".join(lines[:2]) + lines[2][:30])
    assert not (await house.verdict()).is_whole
    await house.keeper.start()
    await house.keeper.stop()
    assert house.heads.read_bytes() == whole


@pytest.mark.parametrize(
    "subject", ["ada@example.org", "drive:node/x y", "drive:node/é", "", "drive:", "node", "drive:node/\n"]
)
async def test_a_name_cannot_be_a_subject(house: House, subject: str) -> None:
    with pytest.raises(ValueError):
        await house.database.write(lambda c: house.audit.add(c, "p", "drive.node.write", subject))


async def test_rows_are_found_by_person_act_subject_and_time(house: House) -> None:
    await house.add(2, person="q" * 26)
    find = house.book.find
    assert len(await find(Wanted(person="q" * 26), 50)) == 2
    assert len(await find(Wanted(about="drive:node/0"), 50)) == 4
    assert [row.seq for row in await find(Wanted(act="drive.node"), 3)] == [26, 25, 24]
    assert await find(Wanted(act="drive_node"), 3) == []
    assert len(await find(Wanted(before_s=house.clock.time_s - 1), 50)) == 0
    assert await find(Wanted(), 50, app="pc") == []


# An export


async def exported(house: House) -> bytes:
    path = house.folder / "export.jsonl"
    path.unlink(missing_ok=True)
    await write_export(house.book, path, house.clock.now_s())
    return path.read_bytes()


def checked(content: bytes, key: str) -> list[Verdict]:
    return verify_file(content.splitlines(keepends=True), read_public_key(key))[0]


async def test_an_export_is_verified_with_the_public_key_alone(house: House) -> None:
    await house.add(5)
    content = await exported(house)
    (verdict,) = checked(content, house.signer.public_pem)
    assert (verdict.app, verdict.rows, verdict.is_whole) == ("drive", ROWS + 5, True)


async def test_an_export_after_forgetting_is_verified_too(house: House) -> None:
    await house.keeper.forget(house.clock.time_s + KEPT_S)
    await house.add(2)
    (verdict,) = checked(await exported(house), house.signer.public_pem)
    assert (verdict.first_seq, verdict.rows) == (ROWS, 3)


async def small(folder: Path) -> tuple[bytes, Signer]:
    """An export of three rows under two heads."""
    made = begun(folder)
    await made.add(2)
    await made.keeper.sign()
    await made.add(1)
    content = await exported(made)
    made.database.close()
    return content, made.signer


def unnoticed(content: bytes, key: str) -> list[int]:
    """Where a byte may be another without anybody seeing it: the lowest bit is flipped, which
    makes digits of digits and letters of letters."""
    public, found = read_public_key(key), []
    for at in range(len(content)):
        changed = bytearray(content)
        changed[at] ^= 1
        with suppress(Broken):
            verify_file(bytes(changed).splitlines(keepends=True), public)
            found.append(at)
    return found


async def test_any_flipped_byte_of_an_export_is_found(tmp_path: Path) -> None:
    content, signer = await small(tmp_path)
    assert b'"message":"head"' in content
    assert unnoticed(content, signer.public_pem) == []


Change = Callable[[list[bytes]], list[bytes]]


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[:-1],
        lambda lines: lines[:5] + lines[6:],
        lambda lines: [*lines[:5], lines[6], lines[5], *lines[7:]],
        lambda lines: [*lines[:6], lines[5], *lines[6:]],
        lambda lines: [*lines, lines[-1]],
        lambda lines: [*lines, b"\n"],
        lambda lines: lines[1:],
        lambda lines: lines[:1] + lines[2:],
        lambda lines: [b" " + lines[0], *lines[1:]],
        lambda lines: [line.replace(b"\n", b"\r\n") for line in lines],
        lambda lines: [],
        lambda lines: [b"{" * 70_000],
        lambda lines: [b"[" * 50_000],
    ],
)
async def test_an_export_with_lines_left_out_put_in_or_exchanged_is_found(
    house: House, change: Change
) -> None:
    lines = (await exported(house)).splitlines(keepends=True)
    with pytest.raises(Broken):
        verify_file(change(lines), read_public_key(house.signer.public_pem))


async def test_an_export_signed_by_somebody_else_is_found_with_the_right_key(house: House) -> None:
    content = await exported(house)
    stranger = Signer(InstallationSecretBox(b"x" * 32))
    with pytest.raises(Broken):
        checked(content, stranger.public_pem)
    _verdicts, inside = verify_file(content.splitlines(keepends=True), None)
    assert inside == house.signer.public_pem


async def test_an_audit_of_before_is_chained_as_it_is_found(tmp_path: Path) -> None:
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    from synfonium.kernel.audit.table import add_chain

    database = open_sqlite(tmp_path / "drive.sqlite")
    old = (
        "CREATE TABLE drive_audit (seq INTEGER PRIMARY KEY AUTOINCREMENT, time_s FLOAT NOT NULL,"
        " person VARCHAR(26) NOT NULL, act VARCHAR(100) NOT NULL, subject VARCHAR(200) NOT NULL,"
        " by_app VARCHAR(60) NOT NULL)"
    )
    database.alter(lambda c: c.execute(text(old)))
    row = text("INSERT INTO drive_audit VALUES (:n, :t, 'p', 'drive.node.write', 'drive:node/1', '')")
    database.alter(
        lambda c: c.execute(row, [{"n": 3 * n + 2, "t": 1.1 + n / 7} for n in range(1234)]).rowcount
    )
    database.alter(lambda c: add_chain(Operations(MigrationContext.configure(c)), "drive"))
    made = House(tmp_path, database, MovedClock())
    await made.keeper.sign()
    await made.add(2)
    verdict = await made.verdict()
    database.close()
    assert (verdict.rows, verdict.signed_seq, verdict.is_whole) == (1236, 1234, True)
