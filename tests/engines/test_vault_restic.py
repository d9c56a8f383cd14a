"""Backups by restic: what is stored comes back, and what cannot be is said in one word."""

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from synfonium.engines.vault.restic import ResticVault
from synfonium.ports.vault import Hollow, VaultError

KEY = "0000-1111"


@pytest.fixture(autouse=True)
def restic(program: Callable[[str], str]) -> str:
    return program("restic")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "a [strange] folder*"
    (made / "deep" / "run").mkdir(parents=True)
    (made / "deep" / "file").write_bytes(os.urandom(300_000))
    (made / "deep" / "run" / "socket").write_bytes(b"not this")
    (made / "key").write_bytes(b"secret words")
    (made / "key").chmod(0o600)
    return made


async def quiet(done: float, total: float) -> None: ...


async def made(place: Path, key: str = KEY) -> ResticVault:
    vault = ResticVault(str(place), key)
    await vault.create()
    return vault


async def test_what_was_stored_comes_back_without_what_was_left_out(tmp_path: Path, folder: Path) -> None:
    vault = await made(tmp_path / "place")
    stored = await vault.store(folder, leave_out=["*/run"], told=quiet)
    assert (stored.files, stored.left_out) == (2, ())
    await vault.fetch(stored.id, tmp_path / "back", told=quiet)
    assert (tmp_path / "back" / "deep" / "file").read_bytes() == (folder / "deep" / "file").read_bytes()
    assert (tmp_path / "back" / "key").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "back" / "deep" / "run").exists()


async def test_a_second_backup_adds_only_what_is_new_and_old_ones_can_go(
    tmp_path: Path, folder: Path
) -> None:
    vault = await made(tmp_path / "place")
    first = await vault.store(folder, leave_out=[], told=quiet)
    second = await vault.store(folder, leave_out=[], told=quiet)
    assert second.added_bytes < first.added_bytes / 10
    assert [kept.id[:8] for kept in await vault.kept()] == [first.id[:8], second.id[:8]]
    await vault.thin(keep_daily=1, keep_weekly=1)
    assert [kept.id[:8] for kept in await vault.kept()] == [second.id[:8]]
    await vault.verify(share=1)


async def test_nothing_that_is_stored_can_be_read_there(tmp_path: Path, folder: Path) -> None:
    vault = await made(tmp_path / "place")
    await vault.store(folder, leave_out=[], told=quiet)
    there = b"".join(path.read_bytes() for path in (tmp_path / "place").rglob("*") if path.is_file())
    assert b"secret words" not in there
    assert (folder / "deep" / "file").read_bytes()[:64] not in there


async def test_each_refusal_has_its_reason(tmp_path: Path, folder: Path) -> None:
    place = tmp_path / "place"
    vault = await made(place)
    stored = await vault.store(folder, leave_out=[], told=quiet)
    assert await reason(ResticVault(str(place), "other").exists()) == "wrong_key"
    assert not await ResticVault(str(tmp_path / "nothing"), KEY).exists()
    assert await reason(ResticVault(str(folder), KEY).create()) == "strange"
    assert await reason(vault.fetch("0123abcd", tmp_path / "back", told=quiet)) == "absent"
    for pack in (place / "data").rglob("*"):
        if pack.is_file():
            pack.chmod(0o600)
            pack.write_bytes(pack.read_bytes()[:-200] + os.urandom(200))
    assert await reason(vault.fetch(stored.id, tmp_path / "back", told=quiet)) == "damaged"


async def test_a_full_place_is_said_to_be_full(small_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "big").write_bytes(os.urandom(20_000_000))
    vault = await made(small_folder / "place")
    assert await reason(vault.store(tmp_path / "home", leave_out=[], told=quiet)) == "full"
    assert await vault.kept() == []


