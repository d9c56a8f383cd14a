"""What the archive must bring is installed, or named in one line."""

import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def debian(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """scripts/debian.py with a list of its own, on a machine that has nothing of it."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    spec = importlib.util.spec_from_file_location("house_debian", ROOT / "scripts" / "debian.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    lists = tmp_path / "debian.toml"
    lists.write_text('[run]\n"singing" = ["no-such-organ", "no-such-choir"]\n"being" = ["dpkg"]\n[test]\n')
    monkeypatch.setattr(module, "_LISTS", lists)
    return module


def test_an_ordinary_user_is_told_what_is_left_off_and_how_to_have_it(debian, monkeypatch, capsys) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(debian, "_may_install", lambda: False)
    debian.install_missing("run")
    said = capsys.readouterr().out.splitlines()
    assert said == ["  Left off: singing. To have it: apt-get install no-such-organ no-such-choir"]


def test_in_ci_something_missing_is_a_failure(debian, monkeypatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(debian, "_may_install", lambda: False)
    with pytest.raises(sys.modules["steps"].StepFailed, match="singing"):
        debian.install_missing("run")


def test_an_archive_that_fails_is_asked_once_a_day(debian, monkeypatch, capsys) -> None:
    asked = []

    def refuse(names: list[str]) -> None:
        asked.append(names)
        raise sys.modules["steps"].StepFailed("no route")

    stamps: dict[str, str] = {}
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(debian, "_may_install", lambda: True)
    monkeypatch.setattr(debian, "_install", refuse)
    monkeypatch.setattr(debian, "stamp", stamps.__setitem__)
    monkeypatch.setattr(debian, "is_stamped", lambda name, value: stamps.get(name) == value)
    debian.install_missing("run")
    debian.install_missing("run")
    assert asked == [["no-such-choir", "no-such-organ"]]
    assert capsys.readouterr().out.count("Left off: singing") == 2


def test_without_the_package_tools_everything_counts_as_missing(debian, monkeypatch) -> None:
    monkeypatch.setattr(debian.shutil, "which", lambda _name: None)
    assert debian._missing(["dpkg"]) == {"dpkg"}


def test_no_daemon_starts_while_packages_are_installed(debian, monkeypatch, tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    monkeypatch.setattr(debian, "_POLICY", policy)
    with debian._no_daemons():
        assert subprocess.run([policy], check=False).returncode == 101
    assert not policy.exists()


def test_every_listed_package_has_a_feature_that_needs_it() -> None:
    lists = tomllib.loads((ROOT / "requirements" / "debian.toml").read_text())
    assert set(lists) == {"run", "test"}
    for features in lists.values():
        assert all(names and all(name.islower() for name in names) for names in features.values())
