"""What is installed is pinned, hashed, and names no place where it comes from."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

from .house import ROOT

PYTHON_LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
LOCKS = [*PYTHON_LOCKS, ROOT / "package-lock.json"]
HOST = re.compile(r"\b[a-z0-9-]+\.(?:org|com|net|io|dev|eu|fr)\b(?!\.)")


def requirements_of(lock: Path) -> list[tuple[Requirement, int]]:
    """Each requirement with the number of its hashes."""
    entries = lock.read_text().replace("\\\n", " ").splitlines()
    lines = [entry for entry in entries if entry.strip() and not entry.startswith("#")]
    return [(Requirement(line.partition(" --hash")[0]), line.count("--hash=sha256:")) for line in lines]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_address_and_no_file(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert "file:" not in text
    assert not re.findall(
        r"^\s*(?:-i|--index-url|--extra-index-url|--find-links|--trusted-host)", text, re.MULTILINE
    )
    assert not [found for found in HOST.findall(text) if not found.startswith("@")]


@pytest.mark.parametrize("lock", PYTHON_LOCKS, ids=lambda lock: lock.name)
def test_every_python_package_is_pinned_and_hashed(lock: Path) -> None:
    found = requirements_of(lock)
    assert found
    assert not [str(r) for r, hashes in found if not hashes or not str(r.specifier).startswith("==")]


def test_every_npm_package_is_pinned_and_hashed() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    asked = {**package["dependencies"], **package["devDependencies"]}
    assert not [f"{name} {version}" for name, version in asked.items() if not version[0].isdigit()]
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    packages = {name: entry for name, entry in locked.items() if name}
    assert not [name for name, entry in packages.items() if not entry.get("integrity", "").startswith("sha")]
    assert not [name for name, entry in packages.items() if "resolved" in entry]


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_locks_hold_each_asked_package_for_each_python(version: str) -> None:
    environment = {**default_environment(), "python_version": version, "python_full_version": f"{version}.9"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    alone = groups.pop("foreign")  # in an environment of their own
    asked = [*project["project"]["dependencies"]]
    for group in (*project["project"]["optional-dependencies"].values(), *groups.values()):
        asked += group
    for lock, lines in (("test.txt", asked), ("foreign.txt", alone)):
        locked = {
            name_of(r)
            for r, _ in requirements_of(ROOT / "requirements" / lock)
            if r.marker is None or r.marker.evaluate(environment)
        }
        wanted = {name_of(Requirement(line)) for line in lines}
        assert wanted <= locked, f"run requirements/lock: {sorted(wanted - locked)}"


def name_of(requirement: Requirement) -> str:
    return requirement.name.lower().replace("_", "-")


def test_what_serves_has_the_versions_that_are_tested() -> None:
    tested = {str(r) for r, _ in requirements_of(ROOT / "requirements" / "test.txt")}
    served = {str(r) for r, _ in requirements_of(ROOT / "requirements" / "run.txt")}
    assert served <= tested


def test_npm_is_told_to_leave_addresses_out() -> None:
    assert "omit-lockfile-registry-resolved=true" in (ROOT / ".npmrc").read_text()


def test_the_locks_hold_for_what_is_installed() -> None:
    """The environment that runs these tests is the locked one."""
    asked = [ROOT / ".venv" / "bin" / "uv", "pip", "list", "--format", "json", "--quiet"]
    answer = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True)
    installed = {entry["name"]: entry["version"] for entry in json.loads(answer.stdout)}
    for requirement, _ in requirements_of(ROOT / "requirements" / "test.txt"):
        if requirement.marker is None or requirement.marker.evaluate():
            assert installed.get(requirement.name) in requirement.specifier, requirement
