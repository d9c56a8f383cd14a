"""What the disk loses is found, told, and never given out."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from synfonium.apps.drive.config import DriveConfig
from synfonium.apps.drive.errors import ContentDamaged
from synfonium.apps.drive.http.content import asgi_app as content_app
from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.service import DriveService, checking
from synfonium.apps.drive.service.scrub import DAY_S
from synfonium.apps.drive.store import upkeep, wholeness
from synfonium.apps.drive.store.tables import blobs, nodes
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.apps.drive.webdav import asgi_app as dav_app
from synfonium.kernel.actor import Person
from synfonium.kernel.blob_format import FOOTER_BYTES, HEADER_BYTES, SEALED_FRAME_BYTES, TAG_BYTES, Layout

MIB = 1024 * 1024


@pytest.fixture
def config() -> DriveConfig:
    return DriveConfig(scrub_mib_per_s=100_000)


class Post:
    """Who was told what."""

    def __init__(self, admin: str) -> None:
        self.admin = admin
        self.notices: list[dict[str, Any]] = []

    async def __call__(self, command: str, arguments: Any = None, progress: Any = None) -> Any:
        if command == "identity.administrators":
            return {"people": [self.admin]}
        assert command == "notifications.notify"
        self.notices.append(arguments)
        return {}


@pytest.fixture
def post(house: House) -> Post:
    post = Post(house.person("root").id)
    house.context.call = post  # type: ignore[misc]
    return post


async def _no_progress(text: str, done: float = 0, total: float = 0) -> None:
    return None


async def _change(house: House, name: str, change: Callable[[bytes], bytes]) -> None:
    """What a disk does, through the port: another content under the same name."""
    store = house.context.blobs
    stored = b"".join([piece async for piece in store.read(name)])
    await store.delete(name)
    async with await store.writer() as writer:
        await writer.write(change(stored))
        await writer.commit(name)


async def _flip(house: House, name: str, path: Path | None, at: int, bit: int) -> None:
    """One bit, in the file where it lies: a thousand times the way around would take long."""
    if path is None:
        await _change(house, name, _flipped(at, bit))
        return
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ (1 << bit)]))


def _flipped(at: int, bit: int = 0) -> Callable[[bytes], bytes]:
    return lambda stored: stored[:at] + bytes([stored[at] ^ (1 << bit)]) + stored[at + 1 :]


def _place(region: str, layout: Layout, chance: random.Random) -> int:
    """A byte of that region of a stored blob."""
    frame = chance.randrange(layout.frames)
    start = HEADER_BYTES + frame * SEALED_FRAME_BYTES
    stop = min(start + SEALED_FRAME_BYTES, layout.trailer_start)
    footer = layout.footer_start
    return {
        "magic": chance.randrange(8),
        "salt": chance.randrange(8, HEADER_BYTES),
        "frame": chance.randrange(start, stop - TAG_BYTES),
        "tag": chance.randrange(stop - TAG_BYTES, stop),
        "trailer": chance.randrange(layout.trailer_start, footer),
        "size": footer + chance.randrange(8),
        "binding": footer + chance.randrange(8, 40),
        "check": footer + chance.randrange(40, 72),
        "end": footer + chance.randrange(72, FOOTER_BYTES),
    }[region]


REGIONS = ("magic", "salt", "frame", "tag", "trailer", "size", "binding", "check", "end")


async def _blob(drive: DriveService, node: NodeId, actor: Person) -> str:
    content = await drive.files.content(actor, node)
    return content.blob


async def _served(drive: DriveService, actor: Person, node: NodeId, *range_: int) -> bytes | None:
    """What is given out; None for a refusal, a connection that breaks off included."""
    try:
        content = await drive.files.content(actor, node)
        return b"".join([piece async for piece in await drive.files.begin(content, *range_)])
    except ContentDamaged:
        return None


async def test_a_thousand_flipped_bytes_are_all_found_and_none_is_served(
    drive: DriveService, hand: Hand, ada: Person, house: House, post: Post
) -> None:
    chance = random.Random(5)
    folder = await hand.folder("many")
    sizes = [chance.randrange(1, 3 * MIB) if n % 50 == 0 else chance.randrange(1, 3000) for n in range(1000)]
    contents = [chance.randbytes(size) for size in sizes]
    written: dict[NodeId, bytes] = {}
    names: dict[str, NodeId] = {}
    for at in range(0, 1000, 20):
        some = contents[at : at + 20]
        ids = await asyncio.gather(*(hand.file(f"{at + n}.txt", c, folder) for n, c in enumerate(some)))
        written.update(zip(ids, some, strict=True))
    files = {path.name: path for path in house.context.home.glob("blobs/**/*") if path.is_file()}
    for index, node in enumerate(written):
        name = await _blob(drive, node, ada)
        names[name] = node
        layout = Layout.of(await house.context.blobs.size_bytes(name))
        place = _place(REGIONS[index % len(REGIONS)], layout, chance)
        await _flip(house, name, files.get(name), place, chance.randrange(8))
    untouched = await hand.file("whole", b"whole", folder)

    walk = await drive.scrub.now(_no_progress)
    assert (walk.state, walk.done) == ("idle", 1001)
    found = {one.blob: one.kind for one in await drive.room.read(upkeep.all_damage)}
    assert set(found) == set(names), "all found, and nothing else"
    assert set(found.values()) == {"damaged", "seal"}

    refused = 0
    for name, node in names.items():
        content = written[node]
        middle = len(content) // 2
        whole, part = await _served(drive, ada, node), await _served(drive, ada, node, middle, middle + 100)
        assert whole in (None, content)
        assert part in (None, content[middle : middle + 100])
        assert (whole is None) == (part is None) == (found[name] == "damaged")  # type: ignore[index]
        assert (await drive.told.text_of(node) == "") == (whole is None)
        refused += whole is None
    assert refused > 600
    assert await hand.read(untouched) == b"whole"


async def test_damage_that_nobody_has_found_yet_is_not_served_either(
    drive: DriveService, hand: Hand, ada: Person, house: House, post: Post
) -> None:
    """The reading itself finds it, says so by its status, and remembers it."""
    file = await hand.file("a.txt", b"every byte of it")
    await _change(house, await _blob(drive, file, ada), _flipped(HEADER_BYTES + 3))
    transport = httpx.ASGITransport(app=dav_app(house.context))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/dav/files/ada/a.txt", headers={"x-test-person": "ada"})
    assert answer.status_code == 500
    assert b"every" not in answer.content
    token = await drive.links.make(ada, file)
    transport = httpx.ASGITransport(app=content_app(house.context))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get(f"/content/drive/{token}")
    assert (answer.status_code, answer.json()["code"]) == (500, "drive.content_damaged")
    assert [one.kind for one in await drive.room.read(upkeep.all_damage)] == ["damaged"]


async def test_missing_content_is_found_and_told_to_its_owner_and_the_operator(
    drive: DriveService, hand: Hand, ada: Person, house: House, post: Post
) -> None:
    file = await hand.file("letter.odt", b"gone")
    await house.context.blobs.delete(await _blob(drive, file, ada))
    await drive.scrub.now(_no_progress)
    assert await drive.scrub.damage() == {"missing": 1}
    told = {notice["person"]: notice for notice in post.notices}
    assert set(told) == {ada.id, post.admin}
    assert told[ada.id]["url"] == f"/drive/node/{file}/about"
    assert told[post.admin]["url"] == "/admin/storage"
    assert "letter" not in str(told[post.admin])
    post.notices.clear()
    await drive.scrub.now(_no_progress)
    assert post.notices == [], "told once"


async def test_the_same_content_sent_again_heals_the_file(
    drive: DriveService, hand: Hand, ada: Person, house: House, post: Post
) -> None:
    file = await hand.file("a", b"the same")
    other = await hand.file("b", b"the same")
    await _change(house, await _blob(drive, file, ada), _flipped(HEADER_BYTES))
    await drive.scrub.now(_no_progress)
    for node in (file, other):
        with pytest.raises(ContentDamaged):
            await hand.read(node)
    await hand.file("a", b"the same")
    assert await hand.read(file) == await hand.read(other) == b"the same"
    await drive.scrub.now(_no_progress)
    assert await drive.scrub.damage() == {}


async def test_a_version_from_before_is_still_there(
    drive: DriveService, hand: Hand, ada: Person, house: House, post: Post
) -> None:
    file = await hand.file("a", b"before")
    house.clock.time_s += 60
    await hand.file("a", b"after")
    await _change(house, await _blob(drive, file, ada), lambda stored: stored[:-1])
    await drive.scrub.now(_no_progress)
    old = (await drive.versions.of(ada, file)).versions[1]
    await drive.versions.restore(ada, file, old.id)
    assert await hand.read(file) == b"before"


async def test_what_is_brought_back_is_whole_at_the_next_reading(
    drive: DriveService, hand: Hand, ada: Person, house: House, post: Post
) -> None:
    file = await hand.file("a", b"content")
    name, kept = await _blob(drive, file, ada), list[bytes]()
    await _change(house, name, lambda stored: kept.append(stored) or stored[:50])  # type: ignore[func-returns-value]
    await drive.scrub.now(_no_progress)
    assert await drive.scrub.damage() == {"damaged": 1}
    await _change(house, name, lambda stored: kept[0])
    await drive.scrub.now(_no_progress)
    assert await drive.scrub.damage() == {}
    assert await hand.read(file) == b"content"


async def test_a_walk_that_was_stopped_goes_on_where_it_was(
    drive: DriveService, hand: Hand, ada: Person, house: House, post: Post
) -> None:
    for index in range(30):
        await hand.file(str(index), b"%d" % index)
    seen = 0

    async def stop_soon(text: str, done: float = 0, total: float = 0) -> None:
        nonlocal seen
        seen += 1

    real, calls = drive.room.sealed.scrub, list[str]()

    async def counted(name: str, pace: Any = None) -> int:
        calls.append(name)
        if len(calls) == 10:
            await drive.scrub.stop()
        return await real(name, pace)

    drive.room.sealed.scrub = counted  # type: ignore[method-assign]
    stopped = await drive.scrub.now(stop_soon)
    assert (stopped.state, stopped.done) == ("stopped", 9)
    ended = await drive.scrub.now(_no_progress)
    assert (ended.state, ended.done) == ("idle", 30)
    assert len(set(calls)) == 30
    assert len(calls) == 31


async def test_it_is_due_when_its_days_are_over(
    drive: DriveService, hand: Hand, ada: Person, house: House, post: Post
) -> None:
    def is_due() -> bool:
        return drive.scrub._is_due(drive.scrub._walk)

    await hand.file("a")
    assert is_due()
    await drive.scrub.now(_no_progress)
    assert not is_due()
    house.clock.time_s += 31 * DAY_S
    assert is_due()


async def _checks(house: House) -> dict[str, str]:
    found = await checking.check(house.context)
    return {one.check: one.state for one in found}


class TestDoctor:
    @pytest.fixture(autouse=True)
    async def some_files(self, hand: Hand, house: House, post: Post) -> None:
        folder = await hand.folder("folder")
        await hand.file("a", b"12345", await hand.folder("inner", folder))
        house.clock.time_s += 60
        await hand.file("a", b"123456", await hand.folder("other", folder))

    async def test_a_healthy_drive_is_well(self, drive: DriveService, house: House) -> None:
        await drive.scrub.now(_no_progress)
        assert set((await _checks(house)).values()) == {"good"}

    async def test_wrong_sums_are_said_and_mended(self, drive: DriveService, house: House) -> None:
        write = house.context.database.write
        await write(lambda c: c.execute(nodes.update().where(nodes.c.name == "inner").values(size_bytes=7)))
        await write(lambda c: c.execute(blobs.update().values(refs=blobs.c.refs + 1)))
        checks = await _checks(house)
        assert (checks["drive.sums"], checks["drive.counts"]) == ("bad", "bad")
        assert await checking.mend(house.context) == 4
        assert (await _checks(house))["drive.tables"] == "good"

    async def test_lost_rows_are_said_and_left_alone(
        self, drive: DriveService, hand: Hand, house: House
    ) -> None:
        write, before = house.context.database.write, await self._rows(house)
        await write(
            lambda c: c.execute(nodes.update().where(nodes.c.name == "other").values(parent="x" * 26))
        )
        faults = await house.context.database.read(wholeness.look)
        assert (faults.lost, faults.empty, faults.astray) == (1, 0, 0)
        await checking.mend(house.context)
        assert await self._rows(house) == before
        assert (await _checks(house))["drive.lost"] == "bad"

    async def test_a_file_without_content_is_said(self, drive: DriveService, house: House) -> None:
        write = house.context.database.write
        await write(lambda c: c.execute(nodes.update().where(nodes.c.name == "a").values(version="y" * 26)))
        checks = await _checks(house)
        assert (checks["drive.empty"], checks["drive.astray"]) == ("bad", "bad")

    async def _rows(self, house: House) -> int:
        return len(await house.context.database.read(lambda c: c.execute(nodes.select()).all()))
