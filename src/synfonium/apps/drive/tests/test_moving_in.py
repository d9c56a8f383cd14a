"""Moving in: from sources that behave, and from those that do not."""

import asyncio
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable

import pytest
from sqlalchemy import Connection, update

from synfonium.apps.drive.errors import NoSuchMoveIn, SourceUnusable
from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.model.move_in import MoveIn
from synfonium.apps.drive.moving import large
from synfonium.apps.drive.moving import movers as rooms
from synfonium.apps.drive.moving.movers import Movers
from synfonium.apps.drive.moving.port import Entry, Opened, Patience, Source, SourceAway, SourceRefused
from synfonium.apps.drive.moving.wanted import Wanted
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.store.tables import spaces
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Person

HURRY = Patience((0.0, 0.0, 0.0))
WITHIN_S = 20.0


class Shelf:
    """A source whose files a test holds, and whose moods it decides."""

    at_once = 8

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.folders: list[str] = []
        self.times: dict[str, float] = {}
        self.etag, self.starts = "", list[int]()
        self.read: list[str] = []
        self.moods: list[Exception] = []
        self.stops_at, self.hangs = 0, asyncio.Event()
        self.after: Callable[[str], None] = lambda _path: None

    async def entries(self) -> AsyncGenerator[Entry, None]:
        for folder in self.folders:
            names = tuple(folder.split("/"))
            yield Entry(path=names, is_file=False, ref=folder, modified_s=self.times.get(folder))
        for path, content in sorted(self.files.items()):
            names = tuple(path.split("/"))
            mark = str(hash(content))
            yield Entry(
                path=names,
                is_file=True,
                size_bytes=len(content),
                modified_s=784111777.0,
                ref=path,
                mark=mark,
                etag=self.etag,
            )

    async def open(self, entry: Entry, start: int = 0) -> Opened:
        self.read.append(entry.ref)
        self.starts.append(start)
        if self.moods:
            raise self.moods.pop(0)
        return Opened(self._pieces(entry.ref, start))

    async def _pieces(self, path: str, start: int) -> AsyncIterator[bytes]:
        content = self.files[path][start:]
        for at in range(0, len(content), 100_000):
            yield content[at : at + 100_000]
            if self.stops_at and start + at >= self.stops_at:
                self.hangs.set()
                await asyncio.sleep(WITHIN_S)
        self.after(path)

    async def close(self) -> None: ...


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    shelf = Shelf()

    async def open_shelf(*_given: object, **_named: object) -> Source:
        return shelf

    monkeypatch.setattr(rooms, "open_source", open_shelf)
    return shelf


@pytest.fixture
def movers(drive: DriveService) -> Movers:
    return Movers(drive, HURRY)


WANTED = Wanted(
    kind="webdav", into="Elsewhere", url="https://files.example.org/", name="ada", secret="quince"
)


async def run(movers: Movers, actor: Person, job: MoveIn) -> MoveIn:
    """Until nothing happens by itself any more."""
    deadline_s = time.monotonic() + WITHIN_S
    while job.state in ("waiting", "running"):
        await movers._look()
        await asyncio.sleep(0.01)
        job = await movers.one(actor, job.id)
        assert time.monotonic() < deadline_s
    return job


async def moved(movers: Movers, actor: Person, wanted: Wanted = WANTED) -> MoveIn:
    return await run(movers, actor, await movers.begin(actor, wanted))


async def tree_of(hand: Hand, folder: NodeId, place: str = "") -> dict[str, bytes | None]:
    """Path to content; None for a folder."""
    found: dict[str, bytes | None] = {}
    for node in (await hand.drive.tree.listing(hand.actor, folder, limit=10_000)).entries:
        path = f"{place}{node.name}"
        found[path] = await hand.read(node.id) if node.is_file else None
        if not node.is_file:
            found |= await tree_of(hand, node.id, f"{path}/")
    return found


def some_files(shelf: Shelf, count: int = 300) -> dict[str, bytes | None]:
    shelf.files = {f"f{n % 7}/{n}.txt": f"file {n}".encode() * (n % 40 + 1) for n in range(count)}
    shelf.folders = ["empty/deep"]
    folders: dict[str, bytes | None] = {f"f{n}": None for n in range(7)}
    return {**folders, "empty": None, "empty/deep": None, **shelf.files}


