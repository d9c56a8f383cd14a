"""The registry: who has which apps, within a second of every change."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from synfonium.apps.fabric.contract import Apps, in_language
from synfonium.apps.fabric.service import registry
from synfonium.apps.fabric.service.registry import manifest_of
from synfonium.apps.fabric.store import apps as store
from synfonium.common.ids import AppName, PersonId
from synfonium.kernel.app import installed_apps
from synfonium.testing.client import Installation, installation

ANA, BOB = PersonId("ana"), PersonId("bob")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


def apps_of(house: Installation) -> Apps:
    found: Apps = house.context("drive").offer(Apps)
    return found


async def add(house: Installation, name: str, owner: str = "", changed_s: float = 1.0) -> None:
    row = store.Row(
        name=AppName(name),
        origin=f"https://{name}.example",
        client_id=f"client-{name}",
        owner=owner,
        created_s=1.0,
        changed_s=changed_s,
    )
    manifest = json.dumps({"id": name, "name": name.title()}).encode()
    await house.context("fabric").database.write(lambda c: store.add(c, row, manifest, b""))


async def test_installed_apps_with_a_manifest_are_there_in_every_language_of_the_house(
    house: Installation,
) -> None:
    drive = await apps_of(house).by_name("drive")
    assert drive
    assert not drive.is_outside
    assert drive.manifest.synfonium.objects
    assert drive.manifest.synfonium.objects.kinds["node"].interfaces == ("file/1", "folder/1")
    title = drive.manifest.synfonium.emits[0].title
    assert in_language(title, "en") == "A file was written"
    assert in_language(title, "fr") == "Un fichier a été écrit"
    assert await apps_of(house).by_name("ghost") is None


async def test_a_person_has_the_apps_of_everybody_and_their_own_and_no_other(house: Installation) -> None:
    await add(house, "notes")
    await add(house, "diary", owner=ANA)
    of_ana = {app.name for app in await apps_of(house).all(ANA)}
    of_bob = {app.name for app in await apps_of(house).all(BOB)}
    assert {"drive", "pc", "search", "notes", "diary"} <= of_ana
    assert of_ana - of_bob == {"diary"}
    diary = await apps_of(house).by_client("client-diary")
    assert diary
    assert (diary.name, diary.origin, diary.owner) == ("diary", "https://diary.example", ANA)
    assert await apps_of(house).by_client("") is None


async def test_a_change_of_the_table_is_seen_within_a_second(house: Installation) -> None:
    assert await apps_of(house).by_name("notes") is None
    await add(house, "notes")
    await asyncio.sleep(registry.FRESH_S + 0.1)
    assert await apps_of(house).by_name("notes")
    changed = json.dumps({"id": "notes", "name": "Jotter"}).encode()
    await house.context("fabric").database.write(lambda c: store.change(c, "notes", changed, "", 2.0))
    await asyncio.sleep(registry.FRESH_S + 0.1)
    found = await apps_of(house).by_name("notes")
    assert found
    assert found.manifest.name == "Jotter"
    await house.context("fabric").database.write(lambda c: store.remove(c, "notes"))
    await asyncio.sleep(registry.FRESH_S + 0.1)
    assert await apps_of(house).by_name("notes") is None


async def test_many_questions_within_a_second_read_the_table_once(
    house: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = 0
    before = store.every

    def counted(*given: Any) -> Any:
        nonlocal reads
        reads += 1
        return before(*given)

    monkeypatch.setattr(store, "every", counted)
    apps = registry.Registry(house.context("fabric"))
    await asyncio.gather(*(apps.by_name("drive") for _ in range(50)))
    assert reads == 1


def test_an_installed_manifest_with_a_finding_stops_the_house(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "synfonium.app.json").write_text('{"id": "drive",\n "name": 3}')
    monkeypatch.setattr(registry, "files", lambda _package: tmp_path)
    drive = next(app for app in installed_apps() if app.name == "drive")
    with pytest.raises(ValueError, match=r"2:10: `name` must be a text"):
        manifest_of(drive)
