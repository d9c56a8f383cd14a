"""Small blobs in the tables, and all others behind them, keep the obligations of the port together."""

from pathlib import Path

import pytest

from synfonium.testing.blob_suite import BlobSuite


class TestSmallBlobs(BlobSuite):
    opener = "tests.engines.openers:small_blobs"

    @pytest.fixture
    def target(self, tmp_path: Path) -> str:
        return str(tmp_path / "home")

    @pytest.fixture
    def small_target(self, small_folder: Path) -> str:
        return str(small_folder / "home")

    def unfinished(self, target: str) -> int:
        return len(list((Path(target) / "blobs" / "incoming").iterdir()))
