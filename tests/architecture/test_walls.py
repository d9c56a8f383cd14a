"""Each import contract fails on a planted fault, and covers an app that nobody listed."""

import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from .house import BIN, ROOT, SOURCE

CONTRACTS = {
    contract["id"]: contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}

FAULTS = [
    ("floors", "kernel/planted.py", "import synfonium.engines"),
    ("floors", "kernel/planted.py", "import synfonium.apps.alpha.service"),
    ("floors", "ports/planted.py", "import synfonium.kernel.app"),
    ("floors", "common/planted.py", "import synfonium.ports"),
    ("floors", "engines/planted.py", "import synfonium.apps.alpha.service"),
    ("floors", "apps/alpha/service.py", "import synfonium.engines"),
    ("floors", "apps/alpha/service.py", "import synfonium.testing"),
    ("floors", "manager.py", ""),
    ("apps", "apps/beta/service.py", "import synfonium.apps.alpha.service"),
    ("apps", "apps/beta/service.py", "from synfonium.apps.alpha import model"),
    ("rooms", "apps/alpha/model.py", "import synfonium.apps.alpha.store"),
    ("rooms", "apps/alpha/store.py", "import synfonium.apps.alpha.service"),
    ("rooms", "apps/alpha/service.py", "import synfonium.apps.alpha.http"),
    ("rooms", "apps/alpha/http.py", "import synfonium.apps.alpha.cli"),
    ("rooms", "apps/alpha/helpers.py", ""),
    ("engines", "engines/planted_a/__init__.py", "import synfonium.engines.planted_b"),
    ("cycles", "kernel/planted_a.py", "import synfonium.kernel.planted_b"),
    ("pure", "apps/alpha/model.py", "import sqlite3"),
    ("pure", "apps/alpha/contract.py", "import litestar"),
    ("pure", "common/planted.py", "import httpx"),
    ("models", "apps/alpha/model.py", "import synfonium.kernel.app"),
    ("libraries", "libraries/planted.py", "import synfonium.common"),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources with two small apps more, and two engines and modules to plant in."""
    folder = tmp_path_factory.mktemp("walls")
    shutil.copy(ROOT / "pyproject.toml", folder)
    only_python = shutil.ignore_patterns("static", "web", "templates", "locale", "__pycache__", "tests")
    shutil.copytree(SOURCE, folder / "synfonium", ignore=only_python)
    for app in ("alpha", "beta"):
        for room in ("__init__", "contract", "model", "store", "service", "http", "cli"):
            _write(folder / "synfonium" / "apps" / app / f"{room}.py", "")
    _write(folder / "synfonium" / "engines" / "planted_b" / "__init__.py", "")
    _write(folder / "synfonium" / "kernel" / "planted_b.py", "import synfonium.kernel.planted_a\n")
    _write(folder / "synfonium" / "kernel" / "planted_a.py", "")
    return folder


@pytest.fixture
def plant(tree: Path) -> Iterator[object]:
    """Adds a line to a file of the copy, for one test."""
    before: dict[Path, str | None] = {}

    def add(name: str, line: str) -> None:
        path = tree / "synfonium" / name
        before[path] = path.read_text() if path.exists() else None
        _write(path, f"{before[path] or ''}\n{line}\n")

    yield add
    for path, text in before.items():
        path.unlink() if text is None else path.write_text(text)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _lint(tree: Path, contract: str = "") -> subprocess.CompletedProcess[str]:
    limit = ["--contract", contract] if contract else []
    return subprocess.run(
        [BIN / "lint-imports", "--no-logo", "--config", "pyproject.toml", "--no-cache", *limit],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_house_keeps_every_contract_with_two_unlisted_apps_in_it(tree: Path) -> None:
    done = _lint(tree)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in done.stdout


@pytest.mark.parametrize(("contract", "name", "line"), FAULTS, ids=lambda value: value or "a new room")
def test_a_planted_fault_breaks_its_contract(tree: Path, plant, contract: str, name: str, line: str) -> None:
    plant(name, line)
    done = _lint(tree, contract)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{CONTRACTS[contract]} BROKEN" in done.stdout


def test_an_app_may_know_anothers_contract(tree: Path, plant) -> None:
    plant("apps/beta/service.py", "from synfonium.apps.alpha.contract import __name__ as known")
    done = _lint(tree)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_contract_has_a_planted_fault() -> None:
    assert {contract for contract, _, _ in FAULTS} == set(CONTRACTS)