async def test_everything_comes_with_its_folders_and_times(movers: Movers, shelf: Shelf, hand: Hand) -> None:
    expected = some_files(shelf)
    job = await moved(movers, hand.actor)
    assert (job.state, job.done, job.files, job.not_taken) == ("done", 300, 300, 0)
    assert await tree_of(hand, job.target) == expected
    path = await hand.drive.tree.resolve(hand.actor, ["Elsewhere", "f1", "1.txt"])
    assert path[-1].modified_s == 784111777.0


async def test_folders_keep_their_times_and_those_of_the_person_theirs(
    movers: Movers, shelf: Shelf, hand: Hand, house: House
) -> None:
    mine = await hand.folder("mine", await hand.folder("Elsewhere"))
    before = (await hand.drive.tree.path(hand.actor, mine))[-1]
    house.clock.time_s += 10
    shelf.folders = ["a", "a/b", "a/b/c", "mine"]
    shelf.times = {"a": 1000.0, "a/b": 2000.5, "a/b/c": 3000.0, "mine": 4000.0}
    shelf.files = {"a/b/c/deep.txt": b"x", "a/top.txt": b"y"}
    assert (await moved(movers, hand.actor)).state == "done"

    async def time_of(*names: str) -> float:
        return (await hand.drive.tree.resolve(hand.actor, ["Elsewhere", *names]))[-1].modified_s

    assert [await time_of(*path.split("/")) for path in ("a", "a/b", "a/b/c")] == [1000.0, 2000.5, 3000.0]
    assert await time_of("mine") == before.modified_s
    assert await time_of("a", "top.txt") == 784111777.0


async def cut_within(movers: Movers, hand: Hand, shelf: Shelf) -> MoveIn:
    """A job that stops dead within its one large file."""
    job = await movers.begin(hand.actor, WANTED)
    await movers._look()
    await asyncio.wait_for(shelf.hangs.wait(), WITHIN_S)
    await movers.close()
    (begun,) = await hand.drive.uploads.listing(hand.actor, large.DOOR)
    assert begun.held_bytes == 800_000
    shelf.stops_at = 0
    return job


@pytest.mark.parametrize("changes", [False, True])
async def test_a_large_file_that_was_cut_goes_on_where_it_was_unless_it_has_changed(
    drive: DriveService, shelf: Shelf, hand: Hand, monkeypatch: pytest.MonkeyPatch, changes: bool
) -> None:
    monkeypatch.setattr(large, "PART_BYTES", 400_000)
    monkeypatch.setattr(large, "LARGE_BYTES", 1_000_000)
    shelf.etag, shelf.stops_at = '"one"', 1_000_000
    shelf.files = {"film.mp4": os.urandom(2_000_000)}
    job = await cut_within(Movers(drive, HURRY), hand, shelf)
    if changes:
        shelf.files = {"film.mp4": os.urandom(2_000_000)}
    job = await run(Movers(drive, HURRY), hand.actor, await Movers(drive).one(hand.actor, job.id))
    assert (job.state, job.done, job.not_taken) == ("done", 1, 0)
    assert shelf.starts == [0, 0 if changes else 800_000]
    assert await tree_of(hand, job.target) == dict(shelf.files)
    assert await drive.uploads.listing(hand.actor, large.DOOR) == []


async def test_without_an_etag_a_large_file_begins_again(
    drive: DriveService, shelf: Shelf, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "LARGE_BYTES", 1_000_000)
    shelf.files = {"film.mp4": bytes(2_000_000)}
    shelf.stops_at = 1_000_000
    movers = Movers(drive, HURRY)
    job = await movers.begin(hand.actor, WANTED)
    await movers._look()
    await asyncio.wait_for(shelf.hangs.wait(), WITHIN_S)
    await movers.close()
    shelf.stops_at = 0
    assert (await run(Movers(drive, HURRY), hand.actor, await movers.one(hand.actor, job.id))).state == "done"
    assert shelf.starts == [0, 0]


async def test_the_password_is_forgotten_with_the_end(movers: Movers, shelf: Shelf, hand: Hand) -> None:
    some_files(shelf, 3)
    begun = await movers.begin(hand.actor, WANTED)
    assert begun.sealed_access
    assert b"quince" not in begun.sealed_access
    assert (await run(movers, hand.actor, begun)).sealed_access == b""


async def test_a_run_that_was_cut_anywhere_goes_on_and_brings_each_file_once(
    movers: Movers, shelf: Shelf, hand: Hand
) -> None:
    expected = some_files(shelf)
    job = await movers.begin(hand.actor, WANTED)
    for number in range(12):
        cut = asyncio.Event()
        left = [7 + 20 * (number % 3)]

        def after(_path: str, left: list[int] = left, cut: asyncio.Event = cut) -> None:
            left[0] -= 1
            if left[0] == 0:
                cut.set()

        shelf.after = after
        await movers._look()
        (_person, task) = movers._tasks.get(job.id, (None, None))
        if task is None:
            break
        waiting = asyncio.create_task(cut.wait())
        await asyncio.wait({waiting, task}, return_when=asyncio.FIRST_COMPLETED, timeout=WITHIN_S)
        waiting.cancel()
        task.cancel()  # as a kill, but for what is noted on the way out
        await asyncio.gather(task, return_exceptions=True)
    shelf.after = lambda _path: None
    job = await run(movers, hand.actor, await movers.one(hand.actor, job.id))
    assert (job.state, job.done) == ("done", 300)
    assert await tree_of(hand, job.target) == expected


async def test_what_is_here_already_does_not_come_twice(movers: Movers, shelf: Shelf, hand: Hand) -> None:
    expected = some_files(shelf, 50)
    await moved(movers, hand.actor)
    read = len(shelf.read)
    job = await moved(movers, hand.actor)
    assert (job.done, job.same) == (50, 50)
    assert await tree_of(hand, job.target) == expected
    assert len(shelf.read) == read


async def test_what_the_person_has_changed_stays_beside_what_comes(
    movers: Movers, shelf: Shelf, hand: Hand
) -> None:
    shelf.files = {"a.txt": b"theirs", "same.txt": b"equal", "f": b"a file"}
    folder = await hand.folder("Elsewhere")
    await hand.file("a.txt", b"mine", folder)
    await hand.file("same.txt", b"equal", folder)
    await hand.folder("f", folder)
    job = await moved(movers, hand.actor)
    assert await tree_of(hand, job.target) == {
        "a.txt": b"mine",
        "a (2).txt": b"theirs",
        "same.txt": b"equal",
        "f": None,
        "f (2)": b"a file",
    }
    assert (job.done, job.same) == (3, 1)


async def test_a_folder_finds_its_place_beside_a_file_of_its_name(
    movers: Movers, shelf: Shelf, hand: Hand
) -> None:
    shelf.files = {"f/a.txt": b"a", "f/b.txt": b"b"}
    await hand.file("f", b"mine", await hand.folder("Elsewhere"))
    job = await moved(movers, hand.actor)
    expected = {"f": b"mine", "f (2)": None, "f (2)/a.txt": b"a", "f (2)/b.txt": b"b"}
    assert await tree_of(hand, job.target) == expected


async def test_one_file_that_cannot_come_is_told_of_and_the_others_come(
    movers: Movers, shelf: Shelf, hand: Hand
) -> None:
    shelf.files = {"a.txt": b"a", "b\x07ad.txt": b"b", "../c.txt": b"c", "d" * 300: b"d", "e.txt": b"e"}
    job = await moved(movers, hand.actor)
    left = {one.place: one.why for one in await movers.not_taken(job)}
    assert (job.state, job.done, job.not_taken) == ("done", 2, 3)
    assert left == {"b\x07ad.txt": "name", "../c.txt": "name", "d" * 300: "name"}
    assert await hand.names() == ["Elsewhere"]


async def test_a_source_that_goes_away_for_a_moment_is_waited_for(
    movers: Movers, shelf: Shelf, hand: Hand
) -> None:
    expected = some_files(shelf, 20)
    shelf.moods = [SourceAway("away"), SourceAway("slow"), SourceAway("away")]
    job = await moved(movers, hand.actor)
    assert job.state == "done"
    assert await tree_of(hand, job.target) == expected


