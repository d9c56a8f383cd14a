"""Old versions: what is written over stays, as long as the rules say, and nobody pays twice."""

import asyncio
import itertools
import random
from collections.abc import Sequence
from typing import Any

import pytest

from synfonium.apps.drive.config import DriveConfig
from synfonium.apps.drive.errors import (
    Locked,
    NoSuchNode,
    NoSuchVersion,
    NotWritable,
    QuotaExceeded,
    VersionsFull,
)
from synfonium.apps.drive.model import NodeId, VersionId
from synfonium.apps.drive.model.versions import DAY_S, HOUR_S, Version, too_many
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.store.tables import blobs, outbox, versions
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.kernel.actor import Person


async def _contents(drive: DriveService, ada: Person, file: NodeId) -> list[bytes]:
    """Of all versions, the present one first."""
    history = await drive.versions.of(ada, file)
    found = []
    for version in history.versions:
        content = await drive.versions.content(ada, file, version.id)
        found.append(b"".join([piece async for piece in drive.files.read(content)]))
    return found


async def _write(house: House, hand: Hand, *contents: bytes, name: str = "a", apart_s: float = 60) -> NodeId:
    for content in contents:
        house.clock.time_s += apart_s
        file = await hand.file(name, content)
    return file


async def _old(drive: DriveService, ada: Person, file: NodeId) -> list[Version]:
    return [v for v in (await drive.versions.of(ada, file)).versions if not v.is_present]


async def test_what_is_written_over_can_be_read_and_comes_back(
    drive: DriveService, hand: Hand, ada: Person, house: House
) -> None:
    file = await _write(house, hand, b"first", b"second!", b"third")
    assert await _contents(drive, ada, file) == [b"third", b"second!", b"first"]
    first = (await drive.versions.of(ada, file)).versions[-1]
    before = await drive.tree.top(ada)
    house.clock.time_s += 1
    back = await drive.versions.restore(ada, file, first.id)
    assert await hand.read(file) == b"first"
    assert (back.size_bytes, back.id) == (5, file)
    assert back.etag != before.etag
    assert (await drive.tree.top(ada)).size_bytes == 5
    assert (await drive.tree.top(ada)).etag == back.etag
    assert await _contents(drive, ada, file) == [b"first", b"third", b"second!", b"first"]
    told = await drive.room.read(lambda c: [row.type for row in c.execute(outbox.select())])
    assert told.count("drive.file.written") == 4


async def test_a_restore_copies_no_bytes(drive: DriveService, hand: Hand, ada: Person, house: House) -> None:
    file = await _write(house, hand, b"first", b"second")
    stored = [name async for name in house.context.blobs.names()]
    await drive.versions.restore(ada, file, (await _old(drive, ada, file))[0].id)
    assert [name async for name in house.context.blobs.names()] == stored
    refs = await drive.room.read(lambda c: {row.name: row.refs for row in c.execute(blobs.select())})
    assert sorted(refs.values()) == [1, 2]


async def test_one_act_of_saving_is_one_version(
    drive: DriveService, hand: Hand, ada: Person, house: House
) -> None:
    file = await _write(house, hand, b"kept")
    await _write(house, hand, b"", b"half", b"whole", apart_s=0.5)
    assert await _contents(drive, ada, file) == [b"whole"]
    file = await _write(house, hand, b"later", apart_s=2.1)
    assert await _contents(drive, ada, file) == [b"later", b"whole"]
    await _write(house, hand, b"at once", apart_s=0.1)
    assert await _contents(drive, ada, file) == [b"at once", b"whole"]


async def test_a_named_version_is_not_written_over(
    drive: DriveService, hand: Hand, ada: Person, house: House
) -> None:
    file = await _write(house, hand, b"named")
    present = (await drive.versions.of(ada, file)).versions[0]
    assert (await drive.versions.name(ada, file, present.id, "  as \n handed in ")).label == "as handed in"
    await _write(house, hand, b"next", apart_s=0)
    assert await _contents(drive, ada, file) == [b"next", b"named"]


async def test_a_version_is_removed_for_ever_and_its_bytes_a_day_later(
    drive: DriveService, hand: Hand, ada: Person, house: House
) -> None:
    file = await _write(house, hand, b"secret", b"open")
    old, present = (await _old(drive, ada, file))[0], (await drive.versions.of(ada, file)).versions[0]
    with pytest.raises(NoSuchVersion):
        await drive.versions.remove(ada, file, present.id)
    await drive.versions.remove(ada, file, old.id)
    with pytest.raises(NoSuchVersion):
        await drive.versions.content(ada, file, old.id)
    assert await _contents(drive, ada, file) == [b"open"]
    house.clock.time_s += 25 * HOUR_S
    assert (await drive.sweep.once()).blobs == 1
    assert await hand.read(file) == b"open"


