"""nc_py_api, a client of Nextcloud's in Python, in an environment of its own: it brings another urllib3."""

import json
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT, is_ci

from synfonium.testing.server import RealServer

pytestmark = [pytest.mark.full, pytest.mark.timeout(180)]
STAGE = Path(__file__).with_name("by_nc_py_api.py")
PYTHON = ROOT / ".venv" / "foreign" / "bin" / "python"
STAGE_S = 120.0
Said = dict[str, str]


@pytest.fixture(scope="module")
def said(server: RealServer) -> Said:
    """Of each scene of by_nc_py_api.py why it failed."""
    if not PYTHON.exists():
        message = "nc_py_api is not installed; ./test sets it up"
        pytest.fail(message) if is_ci() else pytest.skip(message)
    secret, _ = server.person("dora"), server.person("emil")
    words = [str(PYTHON), str(STAGE), server.url, "dora", secret, "emil"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=STAGE_S, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return dict[str, str](json.loads(done.stdout))


@pytest.mark.parametrize("scene", ["about_oneself", "files", "finding", "trash", "versions", "sharing"])
def test_a_person_does_with_it_what_it_offers(said: Said, scene: str) -> None:
    assert said[scene] == ""


def test_it_sends_a_file_by_chunks_in_both_of_its_ways(said: Said) -> None:
    assert said["chunks"] == ""


def test_it_takes_a_folder_along_as_an_archive(said: Said) -> None:
    assert said["folders_as_zip"] == ""


def test_apps_that_are_not_here_are_refused_in_their_protocol(said: Said) -> None:
    assert said["what_is_not_here"] == ""
