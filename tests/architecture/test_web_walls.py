"""The walls of the web front fail on a planted fault."""

import shutil
import subprocess
from pathlib import Path

import pytest

from .house import NODE, NODE_MODULES, ROOT

FAULTS = [
    ("the-kit-knows-no-app", "web/kit/planted.ts", "../../src/synfonium/apps/alpha/web/alpha.ts"),
    ("apps-never-import-one-another", "src/synfonium/apps/beta/web/planted.ts", "../../alpha/web/alpha.ts"),
    ("no-cycles", "web/kit/one.ts", "./two.ts"),
    ("nothing-unresolvable", "web/kit/planted.ts", "./nowhere.ts"),
    ("no-development-packages-in-pages", "web/kit/planted.ts", "axe-core"),
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small front: the kit and two apps, which keep the rules."""
    for name in ("package.json", "tsconfig.json", ".dependency-cruiser.cjs"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    files = {
        "web/kit/one.ts": "export const one = 1;\n",
        "web/kit/two.ts": 'import { one } from "./one.ts";\nexport const two = one + 1;\n',
        "src/synfonium/apps/alpha/web/alpha.ts": 'import { two } from "@kit/two.ts";\nexport { two };\n',
        "src/synfonium/apps/beta/web/beta.ts": 'import { html } from "lit";\nexport const beta = html``;\n',
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def _cruise(tree: Path) -> subprocess.CompletedProcess[str]:
    tool = (NODE_MODULES / ".bin" / "depcruise").resolve()
    words = [NODE, tool, "--config", ".dependency-cruiser.cjs", "web", "src/synfonium/apps"]
    return subprocess.run(words, cwd=tree, capture_output=True, text=True, check=False)


def test_a_front_that_keeps_the_rules_passes(tree: Path) -> None:
    done = _cruise(tree)
    assert done.returncode == 0, done.stdout
    assert "no dependency violations found (5 modules" in done.stdout, done.stdout


@pytest.mark.parametrize(("rule", "name", "imported"), FAULTS)
def test_a_planted_fault_breaks_its_rule(tree: Path, rule: str, name: str, imported: str) -> None:
    path = tree / name
    before = path.read_text() if path.exists() else ""
    path.write_text(f'import "{imported}";\n{before}')
    done = _cruise(tree)
    assert done.returncode != 0
    assert f"error {rule}" in done.stdout, done.stdout
