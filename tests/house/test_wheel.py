"""What is shipped holds everything that is needed to serve, and nothing of the tests."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.architecture.house import BIN, ROOT, SOURCE, tracked_files

NOT_SHIPPED = {"tests", "web", "__pycache__"}


@pytest.mark.full
def test_the_wheel_holds_every_page_text_and_built_file(tmp_path: Path) -> None:
    for path in tracked_files():
        copy = tmp_path / "project" / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    static = tmp_path / "project" / "src" / "synfonium" / "static"
    shutil.copytree(SOURCE / "static", static)
    words = [BIN / "uv", "build", "--quiet", "--wheel", "--no-build-isolation", "--out-dir", tmp_path]
    subprocess.run([*words, "--python", BIN / "python", tmp_path / "project"], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("synfonium/")}
    sources = (path.relative_to(static.parents[1]) for path in static.parent.rglob("*") if path.is_file())
    needed = {str(path) for path in sources if not NOT_SHIPPED & set(path.parts) and path.name != "README.md"}
    assert not needed - shipped, "add it to package-data in pyproject.toml"
    assert not [name for name in shipped if "/tests/" in name]
