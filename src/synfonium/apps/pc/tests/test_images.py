"""Images appear whole or not at all, and old ones make room."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from synfonium.apps.pc.errors import NoSuchImage, ProgramMissing
from synfonium.apps.pc.model.recipe import shipped_recipes
from synfonium.apps.pc.service.images import Images
from synfonium.apps.pc.tests.conftest import small_image

RECIPE = shipped_recipes()[0]


async def silent(text: str, done: float = 0, total: float = 0) -> None:
    await asyncio.sleep(0)


def test_an_older_image_serves_until_the_new_one_is_there_and_then_goes(
    tmp_path: Path, program: Callable[[str], str]
) -> None:
    images = Images(tmp_path / "images")
    old = tmp_path / "images" / f"{RECIPE.name}@000000000000" / "root"
    old.mkdir(parents=True)
    image = images.one(RECIPE.name)
    assert image.root == old
    assert not image.is_current
    small_image(tmp_path / "images", RECIPE, program("busybox"))
    assert images.one(RECIPE.name).is_current
    assert images.remove_older(RECIPE.name) == 1
    assert [folder.name for folder in (tmp_path / "images").iterdir()] == [f"{RECIPE.name}@{RECIPE.digest}"]


async def test_an_image_that_is_built_is_not_built_again(
    tmp_path: Path, program: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    small_image(tmp_path / "images", RECIPE, program("busybox"))
    monkeypatch.setenv("PATH", "/nonexistent")
    assert (await Images(tmp_path / "images").build(RECIPE.name, silent)).is_current


async def test_an_unknown_image_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoSuchImage):
        await Images(tmp_path).build("../etc", silent)


async def test_without_the_builder_the_package_is_named_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ProgramMissing) as refusal:
        await Images(tmp_path).build(RECIPE.name, silent)
    assert "mmdebstrap" in str(refusal.value.values["packages"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.full
async def test_a_build_that_is_interrupted_leaves_neither_files_nor_mounts_nor_processes(
    tmp_path: Path, program: Callable[[str], str]
) -> None:
    program("mmdebstrap")
    under_way = asyncio.Event()

    async def progress(text: str, done: float = 0, total: float = 0) -> None:
        if done > 1:
            under_way.set()

    building = asyncio.create_task(Images(tmp_path / "images").build(RECIPE.name, progress))
    await asyncio.wait_for(under_way.wait(), 100)
    building.cancel()
    with pytest.raises(asyncio.CancelledError):
        await building
    assert list((tmp_path / "images").iterdir()) == []
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
    for folder in Path("/proc").glob("[0-9]*"):
        if folder.name != str(os.getpid()):
            assert str(tmp_path).encode() not in command_of(folder)


def command_of(folder: Path) -> bytes:
    try:
        return (folder / "cmdline").read_bytes()
    except OSError:
        return b""
