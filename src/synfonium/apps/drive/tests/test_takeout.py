"""Google Takeout: its true structure, and archives of enemies."""

import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from synfonium.apps.drive.errors import SourceUnusable
from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.model.move_in import MoveIn
from synfonium.apps.drive.moving.movers import Movers
from synfonium.apps.drive.moving.port import Patience
from synfonium.apps.drive.moving.sidecars import Sidecars
from synfonium.apps.drive.moving.wanted import Wanted
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.tests import takeout
from synfonium.apps.drive.tests.conftest import Hand
from synfonium.apps.drive.tests.takeout import TAKEN_S, note_of, tgz_of, zip_of
from synfonium.apps.drive.tests.test_moving_in import run, tree_of

PICTURE = "Google Photos/Photos from 2017"
FILES = {
    "archive_browser.html": b"<html>",
    "Drive/Été/lettre.docx": b"a letter" * 1000,
    "Drive/empty/": b"",
    f"{PICTURE}/IMG_1.jpg": b"picture 1",
    f"{PICTURE}/IMG_1.jpg.supplemental-metadata.json": note_of("IMG_1.jpg"),
    f"{PICTURE}/IMG_1(1).jpg": b"picture 1 again",
    f"{PICTURE}/IMG_1.jpg.supplemental-metadata(1).json": note_of("IMG_1.jpg", TAKEN_S + 1),
    f"{PICTURE}/IMG_1-edited.jpg": b"picture 1 edited",
    f"{PICTURE}/old.jpg": b"old",
    f"{PICTURE}/old.jpg.json": note_of("old.jpg", TAKEN_S + 2),
    f"{PICTURE}/a_picture_whose_name_is_longer_than_google_keeps.jpg": b"long",
    f"{PICTURE}/a_picture_whose_name_is_longer_than_google_kee.json": note_of("long.jpg", TAKEN_S + 3),
    f"{PICTURE}/metadata.json": b'{"title": "Photos from 2017"}',
}
TIMES = {
    "IMG_1.jpg": TAKEN_S,
    "IMG_1(1).jpg": TAKEN_S + 1,
    "IMG_1-edited.jpg": TAKEN_S,
    "old.jpg": TAKEN_S + 2,
    "a_picture_whose_name_is_longer_than_google_keeps.jpg": TAKEN_S + 3,
}


@pytest.fixture
def movers(drive: DriveService) -> Movers:
    return Movers(drive, Patience((0.0,)))


async def taken(movers: Movers, hand: Hand, *archives: bytes, keeps_notes: bool = False) -> MoveIn:
    nodes = [await hand.file(f"takeout-2026-{n:03}.zip", one) for n, one in enumerate(archives, 1)]
    wanted = Wanted(kind="takeout", into="Google", archives=tuple(nodes), keeps_notes=keeps_notes)
    return await run(movers, hand.actor, await movers.begin(hand.actor, wanted))


async def times_of(hand: Hand, path: str) -> dict[str, float]:
    folder = (await hand.drive.tree.resolve(hand.actor, path.split("/")))[-1]
    listing = await hand.drive.tree.listing(hand.actor, folder.id)
    return {node.name: node.modified_s for node in listing.entries}


@pytest.mark.parametrize("pack", [zip_of, tgz_of])
async def test_files_and_pictures_come_with_the_time_they_were_taken(
    movers: Movers, hand: Hand, pack: type
) -> None:
    job = await taken(movers, hand, pack(FILES))
    assert (job.state, job.not_taken) == ("done", 0)
    there = await tree_of(hand, job.target)
    expected = {path: content for path, content in FILES.items() if not path.endswith("/")}
    gone = {
        "archive_browser.html",
        *(p for p in expected if p.endswith(".json") and "metadata.json" not in p),
    }
    gone |= {p for p in expected if "supplemental" in p}
    assert {p: c for p, c in there.items() if c is not None} == {
        p: c for p, c in expected.items() if p not in gone
    }
    assert there["Drive/empty"] is None
    times = await times_of(hand, f"Google/{PICTURE}")
    assert {name: times[name] for name in TIMES} == TIMES
    assert (await times_of(hand, "Google/Drive/Été"))["lettre.docx"] == 1_614_834_368


async def test_the_parts_of_a_split_archive_make_one_tree(movers: Movers, hand: Hand) -> None:
    first = {path: FILES[path] for path in FILES if not path.endswith(".json")}
    second = {path: FILES[path] for path in FILES if path.endswith(".json")}
    job = await taken(movers, hand, zip_of(first), zip_of(second))
    assert (job.state, job.not_taken) == ("done", 0)
    times = await times_of(hand, f"Google/{PICTURE}")
    assert {name: times[name] for name in TIMES} == TIMES


async def test_google_s_notes_come_too_for_who_wants_them(movers: Movers, hand: Hand) -> None:
    job = await taken(movers, hand, zip_of(FILES), keeps_notes=True)
    there = await tree_of(hand, job.target)
    assert f"{PICTURE}/old.jpg.json" in there


async def test_zip64_and_many_entries_are_read(movers: Movers, hand: Hand, tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(300):
            archive.writestr(f"Takeout/Drive/{number}.txt", str(number))
        with archive.open("Takeout/Drive/large.bin", "w", force_zip64=True) as large:
            large.write(b"large")
    job = await taken(movers, hand, path.read_bytes())
    assert (job.done, job.not_taken) == (301, 0)


HOSTILE_NAMES = [
    "../out.txt",
    "a/../../out.txt",
    "/etc/out.txt",
    "a//b.txt",
    "..\\out.txt",
    "a/./b",
    "\x01.txt",
]


@pytest.mark.parametrize("pack", [zip_of, tgz_of])
async def test_nothing_leaves_its_place(movers: Movers, hand: Hand, pack: type) -> None:
    files = dict.fromkeys(HOSTILE_NAMES, b"out") | {"ok.txt": b"ok"}
    job = await taken(movers, hand, pack(files, top=""))
    assert job.state == "done"
    assert await tree_of(hand, job.target) == {"ok.txt": b"ok"}
    assert {one.why for one in await movers.not_taken(job)} == {"name"}
    assert await hand.names() == ["Google", "takeout-2026-001.zip"]


async def test_links_and_devices_are_not_followed(movers: Movers, hand: Hand) -> None:
    job = await taken(movers, hand, takeout.tar_with_links())
    assert await tree_of(hand, job.target) == {"ok.txt": b"ok"}
    assert sorted(one.why for one in await movers.not_taken(job)) == ["kind", "link", "link"]


async def test_a_bomb_is_told_of_and_unpacked_nowhere(movers: Movers, hand: Hand) -> None:
    job = await taken(movers, hand, takeout.bomb_in_zip("zeros", 40_000_000))
    assert {one.why for one in await movers.not_taken(job)} == {"bomb"}
    assert await tree_of(hand, job.target) == {}


async def test_entries_that_share_bytes_are_not_read(movers: Movers, hand: Hand) -> None:
    job = await taken(movers, hand, takeout.overlapping_zip())
    assert "bomb" in {one.why for one in await movers.not_taken(job)}
    assert job.done <= 1


async def test_what_is_encrypted_is_refused_clearly(movers: Movers, hand: Hand) -> None:
    packed = bytearray(zip_of({"secret.txt": b"secret", "ok.txt": b"ok"}))
    first = packed.find(b"PK\1\2")
    (flags,) = struct.unpack_from("<H", packed, first + 8)
    struct.pack_into("<H", packed, first + 8, flags | 1)
    job = await taken(movers, hand, bytes(packed))
    assert {one.place: one.why for one in await movers.not_taken(job)} == {"secret.txt": "encrypted"}
    assert await tree_of(hand, job.target) == {"ok.txt": b"ok"}


async def test_a_flipped_byte_is_found_and_the_rest_comes(movers: Movers, hand: Hand) -> None:
    packed = bytearray(zip_of({"a.txt": b"a" * 5000, "ok.txt": b"ok"}, method=zipfile.ZIP_STORED))
    packed[200] ^= 1
    job = await taken(movers, hand, bytes(packed))
    assert {one.place: one.why for one in await movers.not_taken(job)} == {"a.txt": "damaged"}
    assert await tree_of(hand, job.target) == {"ok.txt": b"ok"}


async def test_an_archive_that_lies_anywhere_harms_nothing(movers: Movers, hand: Hand) -> None:
    """Each cut and many flips: refused, paused or taken in part; never a mistake of ours."""
    small = {"Drive/a.txt": b"a" * 300, "Drive/b/c.txt": b"c", f"{PICTURE}/x.jpg.json": note_of("x.jpg")}
    for pack in (zip_of, tgz_of):
        whole = pack(small)
        for at in range(0, len(whole), max(1, len(whole) // 12)):
            for lie in (whole[:at], whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]):
                node = await hand.file(f"takeout-{at}.zip", lie)
                wanted = Wanted(kind="takeout", into="Google", archives=(node,))
                try:
                    job = await movers.begin(hand.actor, wanted)
                except SourceUnusable:
                    continue
                job = await run(movers, hand.actor, job)
                assert job.state == "done" or job.why in ("archive", "bomb", "many"), (at, job.why)
                await movers.remove(hand.actor, job.id)


async def test_a_file_that_is_no_archive_is_refused(movers: Movers, hand: Hand) -> None:
    for content in (b"", b"PK", b"not an archive" * 100, tarfile.TarInfo("x").tobuf()[:100]):
        node = await hand.file("takeout.zip", content)
        with pytest.raises(SourceUnusable):
            await movers.begin(hand.actor, Wanted(kind="takeout", into="", archives=(node,)))


async def test_the_archive_of_another_person_is_not_there(movers: Movers, hand: Hand) -> None:
    wanted = Wanted(kind="takeout", into="", archives=(NodeId("01ARZ3NDEKTSV4RRFFQ69G5FAV"),))
    with pytest.raises(SourceUnusable):
        await movers.begin(hand.actor, wanted)


async def test_archives_are_found_in_the_drive(movers: Movers, hand: Hand) -> None:
    folder = await hand.folder("in here")
    await hand.file("takeout-20261101-001.zip", b"x", folder)
    await hand.file("Takeout.tgz", b"x")
    await hand.file("takeout.txt", b"x")
    assert {node.name for node in await movers.archives(hand.actor)} == {
        "takeout-20261101-001.zip",
        "Takeout.tgz",
    }


@pytest.mark.parametrize(
    ("note", "picture"),
    [
        ("a.jpg.json", "a.jpg"),
        ("a.jpg.supplemental-metadata.json", "a.jpg"),
        ("a.jpg.supplemental-meta.json", "a.jpg"),
        ("a.jpg.s.json", "a.jpg"),
        ("a.jpg(2).json", "a(2).jpg"),
        ("a.jpg.supplemental-metadata(2).json", "a(2).jpg"),
        ("a.HEIC.supplemental-metadata.json", "a.MP4"),
        ("a.jpg.json", "a-modifié.jpg"),
    ],
)
def test_the_note_of_a_picture_is_found_whatever_google_did_to_its_name(note: str, picture: str) -> None:
    sidecars = Sidecars()
    sidecars.add(f"f/{note}", 1.0)
    assert sidecars.find(f"f/{picture}") == (f"f/{note}", 1.0)
    assert sidecars.find(f"g/{picture}") is None
    assert sidecars.find("f/b.jpg") is None
