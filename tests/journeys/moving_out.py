"""A person with a bit of everything, and their archive, for the tests of your data."""

import json
import os
import unicodedata
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from synfonium.apps.drive.service import DriveService
from synfonium.common.ids import PersonId
from synfonium.kernel.actor import Person
from synfonium.testing.client import Installation

from .databases import query, tables

HOSTILE = [
    "CON",
    "a:b",
    "été.txt",
    unicodedata.normalize("NFD", "é") + "tude",
    "x.",
    "Read",
    "read",
    "\u202egpj.exe",
    "<>|?*",
]


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), 300_000):
        yield content[at : at + 300_000]


async def actor(house: Installation, name: str) -> Person:
    found = await house.call("identity.user_find", {"name": name})
    return Person(id=PersonId(found["id"]), name=name, display=found["display"], by_session=True)


async def furnish(house: Installation, name: str, marker: str = "") -> Person:
    """A drive with odd names, a large file, a trash, a property, a right, a PC with a home."""
    await house.person(name)
    person = await actor(house, name)
    drive: DriveService = house.context("drive").service
    top = (await drive.tree.top(person)).id
    deep = await drive.tree.ensure_folders(person, top, ["Photos", f"{marker}Étés", "2024"])
    for number, odd in enumerate(HOSTILE):
        await drive.files.write(
            person, top if number % 2 else deep, odd, pieces(f"{marker}{number}".encode())
        )
    await drive.files.write(person, deep, f"{marker}large.bin", pieces(os.urandom(2_500_000)))
    await drive.files.write(person, deep, "empty", pieces(b""))
    text = await drive.files.write(
        person, top, f"{marker}letter.txt", pieces(f"Dear {marker} friend".encode())
    )
    gone = await drive.files.write(person, deep, f"{marker}gone.txt", pieces(f"{marker}thrown away".encode()))
    await drive.trash.put(person, [gone.node.id])
    pc = await a_pc(house, person, marker)
    fabric = house.context("fabric").service
    await fabric.granting.give(
        person.id,
        "pc",
        f"drive:node/{text.node.id}",
        frozenset({"read"}),
        subject=f"pc:machine/{pc}",
        label=f"{marker}right",
    )
    return person


async def a_pc(house: Installation, person: Person, marker: str) -> str:
    broker = house.context("pc").service.broker
    machine = await broker.create(
        person.id,
        name=f"{marker}box",
        image="debian-desktop",
        cpus=1,
        memory_bytes=1 << 30,
        disk_bytes=1 << 30,
    )
    home = broker.folders(machine.id).home
    (home / "docs").mkdir(parents=True)
    (home / "docs" / f"{marker}note.txt").write_text(f"{marker} on a PC")
    (home / "docs" / "run.sh").write_bytes(b"#!/bin/sh\n")
    (home / "docs" / "run.sh").chmod(0o750)
    (home / "link").symlink_to("/etc/passwd")
    os.mkfifo(home / "pipe")
    return str(machine.id)


async def export(house: Installation, name: str, path: Path) -> dict[str, bytes]:
    await house.call("yourdata.export", {"name": name, "path": str(path)})
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {n: archive.read(n) for n in archive.namelist()}


def rows(files: dict[str, bytes], app: str, table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in files.get(f"apps/{app}/{table}.jsonl", b"").splitlines()]


# What any run changes, or works off by itself.
PASSING = ("_index_due", "_outbox", "_audit", "_audit_head", "_version", "sqlite_sequence")


def state_of(home: Path) -> dict[str, list[Any]]:
    """Every row of every app, without what any run changes."""
    found = {
        table: sorted(map(repr, query(home, app, f'SELECT * FROM "{table}"')))
        for app, table in tables(home)
        if not table.endswith(
            ("_index_due", "_outbox", "_audit", "_audit_head", "_version", "_scrub", "sqlite_sequence")
        )
    }
    assert found
    return found


def edited(source: Path, target: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    with zipfile.ZipFile(source) as archive:
        files = {n: archive.read(n) for n in archive.namelist()}
    change(files)
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target


def change_rows(app: str, table: str, **values: Any) -> Callable[[dict[str, bytes]], object]:
    def change(files: dict[str, bytes]) -> None:
        path = f"apps/{app}/{table}.jsonl"
        files[path] = b"\n".join(
            json.dumps({**json.loads(line), **values}).encode() for line in files[path].splitlines()
        )

    return change


def put(path: str, content: bytes) -> Callable[[dict[str, bytes]], object]:
    return lambda files: files.__setitem__(path, content)


def append(path: str, content: bytes) -> Callable[[dict[str, bytes]], object]:
    return lambda files: files.__setitem__(path, files[path] + content)
