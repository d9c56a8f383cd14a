"""Much content goes into an archive by two threads that share two buffers."""

import random
import threading
import time
from contextlib import closing

import pytest

from synfonium.apps.yourdata.service.copying import BUFFER_BYTES, Copier

SIZES = (0, 1, BUFFER_BYTES - 1, BUFFER_BYTES, 3 * BUFFER_BYTES, 5 * BUFFER_BYTES + 9)


class Given:
    """A content of these bytes; `step` is called before each piece is read."""

    def __init__(self, content: bytes, step: float = 0.0, fails_at: int | None = None) -> None:
        self.content, self.step, self.fails_at = content, step, fails_at
        self.at, self.readers = 0, 0

    def readinto(self, buffer: memoryview, /) -> int:
        self.readers += 1
        time.sleep(self.step)
        if self.fails_at is not None and self.at >= self.fails_at:
            self.readers -= 1
            raise LookupError
        piece = self.content[self.at : self.at + len(buffer)]
        buffer[: len(piece)] = piece
        self.at += len(piece)
        self.readers -= 1
        return len(piece)

    def close(self) -> None:
        assert self.readers == 0


@pytest.mark.parametrize("size", SIZES)
def test_what_is_read_is_written_in_order_whoever_is_the_slower(size: int) -> None:
    whole = random.Random(size).randbytes(size)
    for read_s, write_s in ((0.0, 0.0), (0.01, 0.0), (0.0, 0.01)):
        written = bytearray()

        def write(piece: memoryview, write_s: float = write_s, written: bytearray = written) -> None:
            time.sleep(write_s)
            written += piece

        with closing(Copier()) as copier:
            copier.copy(Given(whole, read_s), size, write)
            copier.copy(Given(whole, read_s), size, write)
        assert written == whole + whole


def test_a_copy_that_is_given_up_ends_soon_and_leaves_no_reader() -> None:
    copier, content, count = Copier(), Given(bytes(50 * BUFFER_BYTES), step=0.02), 0

    def write(piece: memoryview) -> None:
        nonlocal count
        count += 1
        if count == 2:
            threading.Timer(0, copier.give_up).start()

    with closing(copier):
        with pytest.raises(InterruptedError):
            copier.copy(content, len(content.content), write)
        content.close()
    assert count < 10


def test_what_cannot_be_read_is_raised_after_what_was_read() -> None:
    written = bytearray()
    with closing(Copier()) as copier, pytest.raises(LookupError):
        copier.copy(
            Given(bytes(3 * BUFFER_BYTES), fails_at=2 * BUFFER_BYTES), 3 * BUFFER_BYTES, written.extend
        )
    assert len(written) == 2 * BUFFER_BYTES


def test_what_cannot_be_written_is_raised_and_leaves_no_reader() -> None:
    def write(piece: memoryview) -> None:
        raise OSError(28, "full")

    content = Given(bytes(9 * BUFFER_BYTES), step=0.05)
    with closing(Copier()) as copier:
        with pytest.raises(OSError, match="full"):
            copier.copy(content, len(content.content), write)
        content.close()
