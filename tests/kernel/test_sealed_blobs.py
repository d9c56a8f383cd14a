"""Content is sealed per space; damage is found always and served never."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synfonium.common.problem import StorageFull
from synfonium.engines.blobs.local import LocalBlobs
from synfonium.kernel.blob_format import FRAME_BYTES, Layout, Sealer
from synfonium.kernel.sealed_blobs import BlobDamaged, SealedBlob, SealedBlobs, SpaceKey

KEY, OTHER = SpaceKey(bytes([1]) * 32), SpaceKey(bytes([2]) * 32)
EDGES = [0, 1, FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 2 * FRAME_BYTES, 3 * FRAME_BYTES + 7]
ANY_FIXTURE = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


class Store:
    """Sealed blobs on a disk, with a way to the stored file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.local = LocalBlobs(folder, kept_free_bytes=0)
        self.blobs = SealedBlobs(self.local)

    def write(self, content: bytes, *, key: SpaceKey = KEY, piece: int = 300_000) -> SealedBlob:
        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(content), piece):
                yield content[start : start + piece]

        return asyncio.run(self.blobs.write(key, pieces()))

    def read(self, name: str, start: int = 0, stop: int | None = None, *, key: SpaceKey = KEY) -> bytes:
        """A whole content is read by a thread too: what one way refuses, the other does not serve."""

        async def read() -> bytes:
            return b"".join([piece async for piece in self.blobs.read(key, name, start, stop)])

        if (start, stop) != (0, None):
            return asyncio.run(read())
        try:
            streamed = asyncio.run(read())
        except BlobDamaged:
            with pytest.raises(BlobDamaged):
                self.read_by_a_thread(name, key=key)
            raise
        assert self.read_by_a_thread(name, key=key) == streamed
        return streamed

    def read_by_a_thread(self, name: str, room: int = FRAME_BYTES, *, key: SpaceKey = KEY) -> bytes:
        buffer, content = memoryview(bytearray(room)), b""
        with closing(self.blobs.open(key, name)) as opened:
            while size := opened.readinto(buffer):
                content += buffer[:size]
        return content

    def scrub(self, name: str) -> int:
        return asyncio.run(self.blobs.scrub(name))

    def path(self, name: str) -> Path:
        return self.folder / "blobs" / name[:2] / name[2:4] / name


def content_of(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("sealed"))


@pytest.mark.parametrize("size", EDGES)
def test_content_of_any_size_comes_back_and_passes_the_scrub(store: Store, size: int) -> None:
    blob = store.write(content_of(size))
    assert blob.size_bytes == size
    assert store.read(blob.name) == content_of(size)
    assert store.scrub(blob.name) == store.path(blob.name).stat().st_size


@ANY_FIXTURE
@given(
    size=st.sampled_from(EDGES), first=st.integers(0, 4 * FRAME_BYTES), second=st.integers(0, 4 * FRAME_BYTES)
)
def test_any_range_is_the_one_asked_for(store: Store, size: int, first: int, second: int) -> None:
    content = content_of(size)
    name = keyed_name(content)
    if not store.path(name).exists():
        store.write(content)
    start, stop = sorted((first, second))
    assert store.read(name, start, stop) == content[start:stop]
    assert store.read(name, start) == content[start:]


@ANY_FIXTURE
@given(pieces=st.lists(st.binary(max_size=2000), max_size=30))
def test_how_the_bytes_arrive_makes_no_difference(store: Store, pieces: list[bytes]) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    blob = asyncio.run(store.blobs.write(KEY, stream()))
    assert blob == SealedBlob(keyed_name(b"".join(pieces)), sum(map(len, pieces)))
    assert store.read(blob.name) == b"".join(pieces)


