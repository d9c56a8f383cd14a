"""`docs/reference/conformance.toml` leaves no module of the suite's plans out, and tells no tales."""

import os
import re
import subprocess
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from .conftest import TABLE

OUTCOMES = {"passed", "skipped", "not offered", "failing"}
SUITE = "SYNFONIUM_CONFORMANCE_SUITE"


def _key(entry: dict[str, Any], name: str) -> tuple[str, str]:
    return entry[name], entry["variant"]


def test_every_module_of_every_plan_has_one_entry() -> None:
    listed = Counter((*_key(entry, "plan"), entry["module"]) for entry in TABLE["module"])
    wanted = Counter((*_key(plan, "name"), module) for plan in TABLE["plan"] for module in plan["modules"])
    assert listed == wanted
    assert set(listed.values()) == {1}


def test_every_entry_says_how_it_ended_and_why() -> None:
    for entry in TABLE["module"]:
        assert entry["outcome"] in OUTCOMES, entry
        assert bool(entry.get("reason")) == (entry["outcome"] != "passed"), entry
        assert entry.get("test") or entry["outcome"] == "not offered", entry


def test_every_test_of_the_table_exists_under_the_modules_name() -> None:
    for entry in TABLE["module"]:
        if "test" not in entry:
            continue
        file, *classes, name = entry["test"].split("::")
        assert name == f"test_{entry['module'].replace('-', '_')}"
        found: Any = import_module(file.removesuffix(".py").replace("/", "."))
        for part in (*classes, name):
            found = getattr(found, part, None)
        assert callable(found), entry["test"]


@pytest.mark.skipif(SUITE not in os.environ, reason="needs a copy of the suite's repository")
@pytest.mark.parametrize("plan", TABLE["plan"], ids=lambda plan: f"{plan['name']}, {plan['variant']}")
def test_the_table_lists_what_the_suites_own_plan_lists(plan: dict[str, Any]) -> None:
    """With the address of a copy of the suite's repository in the environment."""
    source = plan["source"]
    if "FormPost" in source:
        source = source.replace("FormPost", "")
    classes = _classes(source)
    if "FAPI2" in source:
        removed = set(re.findall(r"modules\.remove\((\w+)\.class", _text(source)))
        classes = _classes(source.replace("SPFinal", "MessageSigningFinal")) - removed
    names = {name for name in map(_module_name, classes, [Path(source).parent] * len(classes)) if name}
    assert names == set(plan["modules"])


def _classes(source: str) -> set[str]:
    text = re.sub(r"//.*", "", _text(source))
    return set(re.findall(r"\b((?:OIDCC|FAPI2)\w+)\.class", text))


def _module_name(java: str, folder: Path) -> str:
    text = _text(f"{folder.as_posix()}/{java}.java")
    found = re.search(r'@PublishTestModule\(\s*testName\s*=\s*"([^"]+)"', text)
    return found.group(1) if found else ""


def _text(path: str) -> str:
    words = ["git", f"--git-dir={os.environ[SUITE]}", "show", f"{TABLE['suite']['commit']}:{path}"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout
