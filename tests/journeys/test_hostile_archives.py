"""Archives that an enemy made are refused, and nothing of them stays."""

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from synfonium.common.problem import Problem
from synfonium.testing.client import installation

from .moving_out import append, change_rows, edited, export, furnish, put, state_of

NODES, SPACE, MANIFEST = "apps/drive/drive_node.jsonl", "apps/drive/drive_space.jsonl", "synfonium.json"
Change = Callable[[dict[str, bytes]], object]


def swap(path: str, old: bytes, new: bytes) -> Change:
    return lambda files: files.__setitem__(path, re.sub(old, new, files[path]))


def in_itself(files: dict[str, bytes]) -> None:
    lines = [json.loads(line) for line in files[NODES].splitlines()]
    files[NODES] = b"\n".join(json.dumps({**row, "parent": row["id"]}).encode() for row in lines)


def without(ending: str) -> Change:
    return lambda files: [files.pop(name) for name in list(files) if name.endswith(ending)]


def twice(path: str) -> Change:
    return lambda files: files.__setitem__(path, 2 * files[path])


BROKEN: dict[str, Change] = {
    "no manifest": lambda files: files.pop("synfonium.json"),
    "a manifest that is none": put(MANIFEST, b"[1,2"),
    "a deep manifest": put(MANIFEST, b"[" * 100_000),
    "another format": swap(MANIFEST, b"synfonium-person", b"x"),
    "an unknown version": swap(MANIFEST, rb'"version": 1', b'"version": 2'),
    "an id that is none": swap(MANIFEST, rb'"id": "[^"]+"', b'"id": "../up"'),
    "a row that is none": append(NODES, b'\n{"id":'),
    "a row of another kind": append(NODES, b'\n["id"]'),
    "a deep row": append(NODES, b'\n{"a":' + b"[" * 100_000),
    "a column more": change_rows("drive", "drive_node", extra=1),
    "a wrong kind": change_rows("drive", "drive_node", name=5),
    "a name with a slash": change_rows("drive", "drive_node", name="../../etc/passwd"),
    "one name for all": change_rows("drive", "drive_node", name="same"),
    "no parents": change_rows("drive", "drive_node", parent=None),
    "a number too large": change_rows("drive", "drive_node", number=2**70),
    "everything in itself": in_itself,
    "two drives": twice(SPACE),
    "content left out": lambda f: f.pop("apps/drive/content.jsonl"),
    "a file left out": without("letter.txt"),
    "content from elsewhere": change_rows("drive", "content", path="apps/pc/homes.jsonl"),
    "content from outside": change_rows("drive", "content", path="/etc/passwd"),
    "a size that lies": change_rows("drive", "drive_file_version", size_bytes=3),
    "a version of nothing": change_rows("drive", "drive_file_version", node="0" * 26),
    "a right to another's things": change_rows("fabric", "fabric_grant", object="drive:node/../x"),
    "an id of a grant that is none": change_rows("fabric", "fabric_grant", id="x"),
    "a PC of no size": change_rows("pc", "pc_machine", cpus=-1),
    "a PC in another's place": change_rows("pc", "pc_machine", id="../../databases"),
    "a home outside": change_rows("pc", "homes", path="..%2Fup"),
    "a home with a dot": change_rows("pc", "homes", path="../../../x"),
    "a home of no PC": change_rows("pc", "homes", machine="0" * 26),
    "a display that turns the text": change_rows("identity", "identity_person", display="a\u202eb"),
}  # fmt: skip


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")

    async def make() -> None:
        async with installation(folder / "home") as house:
            await furnish(house, "ada")
            await export(house, "ada", folder / "a.zip")

    asyncio.run(make())
    return folder / "a.zip"


async def test_hostile_archives_are_refused_and_leave_nothing(good: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with installation(home) as house:
        await house.person("eve")
        before = state_of(home)
        for what, change in BROKEN.items():
            path = edited(good, tmp_path / "bad.zip", change)
            with pytest.raises(Problem) as refusal:
                await house.call("yourdata.import", {"path": str(path)})
            assert 400 <= refusal.value.status < 500, what
            # What the search had heard of files that did not stay is taken back at once, not before.
            for _ in range(100):
                if state_of(home) == before:
                    break
                await asyncio.sleep(0.1)
            assert state_of(home) == before, what
        blobs = [p for p in (home / "blobs").rglob("*") if p.is_file()]
        machines = [p for p in (home / "apps" / "pc").rglob("*") if "note" in p.name]
        assert (blobs, machines) == ([], [])


async def test_a_link_in_a_home_is_never_written_through(good: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()

    def change(files: dict[str, bytes]) -> None:
        first = json.loads(files["apps/pc/homes.jsonl"].splitlines()[0])
        link = {**first, "path": "trap", "kind": "link", "target": str(outside), "content": ""}
        file = {**first, "path": "trap/evil", "kind": "file", "target": "", "content": "apps/pc/homes.jsonl"}
        lines = [json.dumps(link).encode(), json.dumps(file).encode()]
        files["apps/pc/homes.jsonl"] = b"\n".join([*lines, files["apps/pc/homes.jsonl"]])

    async with installation(tmp_path / "home") as house:
        with pytest.raises(Problem):
            await house.call("yourdata.import", {"path": str(edited(good, tmp_path / "bad.zip", change))})
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9, 0.999])
async def test_an_archive_that_is_cut_is_refused(good: Path, tmp_path: Path, cut: float) -> None:
    raw = good.read_bytes()
    (tmp_path / "cut.zip").write_bytes(raw[: int(len(raw) * cut)])
    async with installation(tmp_path / "home") as house:
        with pytest.raises(Problem):
            await house.call("yourdata.import", {"path": str(tmp_path / "cut.zip")})
        assert (await house.call("identity.user_list"))["people"] == []