@pytest.mark.parametrize("size", EDGES)
def test_a_thread_reads_whole_frames_into_whatever_room_it_has(store: Store, size: int) -> None:
    name = store.write(content_of(size)).name
    for room in (FRAME_BYTES, FRAME_BYTES + 1, 2 * FRAME_BYTES, 3 * FRAME_BYTES - 1, 9 * FRAME_BYTES):
        assert store.read_by_a_thread(name, room) == content_of(size)
    with pytest.raises(ValueError, match="frame"):
        store.read_by_a_thread(name, FRAME_BYTES - 1)
    with pytest.raises(KeyError):
        store.blobs.open(KEY, "0" * 64)


def test_a_range_that_is_none_is_refused(store: Store) -> None:
    blob = store.write(b"abc")
    for start, stop in ((-1, None), (-1, 2), (2, 1)):
        with pytest.raises(ValueError, match="range"):
            store.read(blob.name, start, stop)


@ANY_FIXTURE
@given(
    size=st.sampled_from([0, 5, 3000, FRAME_BYTES, FRAME_BYTES + 9, 2 * FRAME_BYTES]),
    place=st.floats(0, 1, exclude_max=True),
    bit=st.integers(0, 7),
)
def test_a_changed_bit_anywhere_is_found_by_the_scrub_and_never_served(
    store: Store, size: int, place: float, bit: int
) -> None:
    content = content_of(size)
    name = store.write(content).name
    path = store.path(name)
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[int(place * len(damaged))] ^= 1 << bit
    try:
        path.write_bytes(damaged)
        with pytest.raises(BlobDamaged):
            store.scrub(name)
        assert_served_right_or_not_at_all(store, name, content)
    finally:
        path.write_bytes(whole)


def test_every_single_byte_of_a_small_blob_is_guarded(store: Store) -> None:
    content = b"what a person wrote"
    name = store.write(content).name
    path = store.path(name)
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x40]) + whole[place + 1 :])
        with pytest.raises(BlobDamaged):
            store.scrub(name)
        assert_served_right_or_not_at_all(store, name, content)
    path.write_bytes(whole)


@pytest.mark.parametrize("size", [0, 10, FRAME_BYTES, 2 * FRAME_BYTES + 5])
def test_a_blob_cut_off_or_grown_is_found_and_never_served(store: Store, size: int) -> None:
    content = content_of(size)
    name = store.write(content).name
    path, frame = store.path(name), FRAME_BYTES + 16
    whole = path.read_bytes()
    lengths = {
        0,
        1,
        39,
        40,
        119,
        120,
        len(whole) // 2,
        len(whole) - 1,
        len(whole) - 80,
        len(whole) - 48 - FRAME_BYTES,
    }
    changed = [whole[:length] for length in lengths if 0 <= length < len(whole)]
    changed += [whole + b"x", whole + bytes(48), whole + bytes(frame + 32)]
    try:
        for damaged in changed:
            path.write_bytes(damaged)
            with pytest.raises(BlobDamaged):
                store.scrub(name)
            with pytest.raises(BlobDamaged):
                store.read(name)
    finally:
        path.write_bytes(whole)


def test_frames_in_another_order_or_from_elsewhere_are_not_served(store: Store) -> None:
    content = content_of(3 * FRAME_BYTES)
    name, other = store.write(content).name, store.write(content_of(3 * FRAME_BYTES + 1)).name
    path, frame = store.path(name), FRAME_BYTES + 16
    whole, foreign = path.read_bytes(), store.path(other).read_bytes()
    first, second = whole[40 : 40 + frame], whole[40 + frame : 40 + 2 * frame]
    for middle in (second + first, first + first, foreign[40 : 40 + 2 * frame]):
        path.write_bytes(whole[:40] + middle + whole[40 + 2 * frame :])
        with pytest.raises(BlobDamaged):
            store.read(name)
        with pytest.raises(BlobDamaged):
            store.scrub(name)
    path.write_bytes(whole)


def test_a_blob_under_another_name_is_not_served(store: Store) -> None:
    name, other = store.write(b"contract, signed").name, store.write(b"contract, draft!").name
    whole = store.path(name).read_bytes()
    store.path(name).write_bytes(store.path(other).read_bytes())
    with pytest.raises(BlobDamaged):
        store.read(name)
    store.path(name).write_bytes(whole)


