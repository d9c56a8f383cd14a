"""The register: each promise stands beside the test that fails without it."""

import subprocess
import sys
import tomllib

from .house import ROOT

REGISTER = ROOT / "docs" / "reference" / "features.toml"
FEATURES = tomllib.loads(REGISTER.read_text(encoding="utf-8"))["feature"]


def test_every_promise_is_complete_and_said_once() -> None:
    for feature in FEATURES:
        assert set(feature) == {"room", "promise", "test"}, feature
    promises = [feature["promise"] for feature in FEATURES]
    assert len(set(promises)) == len(promises)


def test_every_promise_has_a_test_that_exists() -> None:
    tests = sorted({feature["test"] for feature in FEATURES})
    files = sorted({test.partition("::")[0] for test in tests})
    missing = [file for file in files if not (ROOT / file).is_file()]
    assert not missing
    words = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    found = {line.partition("[")[0] for line in done.stdout.splitlines() if "::" in line}
    assert not [test for test in tests if test not in found], done.stdout[-2000:]
