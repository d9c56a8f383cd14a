"""What an installed app hears of others stands in its manifest, or nothing starts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PATIENCE_S = 60
APP = """
from synfonium.kernel.app import App, Subscription

TYPES = frozenset({"nosy.own.thing", "drive.file.written", "drive.node.trashed"})
app = App(
    name="nosy", title="Nosy", role="worker",
    subscriptions=(Subscription(name="nosy", types=TYPES, handler="nosy:hear"),),
)

async def hear(context, event):
    pass
"""
START = """
import asyncio, sys
from pathlib import Path
from synfonium.composition import build_house
from synfonium.kernel.app import ROLES
from synfonium.kernel.config import Settings
from synfonium.kernel.runtime import Runtime

async def start():
    home, roles = Path(sys.argv[1]), frozenset(sys.argv[2:])
    async with Runtime(build_house(home, Settings(home, {}), roles), roles):
        print("started")

asyncio.run(start())
"""


def started(folder: Path, listens: list[str] | None, *roles: str) -> subprocess.CompletedProcess[str]:
    """A house with the app beside ours, whose manifest says that it listens to these types."""
    information, app = folder / "nosy-1.dist-info", folder / "nosy"
    information.mkdir(parents=True)
    app.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: nosy\nVersion: 1\n")
    (information / "entry_points.txt").write_text("[synfonium.apps]\nnosy = nosy:app\n")
    (app / "__init__.py").write_text(APP)
    if listens is not None:
        manifest = {"id": "nosy", "name": "Nosy", "synfonium": {"listens": {"types": listens}}}
        (app / "synfonium.app.json").write_text(json.dumps(manifest))
    return subprocess.run(
        [sys.executable, "-c", START, str(folder / "home"), *roles],
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.mark.parametrize("listens", [None, ["drive.file.written"]], ids=["no manifest", "one of two"])
@pytest.mark.parametrize("role", ["web", "worker"])
def test_an_app_that_hears_more_than_its_manifest_says_lets_nothing_start(
    tmp_path: Path, listens: list[str] | None, role: str
) -> None:
    ended = started(tmp_path, listens, role)
    assert ended.returncode == 1
    assert "started" not in ended.stdout
    (said,) = [line for line in ended.stderr.splitlines() if "the app nosy hears" in line]
    assert "drive.node.trashed" in said
    assert "listens.types" in said
    assert "nosy.own.thing" not in said
    assert ("drive.file.written" in said) == (listens is None)


def test_an_app_that_says_what_it_hears_is_let_in(tmp_path: Path) -> None:
    ended = started(tmp_path, ["drive.file.written", "drive.node.trashed"], "worker")
    assert (ended.returncode, ended.stdout.strip()) == (0, "started"), ended.stderr[-2000:]