def test_another_space_opens_nothing_and_shares_no_name(store: Store) -> None:
    mine, theirs = store.write(b"the same"), store.write(b"the same", key=OTHER)
    assert mine.name != theirs.name
    with pytest.raises(BlobDamaged):
        store.read(mine.name, key=OTHER)


def test_equal_content_is_kept_once_in_a_space(tmp_path: Path) -> None:
    store = Store(tmp_path)
    names = {store.write(content_of(5000), piece=piece).name for piece in (1, 7, 5000)}
    assert len(names) == 1
    assert len(list(tmp_path.rglob("blobs/*/*/*"))) == 1
    assert list((tmp_path / "incoming").iterdir()) == []


def test_the_disk_shows_nothing_of_the_content(tmp_path: Path) -> None:
    store = Store(tmp_path)
    content = b"marker-of-a-person" * 100
    name = store.write(content).name
    stored = store.path(name).read_bytes()
    assert b"marker" not in stored
    assert name != blake3(content).hexdigest()
    assert Store(tmp_path / "again").write(content).name == name
    assert (tmp_path / "again" / "blobs" / name[:2] / name[2:4] / name).read_bytes() != stored


def test_what_the_sender_raises_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)

    async def broken() -> AsyncIterator[bytes]:
        yield bytes(3 * FRAME_BYTES)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        asyncio.run(store.blobs.write(KEY, broken()))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.blobs = SealedBlobs(LocalBlobs(tmp_path, kept_free_bytes=10**18))
    with pytest.raises(StorageFull):
        store.write(content_of(FRAME_BYTES * 2))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@given(size=st.integers(0, 50 * FRAME_BYTES))
def test_the_layout_is_known_from_the_stored_size(size: int) -> None:
    frames = max(1, -(-size // FRAME_BYTES))
    stored = 40 + size + 48 * frames + 80
    assert Layout.of(stored) == Layout(size, frames)
    assert Layout(size, frames).stored_bytes == stored


def test_a_blob_of_the_first_version_is_read_for_ever(store: Store) -> None:
    """Golden bytes: sealed once in November 2026, with the key 01 01 …"""
    name = "5fca4c5319075dd39664d2ca4cb994eb6c3fc01525d58b1df7a2a9260bebe6ab"
    sealed = bytes.fromhex(
        "53594e424c4f42317db1b863c9bc8bfe0c5f0ab3ca14452907bc647094e80c32dd3e6e5f2f2b48735d64963e3c611619"
        "8025434290bce360dfa1c66e046cab0d52328d4c0c837d62eb7bdc9134f150556f718d303a8f405e90cd0dfb314fabc1"
        "9cf7bde613b789dde21a4edb00750000000000000016cd1514806616d24af3b1b64dad5d3303578d7d220816392bb691"
        "cd86639e0714e6ba049b183605e1ffafd98fbfc76cf90c9fec72b1701491f8da7e7608cddd4931424f4c424e5953"
    )
    store.path(name).parent.mkdir(parents=True, exist_ok=True)
    store.path(name).write_bytes(sealed)
    assert store.read(name) == b"Lisible pour toujours."
    assert store.scrub(name) == len(sealed)


def keyed_name(content: bytes) -> str:
    sealer = Sealer(KEY)
    frames = [content[i : i + FRAME_BYTES] for i in range(0, max(1, len(content)), FRAME_BYTES)]
    for number, frame in enumerate(frames, 1):
        sealer.frame(frame, is_last=number == len(frames))
    return sealer.end()[0]


def assert_served_right_or_not_at_all(store: Store, name: str, content: bytes) -> None:
    """Damage where a read does not look (the scrub's hashes) may leave the content right."""
    with suppress(BlobDamaged):
        assert store.read(name) == content
