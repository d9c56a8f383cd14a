"""`./test`: sets up for tests, then checks and tests. See --help."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from prepare import node_tool, prepare
from steps import ROOT, VENV, StepFailed, step

_BIN = VENV / "bin"
_SOURCE = ROOT / "src" / "synfonium"
_SCOPES = (_SOURCE, _SOURCE / "apps", _SOURCE / "libraries", _SOURCE / "engines", ROOT / "tests")
_NO_TESTS_COLLECTED = 5


@dataclass
class Outcomes:
    """What each check ended with."""

    failed: list[str] = field(default_factory=list)

    def check(self, label: str, command: Sequence[str | Path]) -> None:
        """Run one check quietly; its output is shown when it fails."""
        output = ""
        try:
            with step(label):
                done = subprocess.run(
                    [str(word) for word in command],
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    check=False,
                )
                output = done.stdout
                if done.returncode:
                    raise StepFailed(label)
        except StepFailed:
            self.failed.append(label)
            print(output, flush=True)


def main() -> int:
    chosen = _arguments()
    started_s = time.monotonic()
    try:
        prepare(tests=True)
        folders = [_folders(area) for area in chosen.area]
    except StepFailed as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 1
    outcomes = Outcomes()
    python = [folder for found in folders for folder in found] or [ROOT]
    _check_python(outcomes, python)
    if not chosen.area:
        _check_web(outcomes)
    if _pytest(chosen.area, python, "not full", "-n", "2", "--dist", "loadfile"):
        outcomes.failed.append("tests")
    if chosen.full and not _full_tests(chosen.area, python):
        outcomes.failed.append("full tests")
    took_s = time.monotonic() - started_s
    verdict = f"not good: {', '.join(outcomes.failed)}" if outcomes.failed else "everything checked is good"
    print(f"\n{verdict} ({took_s:.0f} s)", flush=True)
    return 1 if outcomes.failed else 0


def _full_tests(areas: Sequence[str], folders: Sequence[Path]) -> bool:
    """Whether all is good. Two at a time, but for those that want the machine for themselves."""
    if areas:
        return _pytest(areas, folders, "full") == 0
    together = _pytest([], [], "full and not alone", "-n", "2", "--dist", "loadfile")
    return _pytest([], [], "full and alone") == together == 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./test", description="Check and test Synfonium.")
    parser.add_argument("area", nargs="*", help="an app, an engine, a library, kernel, or a folder of tests/")
    parser.add_argument(
        "--full", action="store_true", help="browsers, real engines, foreign clients, kill tests too"
    )
    return parser.parse_args()


def _folders(area: str) -> list[Path]:
    """The folders of this name; raises StepFailed when there is none."""
    found = [scope / area for scope in _SCOPES if (scope / area).is_dir()]
    if not found:
        known = {path.name for scope in _SCOPES for path in scope.iterdir() if path.is_dir()}
        names = ", ".join(sorted(name for name in known if not name.startswith(("_", "."))))
        raise StepFailed(f"There is no area {area!r}. Areas: {names}")
    return found


def _check_python(outcomes: Outcomes, folders: Sequence[Path]) -> None:
    outcomes.check("Style (ruff)", [_BIN / "ruff", "check", *folders])
    outcomes.check("Format (ruff)", [_BIN / "ruff", "format", "--check", *folders])
    typed = [folder for folder in folders if folder.is_relative_to(_SOURCE)]
    if typed or folders == [ROOT]:
        outcomes.check("Types (mypy)", [_BIN / "mypy", *typed])
    outcomes.check("Walls (import-linter)", [_BIN / "lint-imports", "--no-logo"])


def _check_web(outcomes: Outcomes) -> None:
    outcomes.check("Web style (biome)", [*node_tool("biome"), "check", "--error-on-warnings", "."])
    outcomes.check("Web types (tsc)", [*node_tool("tsc"), "--noEmit"])
    walls = ["--config", ".dependency-cruiser.cjs", "web", "src/synfonium/apps"]
    outcomes.check("Web walls (dependency-cruiser)", [*node_tool("depcruise"), *walls])


def _pytest(areas: Sequence[str], folders: Sequence[Path], marks: str, *options: str) -> int:
    """Run the tests that `marks` selects with their output shown; 0 when all is good."""
    where: list[str] = []
    if areas:
        named = [str(path) for area in areas for path in sorted((ROOT / "tests").rglob(f"test_*{area}*.py"))]
        where = [*(str(folder) for folder in folders), *named]
    command = [_BIN / "python", "-m", "pytest", "-q", "--durations=15", "-m", marks, *options, *where]
    print(flush=True)
    done = subprocess.run(command, cwd=ROOT, env=os.environ, stdin=subprocess.DEVNULL, check=False)
    if areas and done.returncode == _NO_TESTS_COLLECTED:
        return 0
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
