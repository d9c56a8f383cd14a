"""While a backup reads blobs, none goes; afterwards they go as before."""

from pathlib import Path

from synfonium.engines.blobs.local import LocalBlobs
from synfonium.kernel.hold import holding, is_held


async def test_a_blob_stays_while_it_is_held_and_goes_afterwards(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs", kept_free_bytes=0, is_held=lambda: is_held(tmp_path))
    async with await blobs.writer() as writer:
        await writer.write(b"bytes")
        await writer.commit("abcd")
    with holding(tmp_path):
        assert is_held(tmp_path)
        await blobs.delete("abcd")
        assert await blobs.size_bytes("abcd") == 5
    assert not is_held(tmp_path)
    await blobs.delete("abcd")
    assert [name async for name in blobs.names()] == []