@pytest.mark.parametrize(
    ("mood", "why"), [(SourceAway("away"), "away"), (SourceRefused("password"), "password")]
)
async def test_a_source_that_stays_away_pauses_and_says_why_and_goes_on(
    movers: Movers, shelf: Shelf, hand: Hand, mood: Exception, why: str
) -> None:
    expected = some_files(shelf, 30)
    job = await movers.begin(hand.actor, WANTED)
    shelf.moods = [mood] * 200
    job = await run(movers, hand.actor, job)
    assert (job.state, job.why) == ("paused", why)
    assert job.sealed_access
    shelf.moods = []
    await movers.go_on(hand.actor, job.id, "another password")
    job = await run(movers, hand.actor, await movers.one(hand.actor, job.id))
    assert job.state == "done"
    assert await tree_of(hand, job.target) == expected


async def test_a_full_drive_pauses_and_nothing_is_half_there(
    movers: Movers, shelf: Shelf, hand: Hand, house: House
) -> None:
    expected = some_files(shelf, 40)
    reach = await hand.drive.room.reach(hand.actor)

    async def allow(limit: int) -> None:
        def work(connection: Connection) -> None:
            mine = update(spaces).where(spaces.c.id == reach.space.id)
            connection.execute(mine.values(quota_bytes=limit))

        await house.context.database.write(work)
        hand.drive.room.forget(hand.actor.id)
        house.clock.time_s += 60  # what was remembered of it is asked for again

    await allow(2_000)
    job = await moved(movers, hand.actor)
    assert (job.state, job.why) == ("paused", "full")
    there = await tree_of(hand, job.target)
    assert there.items() <= expected.items()
    await allow(0)
    await movers.go_on(hand.actor, job.id)
    job = await run(movers, hand.actor, await movers.one(hand.actor, job.id))
    assert await tree_of(hand, job.target) == expected


async def test_a_person_pauses_goes_on_and_ends_it(movers: Movers, shelf: Shelf, hand: Hand) -> None:
    some_files(shelf)
    job = await movers.begin(hand.actor, WANTED)
    await movers._look()
    await movers.pause(hand.actor, job.id)
    job = await movers.one(hand.actor, job.id)
    assert (job.state, job.why) == ("paused", "asked")
    await movers._look()
    assert not movers._tasks
    await movers.go_on(hand.actor, job.id)
    await movers._look()
    await movers.cancel(hand.actor, job.id)
    job = await movers.one(hand.actor, job.id)
    assert (job.state, job.sealed_access) == ("cancelled", b"")
    await movers.remove(hand.actor, job.id)
    assert await movers.of(hand.actor) == []


async def test_nothing_comes_for_somebody_who_is_gone(movers: Movers, shelf: Shelf, hand: Hand) -> None:
    some_files(shelf)
    job = await movers.begin(hand.actor, WANTED)
    await movers._look()
    await movers.forget(hand.actor.id)
    assert not movers._tasks
    await movers._look()
    assert not movers._tasks
    assert await movers.of(hand.actor) == []
    assert job.id


async def test_another_person_sees_nothing_of_it(
    movers: Movers, shelf: Shelf, hand: Hand, house: House
) -> None:
    some_files(shelf, 2)
    job = await movers.begin(hand.actor, WANTED)
    eve = house.person("eve")
    for act in (movers.pause, movers.cancel, movers.remove, movers.go_on, movers.one):
        with pytest.raises(NoSuchMoveIn):
            await act(eve, job.id)
    assert await movers.of(eve) == []


@pytest.mark.parametrize(
    "url",
    ["", "ftp://files.example.org/", "https://ada:quince@files.example.org/", "https:///x", "https://a:b/"],
)
async def test_what_is_no_address_is_refused(movers: Movers, hand: Hand, url: str) -> None:
    with pytest.raises(BadInput):
        await movers.begin(hand.actor, Wanted(kind="webdav", into="", url=url))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8600/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://10.0.0.1/",
        "https://169.254.169.254/",
        "http://files.example.org/",
    ],
)
async def test_addresses_of_the_own_network_are_not_asked(movers: Movers, hand: Hand, url: str) -> None:
    with pytest.raises(SourceUnusable) as refused:
        await movers.begin(hand.actor, Wanted(kind="webdav", into="", url=url, name="ada", secret="quince"))
    assert "address" in refused.value.values["reason"]
    assert "quince" not in str(refused.value.values)
