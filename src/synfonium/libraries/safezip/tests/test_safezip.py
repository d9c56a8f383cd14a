"""What we write others read, what enemies write we refuse."""

import io
import os
import random
import shutil
import stat
import struct
import subprocess
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from io import FileIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synfonium.libraries.safezip import BadZip, Limits, SafeNames, SafeZip, Spool, ZipStream, is_safe_path
from synfonium.libraries.safezip.names import path_key, safe_segment


def written(folder: Path, files: dict[str, bytes], rows: bytes = b"") -> Path:
    path = folder / "a.zip"
    with FileIO(path, "xb") as file:
        stream = ZipStream(file, folder)
        for name, content in files.items():
            stream.begin(name, len(content), 1_700_000_000.0)
            stream.write(content)
            stream.end()
        if rows:
            spool = Spool(folder)
            spool.write(rows)
            stream.add("rows.jsonl", spool)
            spool.close()
        stream.finish()
    return path


def test_an_archive_is_read_by_another_program_and_by_us(tmp_path: Path) -> None:
    files = {"Été/a.txt": b"one", "b.bin": os.urandom(300_000), "empty": b""}
    path = written(tmp_path, files, b'{"a":1}\n' * 5000)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {n: archive.read(n) for n in files} == files
    with SafeZip(path) as ours:
        assert {n: b"".join(ours.read(n)) for n in files} == files
        assert b"".join(ours.read("rows.jsonl")) == b'{"a":1}\n' * 5000
    unzip = shutil.which("unzip")
    if unzip:
        assert subprocess.run([unzip, "-tqq", path], check=False).returncode == 0


def test_an_entry_of_more_than_four_gibibytes_is_told_in_64_bits(tmp_path: Path) -> None:
    path, hole = tmp_path / "big.zip", 0x1_0000_0005
    with FileIO(path, "xb") as file:
        stream = ZipStream(file, tmp_path)
        stream.begin("big", hole)
        file.seek(hole, os.SEEK_CUR)  # a hole costs no disk; its CRC is not asked for here
        stream._at += hole
        stream._written = hole
        stream.end()
        stream.begin("after", 3)
        stream.write(b"abc")
        stream.end()
        stream.finish()
    with SafeZip(path) as ours, zipfile.ZipFile(path) as archive:
        assert ours.entries["big"].size_bytes == hole == archive.getinfo("big").file_size
        assert b"".join(ours.read("after")) == b"abc" == archive.read("after")


def by_zipfile(path: Path, build: Callable[[zipfile.ZipFile], None]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        build(archive)
    return path


def symlink(archive: zipfile.ZipFile, kind: int = stat.S_IFLNK) -> None:
    info = zipfile.ZipInfo("link")
    info.create_system, info.external_attr = 3, (kind | 0o777) << 16
    archive.writestr(info, "/etc/passwd")


BAD_NAMES = [
    "../up", "a/../../up", "/etc/passwd", "C:/windows", "C:up", "a\\..\\up", "a//b", "./a", "a/.", "con",
    "aux.txt", "a/nul", "a\x00b"[:1] + "\x01", "trailing.", "trailing ", "a:stream", "\u202etxt.exe", "a\nb",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_path_that_leaves_its_place_on_some_system_is_refused(tmp_path: Path, name: str) -> None:
    assert not is_safe_path(name)
    with pytest.raises(BadZip):
        SafeZip(by_zipfile(tmp_path / "z", lambda a: a.writestr(name, "x")))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_what_is_no_plain_file_is_refused(tmp_path: Path, kind: int) -> None:
    with pytest.raises(BadZip):
        SafeZip(by_zipfile(tmp_path / "z", lambda a: symlink(a, kind)))


@pytest.mark.parametrize("twin", ["A", "a"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(tmp_path: Path, twin: str) -> None:
    with pytest.raises(BadZip):
        SafeZip(by_zipfile(tmp_path / "z", lambda a: (a.writestr("a", "1"), a.writestr(twin, "2"))[0]))


def test_two_spellings_of_one_accent_are_one_name(tmp_path: Path) -> None:
    names = ["é", unicodedata.normalize("NFD", "é")]

    def build(archive: zipfile.ZipFile) -> None:
        for name in names:
            archive.writestr(name, "x")

    with pytest.raises(BadZip):
        SafeZip(by_zipfile(tmp_path / "z", build))


def test_a_bomb_is_refused_by_what_it_says(tmp_path: Path) -> None:
    def build(archive: zipfile.ZipFile) -> None:
        archive.writestr("zeros", bytes(32 << 20), zipfile.ZIP_DEFLATED)

    with pytest.raises(BadZip, match="unpacks"):
        SafeZip(by_zipfile(tmp_path / "z", build))
    with pytest.raises(BadZip, match="room"):
        SafeZip(tmp_path / "z", Limits(most_bytes=1000))


def test_a_bomb_that_lies_about_its_size_ends_at_that_size(tmp_path: Path) -> None:
    path = by_zipfile(tmp_path / "z", lambda a: a.writestr("zeros", bytes(32 << 20), zipfile.ZIP_DEFLATED))
    raw = path.read_bytes().replace(struct.pack("<L", 32 << 20), struct.pack("<L", 1000))
    path.write_bytes(raw)
    with SafeZip(path) as archive, pytest.raises(BadZip, match="larger"):
        assert sum(len(piece) for piece in archive.read("zeros")) < 3 << 20


def overlapping(count: int = 200) -> bytes:
    """One kernel of zeros behind many names (as David Fifield's "a better zip bomb")."""
    packed = zlib.compress(bytes(1 << 20), 9)[2:-4]
    local = struct.pack(
        "<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, zlib.crc32(bytes(1 << 20)), len(packed), 1 << 20, 4, 0
    )
    body, directory = local + b"name" + packed, b""
    for _ in range(count):
        head = (
            b"PK\1\2",
            20,
            20,
            0,
            8,
            0,
            0,
            zlib.crc32(bytes(1 << 20)),
            len(packed),
            1 << 20,
            4,
            0,
            0,
            0,
            0,
            0,
            0,
        )
        directory += struct.pack("<4s6H3L5H2L", *head) + b"name"
    return (
        body
        + directory
        + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), len(body), 0)
    )


def test_entries_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(overlapping(1))
    with SafeZip(tmp_path / "one") as archive:
        assert len(b"".join(archive.read("name"))) == 1 << 20
    raw = bytearray(overlapping(2))
    second = raw.rindex(b"name")
    raw[second : second + 4] = b"nam2"
    (tmp_path / "two").write_bytes(raw)
    with pytest.raises(BadZip):
        SafeZip(tmp_path / "two")


def test_a_wrong_checksum_is_found(tmp_path: Path) -> None:
    path = written(tmp_path, {"a": b"hello hello"})
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"hello hello", b"hello hullo"))
    with SafeZip(path) as archive, pytest.raises(BadZip, match="damaged"):
        list(archive.read("a"))


