"""A person goes with everything, to another installation."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from synfonium.apps.drive.service import DriveService
from synfonium.apps.identity.contract import Organisations
from synfonium.apps.identity.service.invitations import Wish
from synfonium.apps.yourdata.service import imports
from synfonium.common.problem import Problem
from synfonium.kernel.coming import ComingPart
from synfonium.libraries.safezip import SafeZip
from synfonium.testing.client import Installation, installation

from .moving_out import HOSTILE, actor, export, furnish, rows


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


async def test_an_archive_holds_files_as_files_and_rows_with_their_schema(
    house: Installation, tmp_path: Path
) -> None:
    await furnish(house, "ada")
    files = await export(house, "ada", tmp_path / "a.zip")
    assert {"README.txt", "LISEZMOI.txt", "synfonium.json"} <= set(files)
    assert files["apps/drive/files/letter.txt"] == b"Dear  friend"
    named = {row["id"]: row["name"] for row in rows(files, "drive", "drive_node")}
    assert set(HOSTILE) <= set(named.values())
    content = {row["version"]: row["path"] for row in rows(files, "drive", "content")}
    for node in rows(files, "drive", "drive_node"):
        if node["is_file"]:
            assert len(files[content[node["version"]]]) == node["size_bytes"]
    assert any(path.startswith("apps/drive/trash/") for path in files)
    for path in files:
        if path.endswith(".jsonl"):
            app, table = path.split("/")[1:]
            schema = json.loads(files[f"schemas/{app}/{table.removesuffix('.jsonl')}.schema.json"])
            for line in files[path].splitlines():
                assert set(json.loads(line)) <= set(schema["properties"]), path
    whole = b"".join(files.values())
    assert b"argon2" not in whole


async def test_paths_in_an_archive_are_safe_on_every_system(house: Installation, tmp_path: Path) -> None:
    await furnish(house, "ada")
    await export(house, "ada", tmp_path / "a.zip")
    with SafeZip(tmp_path / "a.zip") as archive:  # refuses what is not
        assert len(archive.entries) > 20


async def test_an_archive_of_one_person_has_nothing_of_another(house: Installation, tmp_path: Path) -> None:
    await furnish(house, "ada", "Zebrafish")
    await furnish(house, "bob", "Otter")
    files = await export(house, "bob", tmp_path / "b.zip")
    whole = b"".join([*files.values(), *(name.encode() for name in files)])
    assert b"Otter" in whole
    assert b"Zebrafish" not in whole


async def test_a_person_sees_that_the_operator_took_a_copy(house: Installation, tmp_path: Path) -> None:
    await house.person("ada")
    ada = await actor(house, "ada")
    passes = house.context("identity").service.passes
    assert "kernel.person.export" not in {one.act for one in await passes.looked(ada.id)}
    await export(house, "ada", tmp_path / "a.zip")
    assert "kernel.person.export" in {one.act for one in await passes.looked(ada.id)}


async def test_a_file_that_is_there_is_not_overwritten(house: Installation, tmp_path: Path) -> None:
    await house.person("ada")
    (tmp_path / "a.zip").write_text("mine")
    with pytest.raises(Problem):
        await export(house, "ada", tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_text() == "mine"
    for bad in ("relative.zip", str(tmp_path / "nowhere" / "a.zip")):
        with pytest.raises(Problem):
            await house.call("yourdata.export", {"name": "ada", "path": bad})


async def test_an_export_that_is_cancelled_leaves_nothing(house: Installation, tmp_path: Path) -> None:
    await furnish(house, "ada")
    path = tmp_path / "out" / "a.zip"
    path.parent.mkdir()
    for wait_s in (0.0, 0.005, 0.02, 0.05):
        call = asyncio.create_task(house.call("yourdata.export", {"name": "ada", "path": str(path)}))
        await asyncio.sleep(wait_s)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        path.unlink(missing_ok=True)
        assert list(path.parent.iterdir()) == []


# Taken in elsewhere

MADE_ANEW = {
    "drive_node": {"number", "etag", "revision", "name_key"},
    "drive_file_version": {"blob"},
    "drive_space": {"quota_bytes", "created_s"},
    "fabric_grant": {"used_s"},
    "identity_person": {"created_s", "is_administrator", "is_suspended"},
}
TRAVELS = (
    ("identity", "identity_person"), ("drive", "drive_space"), ("drive", "drive_node"),
    ("drive", "drive_file_version"), ("drive", "drive_trash"), ("drive", "drive_property"),
    ("fabric", "fabric_grant"), ("pc", "pc_machine"), ("pc", "homes"),
)  # fmt: skip
ID = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")


def moved(row: dict[str, Any], table: str, person: tuple[str, str]) -> dict[str, Any]:
    """A row with its ids as they are there, and without what is declared to be made anew."""

    def there(found: re.Match[str]) -> str:
        return person[1] if found[0] == person[0] else part.new_id(found[0])

    part = ComingPart(None, "", "", KEY)  # type: ignore[arg-type]
    kept = {k: v for k, v in row.items() if k not in MADE_ANEW.get(table, set())}
    if table == "homes":
        kept.pop("content")
    return {
        k: ID.sub(there, v) if isinstance(v, str) and k not in ("path", "target", "place") else v
        for k, v in kept.items()
    }


def same_content(first: dict[str, bytes], second: dict[str, bytes]) -> None:
    part = ComingPart(None, "", "", KEY)  # type: ignore[arg-type]
    before = {part.new_id(r["version"]): first[r["path"]] for r in rows(first, "drive", "content")}
    after = {r["version"]: second[r["path"]] for r in rows(second, "drive", "content")}
    assert before == after
    homes = [
        {r["path"]: files.get(r["content"]) for r in rows(files, "pc", "homes")} for files in (first, second)
    ]
    assert homes[0] == homes[1]


KEY = bytes(range(32))


@pytest.fixture
def known_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "new_key", lambda: KEY)


async def test_what_went_out_comes_in_and_goes_out_again_as_it_was(
    house: Installation, tmp_path: Path, known_key: None
) -> None:
    ada = await furnish(house, "ada", "Étoile")
    profile = house.context("identity").service.people
    await profile.set_locale(ada.id, "fr")
    await profile.set_scheme(ada.id, "dark")
    await profile.set_display(ada.id, "Ada, la première")
    first = await export(house, "ada", tmp_path / "a.zip")
    async with installation(tmp_path / "elsewhere") as other:
        arrived = await other.call("yourdata.import", {"path": str(tmp_path / "a.zip")})
        second = await export(other, "ada", tmp_path / "b.zip")
        home = await actor(other, "ada")
        assert home.id == arrived["person"] != ada.id
        for app, table in TRAVELS:
            before = [moved(row, table, (ada.id, home.id)) for row in rows(first, app, table)]
            after = (
                [{k: v for k, v in row.items() if k in before[0]} for row in rows(second, app, table)]
                if before
                else []
            )
            key = lambda row: json.dumps(row, sort_keys=True)  # noqa: E731
            assert sorted(map(key, before)) == sorted(map(key, after)), table
            assert before or table == "drive_property", table
        same_content(first, second)
        assert any("right" not in note for note in arrived["notes"])
        # And it works: the drive opens, its trash gives back, the search finds.
        drive: DriveService = other.context("drive").service
        listing = await drive.tree.listing(home)
        assert "Étoileletter.txt" in [entry.name for entry in listing.entries]
        trashed = (await drive.trash.listing(home)).entries
        assert [t.node.name for t in trashed] == ["Étoilegone.txt"]
        await drive.trash.restore(home, [trashed[0].node.id])
        top = await drive.tree.top(home)
        assert top.size_bytes == sum(
            r["size_bytes"] for r in rows(second, "drive", "drive_node") if r["is_file"]
        )


async def test_who_comes_is_no_member_before_they_take_the_invitation(
    house: Installation, tmp_path: Path
) -> None:
    for name in ("ada", "olga"):
        await house.person(name)
    school = {"slug": "school", "name": "School", "owner": "ada"}
    await house.call("identity.organisation_add", school)
    files = await export(house, "ada", tmp_path / "a.zip")
    assert len(rows(files, "identity", "identity_member")) == 1
    async with installation(tmp_path / "elsewhere") as other:
        await other.person("olga")
        await other.call("identity.organisation_add", {**school, "owner": "olga"})
        identity, olga = other.context("identity").service, await actor(other, "olga")
        authority = await identity.organisations.authority(olga, "school")
        url = await identity.invitations.make(authority, Wish(), by=olga.id)
        arrived = await other.call("yourdata.import", {"path": str(tmp_path / "a.zip")})
        assert any("ask to be invited" in note for note in arrived["notes"])
        membership = other.context("identity").offer(Organisations)
        assert await membership.of_person((await actor(other, "ada")).id) == ()
        shown = await identity.invitations.look(url.rpartition("/")[2])
        assert (shown.invitation.uses, shown.organisation.name) == (0, "School")


async def test_who_comes_is_nobodys_administrator_and_has_no_way_in(
    house: Installation, tmp_path: Path
) -> None:
    await house.person("ada", administrator=True)
    await export(house, "ada", tmp_path / "a.zip")
    async with installation(tmp_path / "elsewhere") as other:
        arrived = await other.call("yourdata.import", {"path": str(tmp_path / "a.zip"), "name": "lovelace"})
        people = (await other.call("identity.user_list"))["people"]
        assert [(p["name"], p["is_administrator"], p["has_passkey"]) for p in people] == [
            ("lovelace", False, False)
        ]
        assert arrived["notes"]
        with pytest.raises(Problem):  # the name is taken; nothing half done
            await other.call("yourdata.import", {"path": str(tmp_path / "a.zip"), "name": "lovelace"})
        assert len((await other.call("identity.user_list"))["people"]) == 1
