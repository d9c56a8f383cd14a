"""What every test of the house gets, and which skips are allowed.

A test skips only when a part is missing on a person's own machine. With CI=true a missing
part fails, and a skip that tests/skips.toml does not name fails the whole run.
"""

import fnmatch
import os
import shutil
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent
_SKIPS = ROOT / "tests" / "skips.toml"
# A new app's own tests, which `synfonium new app` copies; they are run where they were copied to.
collect_ignore_glob = ["src/synfonium/apps/*/starter/*"]
_unlisted: list[str] = []


def allowed_skips() -> list[dict[str, str]]:
    """The committed list: `test` (a pattern of test ids) and `reason`."""
    listed: list[dict[str, str]] = tomllib.loads(_SKIPS.read_text(encoding="utf-8")).get("skip", [])
    return listed


def pytest_addoption(parser: pytest.Parser) -> None:
    words = "of a test with many parameters only the first N, where the parameters are not the question"
    parser.addoption("--first-of-each", type=int, metavar="N", default=0, help=words)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    most = config.getoption("--first-of-each")
    if most:
        seen: Counter[str] = Counter()
        left: list[pytest.Item] = []
        chosen: list[pytest.Item] = []
        for item in items:
            name = item.nodeid.partition("[")[0]
            seen[name] += 1
            (chosen if seen[name] <= most else left).append(item)
        config.hook.pytest_deselected(items=left)
        items[:] = chosen


def is_ci() -> bool:
    return os.environ.get("CI") == "true"


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """`program("chromium")` is the path of an installed program, or the test skips (fails in CI)."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            message = f"{name} is not installed; ./test names the package (requirements/debian.toml)"
            pytest.fail(message) if is_ci() else pytest.skip(message)
        return str(path)

    return find


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    done = yield
    if "TEST_DATABASE_URL" in os.environ:
        from synfonium.testing.chosen_database import drop_of_gone_homes

        drop_of_gone_homes()
    return done


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail") and not _is_allowed(report.nodeid):
        _unlisted.append(report.nodeid)


def _is_allowed(nodeid: str) -> bool:
    return any(fnmatch.fnmatchcase(nodeid, entry["test"]) for entry in allowed_skips())


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    if is_ci() and _unlisted and not hasattr(session.config, "workerinput"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _unlisted:
        terminalreporter.section("skips that tests/skips.toml does not name")
        for nodeid in sorted(set(_unlisted)):
            terminalreporter.line(nodeid)