async def test_nobody_reaches_versions_of_what_is_not_theirs(
    drive: DriveService, hand: Hand, ada: Person, house: House
) -> None:
    file = await _write(house, hand, b"mine", b"mine too")
    other = await _write(house, hand, b"another", b"file", name="b")
    old = (await _old(drive, ada, file))[0].id
    stranger = house.person("eve")
    reader = house.holder(ada, f"drive:node/{file}", "read")
    for use in (drive.versions.content, drive.versions.restore, drive.versions.remove):
        with pytest.raises(NoSuchNode):
            await use(stranger, file, old)
        with pytest.raises(NoSuchVersion):
            await use(ada, other, old)
    with pytest.raises(NoSuchNode):
        await drive.versions.of(stranger, file)
    assert len((await drive.versions.of(reader, file)).versions) == 2
    with pytest.raises(NotWritable):
        await drive.versions.restore(reader, file, old)
    with pytest.raises(NoSuchNode):
        await drive.versions.of(reader, other)
    await drive.trash.put(ada, [file])
    with pytest.raises(NoSuchNode):
        await drive.versions.content(ada, file, old)


async def test_a_lock_keeps_what_is_there(drive: DriveService, hand: Hand, ada: Person, house: House) -> None:
    file = await _write(house, hand, b"one", b"two")
    lock = await drive.locks.take(ada, file, is_exclusive=True, is_infinite=False, owner_xml="", timeout_s=60)
    old = (await _old(drive, ada, file))[0].id
    with pytest.raises(Locked):
        await drive.versions.restore(ada, file, old)
    await drive.versions.restore(ada, file, old, tokens=frozenset({lock.token}))
    assert await hand.read(file) == b"one"


async def test_a_file_is_found_by_its_number(
    drive: DriveService, hand: Hand, ada: Person, house: House
) -> None:
    node = await drive.tree.node(ada, await hand.file("a"))
    assert await drive.versions.by_number(ada, node.number) == node
    for actor, number in ((house.person("eve"), node.number), (ada, node.number + 1)):
        with pytest.raises(NoSuchNode):
            await drive.versions.by_number(actor, number)


async def test_versions_go_with_their_file(
    drive: DriveService, hand: Hand, ada: Person, house: House
) -> None:
    file = await _write(house, hand, b"one", b"two", b"three")
    await drive.trash.put(ada, [file])
    await drive.trash.restore(ada, [file])
    assert await _contents(drive, ada, file) == [b"three", b"two", b"one"]
    await drive.trash.put(ada, [file])
    await drive.trash.empty(ada)
    assert await drive.room.read(lambda c: c.execute(versions.select()).all()) == []
    house.clock.time_s += 25 * HOUR_S
    await drive.sweep.once()
    assert [name async for name in house.context.blobs.names()] == []


def _versions(ages_s: Sequence[float], now_s: float, **values: Any) -> list[Version]:
    return [
        Version(
            id=VersionId(f"v{index}"),
            node=NodeId("n"),
            blob="",  # type: ignore[arg-type]
            size_bytes=1,
            modified_s=0,
            made_s=now_s - age_s,
            author="",
            replaced_s=now_s,
            **values,
        )
        for index, age_s in enumerate(ages_s)
    ]


class TestRules:
    now_s = 20_000 * DAY_S

    def _kept(self, ages_s: Sequence[float]) -> list[float]:
        old = _versions(ages_s, self.now_s)
        gone = {v.id for v in too_many(old, self.now_s, longest_s=1e12)}
        return sorted(self.now_s - v.made_s for v in old if v.id not in gone)

    def test_all_of_the_last_hour_stay(self) -> None:
        ages = [5.0 * n for n in range(1, 700)]
        assert self._kept(ages) == ages

    def test_then_one_an_hour_a_day_a_week(self) -> None:
        kept = self._kept([600.0 * n for n in range(6, 100 * 144)])
        assert len([a for a in kept if a < DAY_S]) in (23, 24)
        assert len([a for a in kept if DAY_S <= a < 30 * DAY_S]) in (29, 30)
        assert len([a for a in kept if a >= 30 * DAY_S]) in (10, 11)

    def test_the_last_of_a_slot_stays(self) -> None:
        assert self._kept([3 * HOUR_S + 50, 3 * HOUR_S + 10]) == [3 * HOUR_S + 10]
        inside = [30.5 * DAY_S + n for n in (10.0, 20.0, 30.0)]
        assert self._kept(inside) == [min(inside)]

    def test_ages_pass_and_nothing_old_is_lost(self) -> None:
        """Thinned out every few hours over two years, there is always something near any day."""
        chance = random.Random(7)
        alive: list[Version] = []
        for hour in range(0, 2 * 365 * 24, 6):
            now_s = self.now_s + hour * HOUR_S
            fresh = _versions([chance.uniform(0, 6 * HOUR_S)], now_s)
            alive += [type(v)(**{**_dict(v), "id": VersionId(f"{hour}")}) for v in fresh]
            gone = {v.id for v in too_many(alive, now_s, longest_s=1e12)}
            alive = [v for v in alive if v.id not in gone]
        ages = sorted(now_s - v.made_s for v in alive)
        assert len(ages) < 4 + 32 + 105
        assert max(b - a for a, b in itertools.pairwise(ages)) <= 14 * DAY_S

    def test_what_has_a_name_stays(self) -> None:
        old = _versions([40 * DAY_S, 40 * DAY_S + 1, 40 * DAY_S + 2], self.now_s, label="kept")
        assert too_many(old, self.now_s, longest_s=DAY_S) == []


