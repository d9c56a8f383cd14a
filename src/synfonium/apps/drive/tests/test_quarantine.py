"""Harmful content is given to nobody; and nobody waits for a scanner."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from synfonium.apps.drive.config import DriveConfig
from synfonium.apps.drive.errors import NoPreview, NoSuchVersion, Quarantined, ScannerAway
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.store.tables import audit, scan_due, suspects
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.apps.drive.tests.nextcloud import FILES, client_of
from synfonium.kernel.actor import Person
from synfonium.libraries import clamd

MARK = b"a mark that only our own signature calls harmful"


class Scanner:
    """Speaks clamd's protocol as clamd(8) describes it; `test_with_a_real_clamd` is the same with the
    real one."""

    def __init__(self, path: Path) -> None:
        self.address = f"unix:{path}"
        self._path = path
        self._server: asyncio.Server | None = None
        self.largest = 1 << 30

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._answer, self._path)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            assert await reader.readexactly(10) == b"zINSTREAM\0"
            content = b""
            while size := int.from_bytes(await reader.readexactly(4), "big"):
                content += await reader.readexactly(size)
                if len(content) > self.largest:
                    writer.write(b"INSTREAM size limit exceeded. ERROR\0")
                    while await reader.read(1 << 16):
                        pass
                    break
            else:
                writer.write(b"stream: Test.Mark FOUND\0" if MARK in content else b"stream: OK\0")
        writer.close()


@pytest.fixture
def config(tmp_path: Path) -> DriveConfig:
    return DriveConfig(clamd=f"unix:{tmp_path}/c")


@pytest.fixture
async def scanner(tmp_path: Path, house: House) -> AsyncIterator[Scanner]:
    scanner = Scanner(tmp_path / "c")
    await scanner.start()
    yield scanner
    await scanner.stop()


class Post:
    def __init__(self, admin: str) -> None:
        self.admin = admin
        self.told: list[dict[str, Any]] = []

    async def __call__(self, command: str, arguments: Any = None, progress: Any = None) -> Any:
        if command == "identity.administrators":
            return {"people": [self.admin]}
        self.told.append(arguments)
        return {}


@pytest.fixture
def post(house: House) -> Post:
    post = Post(house.person("root").id)
    house.context.call = post  # type: ignore[misc]
    return post


async def _scanned(drive: DriveService, *nodes: Any) -> None:
    for node in nodes:
        await drive.quarantine.want([node])
    while await drive.quarantine.step():
        pass


async def test_harmful_content_is_given_to_nobody_and_everybody_is_told(
    drive: DriveService, hand: Hand, ada: Person, house: House, scanner: Scanner, post: Post
) -> None:
    bad = await hand.file("bad.jpg", b"12345" + MARK)
    good = await hand.file("good.txt", b"harmless")
    twin = await hand.file("twin.jpg", b"12345" + MARK)
    assert await hand.read(bad), "nobody waits for a scanner"
    await _scanned(drive, bad, good)
    for node in (bad, twin):
        with pytest.raises(Quarantined):
            await hand.read(node)
        with pytest.raises(NoPreview):
            await drive.previews.of(ada, node, 64)
        assert await drive.told.text_of(node) == ""
    with pytest.raises(Quarantined):
        await drive.files.begin((await drive.links.open(await drive.links.make(ada, bad)))[0])
    assert await hand.read(good) == b"harmless"
    told = {notice["person"]: notice for notice in post.told}
    assert set(told) == {ada.id, post.admin}
    assert "bad.jpg" not in str(told[post.admin])


async def test_a_version_from_before_and_new_content_are_free(
    drive: DriveService, hand: Hand, ada: Person, house: House, scanner: Scanner, post: Post
) -> None:
    file = await hand.file("a", b"before")
    house.clock.time_s += 60
    await hand.file("a", MARK)
    await _scanned(drive, file)
    old = (await drive.versions.of(ada, file)).versions[1]
    await drive.versions.restore(ada, file, old.id)
    assert await hand.read(file) == b"before"
    await drive.trash.put(ada, [file])
    await drive.trash.empty(ada)
    house.clock.time_s += 25 * 3600
    await drive.sweep.once()
    assert await house.context.database.read(lambda c: c.execute(suspects.select()).all()) == []


async def test_a_false_alarm_is_released_with_a_row_in_the_audit(
    drive: DriveService, hand: Hand, ada: Person, house: House, scanner: Scanner, post: Post
) -> None:
    file = await hand.file("a", MARK)
    await _scanned(drive, file)
    held = (await drive.quarantine.suspects())[0]
    root = house.people["root"]
    await drive.quarantine.release(held.blob, root.id)
    assert await hand.read(file) == MARK
    await _scanned(drive, file)
    assert await hand.read(file) == MARK, "not held again"
    acts = await house.context.database.read(lambda c: [tuple(row) for row in c.execute(audit.select())])
    assert any("drive.content.release" in map(str, row) and root.id in row for row in acts)
    with pytest.raises(NoSuchVersion):
        await drive.quarantine.release(held.blob, root.id)


async def test_what_was_held_is_held_after_a_restart(
    drive: DriveService, hand: Hand, house: House, scanner: Scanner, post: Post
) -> None:
    file = await hand.file("a", MARK)
    await _scanned(drive, file)
    drive.room.harmful.clear()
    await drive.quarantine.load()
    with pytest.raises(Quarantined):
        await hand.read(file)


async def test_a_scanner_that_is_away_holds_nothing_up_and_is_asked_again(
    drive: DriveService, hand: Hand, house: House, tmp_path: Path, post: Post
) -> None:
    await drive.quarantine.pump.stop()
    file = await hand.file("a", MARK)
    await drive.quarantine.want([file])
    with pytest.raises(ScannerAway):
        await drive.quarantine.step()
    assert await hand.read(file) == MARK
    late = Scanner(tmp_path / "c")
    await late.start()
    while await drive.quarantine.step():
        pass
    await late.stop()
    with pytest.raises(Quarantined):
        await hand.read(file)
    assert await house.context.database.read(lambda c: c.execute(scan_due.select()).all()) == []


async def test_what_is_too_large_for_the_scanner_is_no_stuck_file(
    drive: DriveService, hand: Hand, house: House, scanner: Scanner, post: Post
) -> None:
    scanner.largest = 100_000
    file = await hand.file("a", b"x" * 3_000_000)
    await _scanned(drive, file)
    assert len(await hand.read(file)) == 3_000_000


@pytest.fixture
def real_clamd(tmp_path: Path, program: Callable[[str], str]) -> Iterator[str]:
    """Debian's, with one signature of our own."""
    base = tmp_path / "signatures"
    base.mkdir()
    (base / "ours.ndb").write_text(f"Test.Mark:0:*:{MARK.hex()}\n")
    socket, settings = tmp_path / "c", tmp_path / "clamd.conf"
    settings.write_text(
        f"DatabaseDirectory {base}\nLocalSocket {socket}\nForeground yes\nStreamMaxLength 5M\n"
    )
    started = subprocess.Popen(
        [program("clamd"), "--config-file", str(settings)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            if socket.exists() or started.poll() is not None:
                break
            with suppress(subprocess.TimeoutExpired):
                started.wait(0.1)
        assert socket.exists(), "clamd did not start"
        yield f"unix:{socket}"
    finally:
        started.terminate()
        started.wait(20)


@pytest.mark.full
async def test_with_a_real_clamd(real_clamd: str) -> None:
    async def pieces(content: bytes) -> AsyncIterator[bytes]:
        for at in range(0, len(content), 1 << 20):
            yield content[at : at + (1 << 20)]

    assert await clamd.scan(real_clamd, pieces(b"nothing at all")) == ""
    assert "Test.Mark" in await clamd.scan(real_clamd, pieces(b"before " + MARK + b" after"))
    with pytest.raises(clamd.TooLong):
        await clamd.scan(real_clamd, pieces(b"x" * 20_000_000))
    with pytest.raises(clamd.Away):
        await clamd.scan("unix:/nowhere", pieces(b""))


@pytest.mark.full
async def test_a_real_clamd_finds_what_came_by_webdav_and_it_is_given_to_nobody(
    real_clamd: str, drive: DriveService, hand: Hand, house: House, post: Post
) -> None:
    async with client_of(house) as client:
        for name, content in (("bad.txt", b"before " + MARK), ("good.txt", b"harmless")):
            assert (await client("PUT", f"{FILES}/{name}", content)).status_code == 201
        top = await hand.drive.tree.listing(hand.actor, None)
        await _scanned(drive, *(entry.id for entry in top.entries))
        refused = await client("GET", f"{FILES}/bad.txt")
        assert refused.status_code == Quarantined.status
        assert MARK not in refused.content
        assert (await client("GET", f"{FILES}/good.txt")).content == b"harmless"
    assert post.told
