"""A skip that nobody has listed fails the run with CI=true, and only there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.house import ROOT

SKIPPING = """
import pytest

def test_that_runs():
    pass

def test_that_skips():
    pytest.skip("a part is missing")

def test_that_needs(program):
    program("no-such-program")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "conftest.py", tmp_path)
    (tmp_path / "tests" / "test_small.py").write_text(SKIPPING)
    (tmp_path / "tests" / "skips.toml").write_text("")
    return tmp_path


def _pytest(project: Path, *arguments: str, ci: bool) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("CI", "PYTEST"))}
    words = [sys.executable, "-m", "pytest", "-p", "xdist", "-p", "no:cacheprovider", *arguments]
    env |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | ({"CI": "true"} if ci else {})
    return subprocess.run(words, cwd=project, env=env, capture_output=True, text=True, check=False)


def test_on_a_persons_own_machine_a_missing_part_only_skips(project: Path) -> None:
    done = _pytest(project, ci=False)
    assert done.returncode == 0, done.stdout
    assert "1 passed, 2 skipped" in done.stdout


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_in_ci_an_unlisted_skip_fails_the_run(project: Path, workers: tuple[str, ...]) -> None:
    done = _pytest(project, "-k", "not needs", *workers, ci=True)
    assert done.returncode == 1, done.stdout
    assert "tests/test_small.py::test_that_skips" in done.stdout


def test_in_ci_a_listed_skip_is_let_through(project: Path) -> None:
    listed = '[[skip]]\ntest = "tests/test_small.py::test_that_skips"\nreason = "it is an example"\n'
    (project / "tests" / "skips.toml").write_text(listed)
    done = _pytest(project, "-k", "not needs", ci=True)
    assert done.returncode == 0, done.stdout


def test_in_ci_a_missing_program_fails(project: Path) -> None:
    done = _pytest(project, "-k", "needs", ci=True)
    assert done.returncode == 1, done.stdout
    assert "no-such-program is not installed" in done.stdout