async def test_a_cancelled_backup_ends_its_program_and_is_in_no_list(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    for number in range(30):
        (tmp_path / "home" / str(number)).write_bytes(os.urandom(10_000_000))
    vault, begun = await made(tmp_path / "place"), asyncio.Event()

    async def told(done: float, total: float) -> None:
        begun.set()

    storing = asyncio.create_task(vault.store(tmp_path / "home", leave_out=[], told=told))
    await asyncio.wait_for(begun.wait(), 30)
    storing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await storing
    await vault.mend()
    assert await vault.kept() == []


async def test_without_restic_its_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(VaultError, match="apt-get install restic"):
        await ResticVault(str(tmp_path / "place"), KEY).create()


async def test_no_key_is_in_a_command_line(tmp_path: Path, folder: Path) -> None:
    seen = []

    async def told(done: float, total: float) -> None:
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            words = process.read_bytes()
            if os.fsencode(tmp_path / "place") in words:
                seen.append(words)

    vault = await made(tmp_path / "place")
    await vault.store(folder, leave_out=[], told=told)
    assert seen
    assert not [words for words in seen if KEY.encode() in words]


async def reason(work: object) -> str:
    with pytest.raises(VaultError) as refused:
        await work  # type: ignore[misc]
    return refused.value.reason


async def test_files_that_cannot_be_read_are_named_and_the_rest_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As restic 0.14 says it of a file that its user may not open."""
    home = tmp_path / "home"
    home.mkdir()
    summary = {"message_type": "summary", "data_added": 5, "total_bytes_processed": 2}
    summary |= {"total_files_processed": 1, "snapshot_id": "819bf62b"}
    said = f"""#!/bin/sh
echo '{{"message_type":"error","error":{{"Err":13}},"during":"archival","item":"{home}/apps/no"}}' >&2
echo '{json.dumps(summary)}'
exit 3
"""
    (tmp_path / "restic").write_text(said)
    (tmp_path / "restic").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    stored = await ResticVault(str(tmp_path / "place"), KEY).store(home, leave_out=[], told=quiet)
    assert stored.left_out == ("apps/no",)
    assert stored.id == "819bf62b"


def hole(path: Path, size_bytes: int) -> None:
    path.write_bytes(b"")
    os.truncate(path, size_bytes)
    os.utime(path, (10, 10))


async def test_content_is_taken_over_from_the_backup_before_and_streams_back(tmp_path: Path) -> None:
    vault, home = await made(tmp_path / "place"), tmp_path / "home"
    (home / "far" / "a").mkdir(parents=True)
    first, second = os.urandom(200_000), os.urandom(5)
    (home / "far" / "a" / "one").write_bytes(first)
    os.utime(home / "far" / "a" / "one", (10, 10))
    part = await vault.store(
        home,
        leave_out=[],
        told=quiet,
        hollow=Hollow(folder="far", whole=frozenset({"a/one"})),
        is_part=True,
    )
    assert await vault.kept() == []
    assert await vault.latest() == part.id
    hole(home / "far" / "a" / "one", 200_000)
    (home / "far" / "a" / "two").write_bytes(second)
    hollow = Hollow(folder="far", after=part.id, whole=frozenset({"a/two"}), holes=1)
    stored = await vault.store(home, leave_out=[], told=quiet, hollow=hollow)
    assert [kept.id for kept in await vault.kept()] == [stored.id]
    listed = [found async for found in vault.listed(stored.id, "far")]
    assert sorted(listed) == [("a/one", 200_000), ("a/two", 5)]
    found: dict[str, bytes] = {}

    def take(path: str, content: IO[bytes]) -> None:
        found[path] = content.read()

    await vault.thin(keep_daily=1, keep_weekly=1)
    await vault.read(stored.id, "far", take)
    assert found == {"a/one": first, "a/two": second}
    await vault.fetch(stored.id, tmp_path / "back", told=quiet, leave_out="far")
    assert not (tmp_path / "back" / "far").exists()


async def test_a_hole_is_never_stored_as_content(tmp_path: Path) -> None:
    vault, home = await made(tmp_path / "place"), tmp_path / "home"
    one = home / "far" / "one"
    one.parent.mkdir(parents=True)
    one.write_bytes(b"words")
    os.utime(one, (10, 10))
    whole = Hollow(folder="far", whole=frozenset({"one"}))
    part = await vault.store(home, leave_out=[], told=quiet, hollow=whole, is_part=True)

    async def need_refused(holes: int = 1) -> None:
        hollow = Hollow(folder="far", after=part.id, holes=holes)
        with pytest.raises(VaultError):
            await vault.store(home, leave_out=[], told=quiet, hollow=hollow)

    hole(one, 6)
    await need_refused()
    hole(one, 5)
    await need_refused(holes=2)
    os.utime(one, (11, 11))
    await need_refused()
    hole(one, 5)
    one.rename(home / "far" / "unknown")
    await need_refused()
    assert await vault.kept() == []
    assert await vault.latest() == part.id, "a draft is nobody's parent"
