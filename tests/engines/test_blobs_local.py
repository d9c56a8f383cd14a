"""Blobs on the local disk keep the obligations of their port, and the suite catches a store that does not."""

from pathlib import Path

import pytest

from synfonium.common.problem import StorageFull
from synfonium.engines.blobs.local import LocalBlobs
from synfonium.testing.blob_suite import BlobSuite
from synfonium.testing.blob_writer import put


class TestLocalBlobs(BlobSuite):
    opener = "tests.engines.openers:local_blobs"

    @pytest.fixture
    def target(self, tmp_path: Path) -> str:
        return str(tmp_path / "blobs")

    @pytest.fixture
    def small_target(self, small_folder: Path) -> str:
        return str(small_folder / "blobs")

    def unfinished(self, target: str) -> int:
        return len(list((Path(target) / "incoming").iterdir()))

    async def test_files_fan_out_so_that_no_folder_grows_large(self, target: str) -> None:
        await put(LocalBlobs(Path(target)), "abcdef0123", b"x")
        assert (Path(target) / "blobs" / "ab" / "cd" / "abcdef0123").read_bytes() == b"x"

    async def test_room_is_kept_free_for_the_tables(self, target: str) -> None:
        store = LocalBlobs(Path(target), kept_free_bytes=10**18)
        with pytest.raises(StorageFull):
            await put(store, "blob", b"x")
        assert self.unfinished(target) == 0


class Broken(BlobSuite):
    __test__ = False
    opener = "tests.engines.openers:hasty_blobs"


@pytest.mark.full
async def test_the_suite_catches_a_store_that_shows_unfinished_blobs(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="not whole"):
        await Broken().test_every_acknowledged_blob_outlives_kill_9_whole(str(tmp_path / "blobs"))
