"""Small habits that keep the house readable."""

import ast
import re
from pathlib import Path

import pytest

from synfonium.kernel.app import installed_apps

from .house import ROOT, SOURCE, own_apps, tracked_files

TEXT = {
    ".py",
    ".toml",
    ".ts",
    ".js",
    ".cjs",
    ".json",
    ".css",
    ".html",
    ".md",
    ".po",
    ".sh",
    ".txt",
    ".in",
    "",
}
MACHINE_PATH = re.compile(
    r"(?<![\w.])/(?:work|root)/|/home/(?!\{|<|user\b|synfonium\b|person\b)[a-z]+/|/tmp/[a-z]+_jobs"
)
REGISTRIES = re.compile(
    r"\b(?:pypi|pythonhosted|npmjs|crates|golang|debian|ubuntu)\.(?:org|io|com)/?(?:simple|debian|ubuntu)?"
)
LONGEST_FILE = 450
MEANT_FOR = {"test_tidy.py", "LICENSE", "Apache-2.0.txt"}


def _texts() -> list[tuple[Path, str]]:
    paths = [path for path in tracked_files() if path.suffix in TEXT and path.name not in MEANT_FOR]
    return [(path, path.read_text(encoding="utf-8")) for path in paths]


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    found = [f"{p.relative_to(ROOT)}: {m}" for p, text in _texts() for m in MACHINE_PATH.findall(text)]
    assert not found, "derive the path from the file's own place, or take it as a setting"


def test_no_file_names_a_package_registry() -> None:
    paths = [(p, t) for p, t in _texts() if p.suffix != ".md"]
    found = [f"{p.relative_to(ROOT)}: {m}" for p, text in paths for m in REGISTRIES.findall(text)]
    assert not found, "each machine is set up for its own registries; name packages only"


def test_no_list_of_apps_stands_outside_pyproject() -> None:
    names = [app.name for app in own_apps()]
    for path, text in _texts():
        if path.suffix in {".py", ".ts", ".html", ".json", ".sh", ""} and "tests" not in path.parts:
            for line in text.splitlines():
                quoted = [name for name in names if f'"{name}"' in line or f"'{name}'" in line]
                where = path.relative_to(ROOT)
                assert len(quoted) < 3, f"{where} lists apps ({quoted}); iterate over installed_apps()"


def test_every_room_says_what_it_is_for() -> None:
    rooms = [path.parent for path in SOURCE.rglob("__init__.py")]
    silent = [room for room in rooms if "tests" not in room.parts and not _is_explained(room)]
    assert not silent, "give the package a docstring or a README.md"


def _is_explained(room: Path) -> bool:
    if (room / "README.md").is_file():
        return True
    return bool(ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))))


def test_every_app_has_a_page_for_newcomers() -> None:
    missing = [app.name for app in own_apps() if not (SOURCE / "apps" / app.name / "README.md").is_file()]
    assert not missing, "write README.md: what it is, its words, its doors, its central function"


def test_every_module_says_what_it_is_for() -> None:
    modules = [
        path for path in SOURCE.rglob("*.py") if "tests" not in path.parts and path.name != "__init__.py"
    ]
    silent = [str(p.relative_to(ROOT)) for p in modules if not ast.get_docstring(ast.parse(p.read_text()))]
    assert not silent


def test_no_file_is_too_long_to_read() -> None:
    # The clients are made from the doors, and read by compilers.
    code = [(p, t) for p, t in _texts() if p.suffix in {".py", ".ts"} and "tests" not in p.parts]
    code = [(p, t) for p, t in code if p.stem != "generated"]
    long = {str(p.relative_to(ROOT)): n for p, t in code if (n := t.count("\n")) > LONGEST_FILE}
    assert not long, "ask which noun is hiding in it, and give that a room"


@pytest.mark.parametrize("call", ["breakpoint(", "import pdb", 'print("debug', "console.log("])
def test_nothing_left_from_looking_for_a_mistake(call: str) -> None:
    code = [(p, t) for p, t in _texts() if p.suffix in {".py", ".ts"}]
    assert not [str(p.relative_to(ROOT)) for p, t in code if call in t]


def test_there_are_apps_to_speak_of() -> None:
    assert installed_apps()