def test_a_list_of_too_many_files_is_not_read(tmp_path: Path) -> None:
    path = written(tmp_path, {str(n): b"" for n in range(20)})
    with pytest.raises(BadZip, match="too many"):
        SafeZip(path, Limits(most_entries=19))


def test_a_claim_of_four_thousand_million_files_costs_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, {"a": b"x"})
    raw = bytearray(path.read_bytes())
    at = raw.rindex(b"PK\6\6")
    struct.pack_into("<2Q", raw, at + 24, 1 << 40, 1 << 40)
    end = raw.rindex(b"PK\5\6")
    struct.pack_into("<2H", raw, end + 8, 0xFFFF, 0xFFFF)
    path.write_bytes(raw)
    with pytest.raises(BadZip):
        SafeZip(path)


@pytest.mark.parametrize("what", ["fifo", "symlink", "folder", "absent"])
def test_what_is_no_file_is_not_opened(tmp_path: Path, what: str) -> None:
    path = tmp_path / what
    if what == "fifo":
        os.mkfifo(path)
    elif what == "symlink":
        path.symlink_to("/etc/passwd")
    elif what == "folder":
        path.mkdir()
    with pytest.raises((BadZip, OSError)):
        SafeZip(path)


def read_all(path: Path) -> None:
    with SafeZip(path) as archive:
        for name in archive.entries:
            for _ in archive.read(name):
                pass


def test_no_cut_and_no_flipped_byte_is_taken_for_the_whole(tmp_path: Path) -> None:
    files = {"a": b"some content", "Été/b": os.urandom(500)}
    path = written(tmp_path, files, b'{"id":"1"}\n' * 40)
    raw, chance = path.read_bytes(), random.Random(4)
    for at in range(0, len(raw), 3):
        (tmp_path / "cut").write_bytes(raw[:at])
        with pytest.raises(BadZip):
            read_all(tmp_path / "cut")
    for _ in range(600):
        flipped = bytearray(raw)
        flipped[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        (tmp_path / "flip").write_bytes(flipped)
        try:
            with SafeZip(tmp_path / "flip") as archive:
                found = {n: b"".join(archive.read(n)) for n in archive.entries}
        except BadZip:
            continue
        # Only what nobody relies on may differ: times and modes.
        assert {n: found.get(n) for n in files} == files


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=30))
def test_every_name_gets_a_path_that_is_safe_and_its_own(names: list[str]) -> None:
    given_out = SafeNames()
    paths = [given_out.take(f"files/{name}") for name in names]
    assert all(is_safe_path(path) for path in paths)
    assert len({path_key(path) for path in paths}) == len(paths)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_making_a_name_safe_twice_changes_nothing_more(name: str) -> None:
    assert safe_segment(safe_segment(name)) == safe_segment(name)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_noise_is_refused_and_never_a_mistake_of_ours(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.zip"
    path.write_bytes(noise + overlapping(1)[-22:] if len(noise) % 2 else noise)
    with pytest.raises(BadZip):
        read_all(path)


def test_what_was_announced_larger_is_not_written(tmp_path: Path) -> None:
    with FileIO(tmp_path / "z", "xb") as file:
        stream = ZipStream(file, tmp_path)
        stream.begin("a", 5)
        stream.write(b"four")
        with pytest.raises(ValueError):
            stream.end()


def test_an_archive_within_an_archive_stays_closed(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(64 << 20))
    path = by_zipfile(tmp_path / "z", lambda a: a.writestr("inner.zip", inner.getvalue()))
    with SafeZip(path) as ours:
        assert b"".join(ours.read("inner.zip")) == inner.getvalue()
