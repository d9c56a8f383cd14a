# SPDX-License-Identifier: Apache-2.0
"""What every BlobStore engine must pass.

class TestMyStore(BlobSuite):
    opener = "my_package.openers:open_it"   # called with the target

    @pytest.fixture
    def target(self, tmp_path): …           # an empty place

    @pytest.fixture
    def small_target(self, tmp_path): …     # one with room for some MiB

    def unfinished(self, target): …         # how many unfinished blobs lie there
"""

import asyncio
import os
import random
import time
from contextlib import aclosing, closing
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synfonium.common.problem import StorageFull
from synfonium.ports.blobs import BlobStore
from synfonium.testing.blob_writer import content_of, open_blobs, put
from synfonium.testing.child import Child

MIB = 1024 * 1024
KILLS = 30
HOSTILE_NAMES = [
    *(
        "",
        ".",
        "..",
        "../x",
        "a/../b",
        "/a",
        "a/",
        "a//b",
        "A",
        "é",
        "a b",
        "a.b",
        "a\0b",
        "a\nb",
        "a\\b",
        "%2e%2e",
    ),
    "a" * 201,
]


async def whole(store: BlobStore, name: str, start: int = 0, stop: int | None = None) -> bytes:
    return b"".join([piece async for piece in store.read(name, start, stop)])


class BlobSuite:
    """Subclass it with `opener`, `target`, `small_target` and `unfinished`."""

    opener: ClassVar[str]
    # So much lies in the store before it is committed; less may be held in memory.
    spilled_bytes: ClassVar[int] = 2 * MIB
    # So long the store may still be busy with what a writer gave it.
    busy_s: ClassVar[float] = 0.0
    many: ClassVar[int] = 10_000

    def unfinished(self, target: str) -> int:
        raise NotImplementedError

    @pytest.fixture
    def store(self, target: str) -> BlobStore:
        return open_blobs(self.opener, target)

    @pytest.mark.parametrize("size", [0, 1, 4096, MIB - 1, MIB, MIB + 1, 3 * MIB + 5])
    async def test_what_is_written_is_read_back_in_pieces_of_one_mib(
        self, store: BlobStore, size: int
    ) -> None:
        content = random.Random(size).randbytes(size)
        await put(store, "ab/cd", content)
        pieces = [piece async for piece in store.read("ab/cd")]
        assert b"".join(pieces) == content
        assert max(map(len, pieces), default=0) <= MIB
        assert await store.size_bytes("ab/cd") == size

    @pytest.mark.parametrize("size", [0, 1, MIB, 3 * MIB + 5])
    async def test_a_thread_reads_any_place_into_its_own_memory(self, store: BlobStore, size: int) -> None:
        content, buffer = random.Random(size).randbytes(size), memoryview(bytearray(MIB + 16))
        await put(store, "blob", content)
        with closing(await asyncio.to_thread(store.open, "blob")) as reader:
            await store.delete("blob")  # who reads it reads on
            assert reader.size_bytes == size
            for start in {0, size // 2, max(0, size - 1), size, size + 7}:
                filled = await asyncio.to_thread(reader.read_into, buffer, start)
                assert filled == len(content[start : start + len(buffer)])
                assert buffer[:filled] == content[start : start + len(buffer)]

    async def test_any_range_is_the_one_asked_for(self, store: BlobStore) -> None:
        content = random.Random(1).randbytes(2 * MIB + 77)
        await put(store, "blob", content)
        for _ in range(200):
            start, stop = sorted(random.randrange(len(content) + 100) for _ in range(2))
            assert await whole(store, "blob", start, stop) == content[start:stop]
            assert await whole(store, "blob", start) == content[start:]

    async def test_nothing_is_visible_before_the_commit(self, store: BlobStore) -> None:
        async with await store.writer() as writer:
            await writer.write(bytes(2 * MIB))
            assert [n async for n in store.names()] == []
            await writer.commit("blob")
        assert [n async for n in store.names()] == ["blob"]

    async def test_a_name_that_exists_keeps_its_bytes(self, store: BlobStore) -> None:
        await put(store, "blob", b"first")
        await put(store, "blob", b"second")
        assert await whole(store, "blob") == b"first"

    async def test_many_writers_of_one_name_leave_one_whole_blob(self, store: BlobStore, target: str) -> None:
        contents = [bytes([n]) * (MIB + n) for n in range(16)]
        await asyncio.gather(*(put(store, "same", content) for content in contents))
        assert await whole(store, "same") in contents
        assert self.unfinished(target) == 0

    async def test_an_unknown_name_is_a_key_error(self, store: BlobStore) -> None:
        with pytest.raises(KeyError):
            await whole(store, "unknown")
        with pytest.raises(KeyError):
            await store.size_bytes("unknown")
        with pytest.raises(KeyError):
            await asyncio.to_thread(store.open, "unknown")
        await store.delete("unknown")

    async def test_a_deleted_blob_is_gone_but_who_reads_it_reads_on(self, store: BlobStore) -> None:
        content = random.Random(2).randbytes(3 * MIB)
        await put(store, "blob", content)
        pieces = []
        async with aclosing(store.read("blob")) as reading:
            async for piece in reading:
                pieces.append(piece)
                await store.delete("blob")
        assert b"".join(pieces) == content
        with pytest.raises(KeyError):
            await store.size_bytes("blob")

    @pytest.mark.parametrize("name", HOSTILE_NAMES)
    async def test_a_hostile_name_is_refused(self, store: BlobStore, target: str, name: str) -> None:
        with pytest.raises(ValueError, match="name"):
            await put(store, name, b"x")
        for refused in (store.size_bytes(name), store.delete(name), whole(store, name)):
            with pytest.raises(ValueError, match="name"):
                await refused
        with pytest.raises(ValueError, match="name"):
            await asyncio.to_thread(store.open, name)
        assert [n async for n in store.names()] == []
        assert self.unfinished(target) == 0

    async def test_names_are_told_by_prefix_and_age(self, store: BlobStore) -> None:
        given_names = {"a", "ab", "abcd", "ab/c", "ab/cdef", "abcdef/0", "b/a", "0/1/2/3", "z" * 200}
        for name in given_names:
            await put(store, name, name.encode())
        for prefix in ("", "a", "ab", "ab/", "abc", "b", "0/1", "zz", "none"):
            found = [n async for n in store.names(prefix)]
            assert sorted(found) == sorted(n for n in given_names if n.startswith(prefix))
        assert [n async for n in store.names(older_than_s=3600)] == []
        for name in given_names:
            assert await whole(store, name) == name.encode()

    @pytest.mark.full
    async def test_very_many_blobs_are_all_there(self, store: BlobStore) -> None:
        names = [f"{random.Random(n).getrandbits(128):032x}" for n in range(self.many)]
        queue = iter(names)

        async def work() -> None:
            for name in queue:
                await put(store, name, name.encode())

        await asyncio.gather(*(work() for _ in range(16)))
        assert {n async for n in store.names()} == set(names)
        for name in random.Random(0).sample(names, 200):
            assert await whole(store, name) == name.encode()

    async def test_a_cancelled_stream_leaves_nothing(self, store: BlobStore, target: str) -> None:
        async def endless() -> None:
            async with await store.writer() as writer:
                while True:
                    await writer.write(bytes(300_000))

        for _ in range(20):
            task = asyncio.ensure_future(endless())
            await asyncio.sleep(random.random() * 0.02)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert task.cancelled()
        assert self.unfinished(target) == 0
        assert [n async for n in store.names()] == []

    async def test_a_cancelled_commit_leaves_the_whole_blob_or_none(
        self, store: BlobStore, target: str
    ) -> None:
        content = random.Random(3).randbytes(MIB)
        for number in range(30):
            task = asyncio.ensure_future(put(store, f"blob{number}", content))
            await asyncio.sleep(random.random() * 0.006)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        async for name in store.names():
            assert await whole(store, name) == content
        assert self.unfinished(target) == 0

    async def test_an_aborted_or_finished_writer_takes_no_more(self, store: BlobStore) -> None:
        aborted = await store.writer()
        await aborted.abort()
        await aborted.abort()
        with pytest.raises(RuntimeError):
            await aborted.commit("blob")
        finished = await put(store, "blob", b"x")
        await finished.abort()
        assert await whole(store, "blob") == b"x"

    async def test_a_sweep_removes_what_was_never_committed(self, store: BlobStore, target: str) -> None:
        writer = await store.writer()
        await writer.write(bytes(self.spilled_bytes))
        await asyncio.sleep(self.busy_s)
        assert self.unfinished(target) == 1
        assert await store.sweep_unfinished(older_than_s=3600) == 0
        assert await store.sweep_unfinished(older_than_s=-1) == 1
        assert self.unfinished(target) == 0
        await writer.abort()

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        pieces=st.lists(st.binary(max_size=300), max_size=20),
        cut=st.tuples(st.integers(0, 7000), st.integers(0, 7000)),
    )
    def test_pieces_of_any_size_make_the_blob(
        self, target: str, pieces: list[bytes], cut: tuple[int, int]
    ) -> None:
        async def check() -> None:
            store = open_blobs(self.opener, target)
            await store.delete("blob")
            async with await store.writer() as writer:
                for piece in pieces:
                    await writer.write(piece)
                await writer.commit("blob")
            start, stop = sorted(cut)
            assert await whole(store, "blob", start, stop) == b"".join(pieces)[start:stop]

        asyncio.run(check())

    @pytest.mark.full
    async def test_every_acknowledged_blob_outlives_kill_9_whole(self, target: str) -> None:
        """At random moments, 30 times; what is visible is whole, acknowledged or not."""
        acknowledged: set[str] = set()
        with Child("synfonium.testing.blob_writer", self.opener, target) as writer:
            assert writer.read_line(timeout_s=60) == "ready"
            for kill in range(KILLS):
                acknowledged |= self._write_and_kill(writer, kill * 1_000_000)
        store = open_blobs(self.opener, target)
        there = {n async for n in store.names()}
        assert acknowledged <= there, f"{len(acknowledged - there)} acknowledged blobs are lost"
        for name in there:
            assert await whole(store, name) == content_of(name), "a blob is not whole"
        await store.sweep_unfinished(older_than_s=-1)
        assert self.unfinished(target) == 0

    @pytest.mark.full
    async def test_a_full_disk_refuses_and_leaves_nothing_behind(self, small_target: str) -> None:
        store = open_blobs(self.opener, small_target)
        content = os.urandom(MIB)
        written = await self._fill(store, content)
        assert self.unfinished(small_target) == 0
        assert len([n async for n in store.names()]) == written
        for number in range(written):
            assert await whole(store, f"blob{number}") == content
        await store.delete("blob0")
        await put(store, "again", content)

    async def _fill(self, store: BlobStore, content: bytes) -> int:
        """Writes until there is no room; how many blobs were acknowledged."""
        for number in range(100):
            try:
                await put(store, f"blob{number}", content)
            except StorageFull:
                assert number > 2
                return number
        raise AssertionError("a small disk took 100 MiB")

    def _write_and_kill(self, writer: Child, first: int) -> set[str]:
        writer.say(f"write {first}")
        acknowledged = {writer.read_line(timeout_s=30)}
        deadline = time.monotonic() + random.random() * 0.1
        while (left_s := deadline - time.monotonic()) > 0:
            if line := writer.read_line(timeout_s=left_s, or_empty=True):
                acknowledged.add(line)
        writer.say("kill")
        acknowledged |= set(writer.read_until("gone", timeout_s=30))
        return {line.removeprefix("ack ") for line in acknowledged}
