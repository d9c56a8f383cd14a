"""The power is lost at any step of what a server does to its disk: nothing acknowledged is."""

import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .losing_power.recording import Recorded, cut, record, settle

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]
# As many as a minute allows: benchmarks/how_often_can_the_power_fail.py does 10 000 and more.
ACTS, CUTS = 48, 400
Record = Callable[[int, str], Recorded]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("settled") / "home"
    return folder, settle(folder)


@pytest.fixture
def recorder(home: tuple[Path, str], tmp_path: Path, program: Callable[[str], str]) -> Record:
    program("strace")
    if platform.machine() not in ("x86_64", "aarch64"):
        pytest.skip("calls are read as these machines make them")
    return lambda acts, fault: record(*home, tmp_path, acts, fault)


@pytest.fixture
def disks() -> Iterator[Path]:
    """In memory where that can be: thousands of states are written."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    yield folder
    shutil.rmtree(folder)


def test_nothing_acknowledged_is_lost_with_the_power(recorder: Record, disks: Path) -> None:
    found = cut(recorder(ACTS, "none"), disks, CUTS)
    assert not found.losses
    assert found.cuts >= CUTS * 0.9
    assert found.acknowledged >= ACTS / 2


@pytest.mark.parametrize("fault", ["folders", "blobs", "commits-normal"])
def test_a_sync_left_out_is_found(recorder: Record, disks: Path, fault: str) -> None:
    assert cut(recorder(16, fault), disks, 10**6).losses