def _dict(version: Version) -> dict[str, Any]:
    return {name: getattr(version, name) for name in version.__struct_fields__}


class TestShare:
    @pytest.fixture
    def config(self) -> DriveConfig:
        return DriveConfig(default_quota_bytes=1000, versions_percent=50)

    async def test_versions_do_not_fill_the_account(
        self, drive: DriveService, hand: Hand, ada: Person, house: House
    ) -> None:
        file = await _write(house, hand, b"a" * 400, b"b" * 400, b"c" * 900)
        assert (await drive.tree.room_left(ada)) == (900, 100)
        history = await drive.versions.of(ada, file)
        assert (history.old_bytes, history.share_bytes) == (800, 500)

    async def test_the_oldest_make_room_at_once(
        self, drive: DriveService, hand: Hand, ada: Person, house: House
    ) -> None:
        """Nobody waits for the hourly sweep: it could be abused for storage."""
        file = await _write(house, hand, *(bytes([n]) * 200 for n in range(6)))
        for _ in range(100):
            await asyncio.sleep(0.02)
            if (await drive.versions.of(ada, file)).old_bytes <= 500:
                break
        assert await _contents(drive, ada, file) == [bytes([n]) * 200 for n in (5, 4, 3)]

    async def test_names_keep_no_more_than_the_share(
        self, drive: DriveService, hand: Hand, ada: Person, house: House
    ) -> None:
        """Also when the present version gets the name, and is written over afterwards."""
        for content in (b"a" * 300, b"b" * 300):
            file = await _write(house, hand, content)
            present = (await drive.versions.of(ada, file)).versions[0]
            if content[:1] == b"a":
                await drive.versions.name(ada, file, present.id, "one")
            else:
                with pytest.raises(VersionsFull):
                    await drive.versions.name(ada, file, present.id, "two")

    async def test_a_version_that_is_too_big_by_now_stays_one(
        self, drive: DriveService, hand: Hand, ada: Person, house: House
    ) -> None:
        file = await _write(house, hand, b"a" * 400, b"b")
        await hand.file("other", b"c" * 900)
        with pytest.raises(QuotaExceeded):
            await drive.versions.restore(ada, file, (await _old(drive, ada, file))[0].id)
        assert await hand.read(file) == b"b"


async def test_the_sweep_thins_out(drive: DriveService, hand: Hand, ada: Person, house: House) -> None:
    file = await _write(house, hand, *(b"%d" % n for n in range(20)), apart_s=100)
    await drive.sweep.once()
    assert len(await _old(drive, ada, file)) == 19
    house.clock.time_s += 2 * HOUR_S
    assert (await drive.sweep.once()).versions >= 17
    house.clock.time_s += 40 * DAY_S
    await drive.sweep.once()
    assert len(await _old(drive, ada, file)) <= 2
    refs = await drive.room.read(lambda c: [row.refs for row in c.execute(blobs.select())])
    assert sum(refs) == 1 + len(await _old(drive, ada, file))
    assert await hand.read(file) == b"19"


async def test_a_link_to_a_version_gives_that_version(
    drive: DriveService, hand: Hand, ada: Person, house: House
) -> None:
    file = await _write(house, hand, b"before", b"after")
    old = (await _old(drive, ada, file))[0]
    token = drive.links.made(await drive.versions.content(ada, file, old.id))
    content, _ = await drive.links.open(token)
    assert b"".join([piece async for piece in drive.files.read(content)]) == b"before"
    assert content.node.etag != (await drive.tree.node(ada, file)).etag
    assert content.node.size_bytes == 6
