"""An installation whose desktop image is one static program: real machines, no desktop."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from synfonium.apps.pc.model.recipe import Recipe, shipped_recipes
from synfonium.apps.pc.service import PcService
from synfonium.testing.client import Installation, installation
from synfonium.testing.compute_suite import busybox_image

SESSION = "#!/bin/sh\necho up > /tmp/.X11-unix/ready\nsleep 300\n"


def small_image(folder: Path, recipe: Recipe, busybox: str, session: str = SESSION) -> None:
    """Puts the smallest image that answers where the recipe's would stand."""
    built = folder / f"{recipe.name}@{recipe.digest}"
    built.mkdir(parents=True)
    root = busybox_image(folder.parent, busybox).rename(built / "root")
    command = root / recipe.command[0].lstrip("/")
    command.parent.mkdir(parents=True)
    command.write_text(session)
    command.chmod(0o755)
    (root / "bin" / "sleep").symlink_to("busybox")
    for made in (root / "usr", root / "usr/local", root / "usr/local/bin"):
        made.chmod(0o755)


@pytest.fixture
async def bare_house(tmp_path: Path) -> AsyncIterator[Installation]:
    """No image has been built."""
    async with installation(tmp_path / "home") as running:
        yield running


@pytest.fixture
async def house(tmp_path: Path, program: Callable[[str], str]) -> AsyncIterator[Installation]:
    program("bwrap")
    home = tmp_path / "home"
    small_image(home / "apps" / "pc" / "images", shipped_recipes()[0], program("busybox"))
    async with installation(home) as running:
        yield running
        service: PcService = running.context("pc").service
        for machine in await service.broker.list():
            await service.broker.delete(machine)
