"""Copies content into an archive: one thread reads, verifies and opens what comes next while
another sums and writes what is there, in two buffers that stay."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from io import FileIO
from threading import Event

from synfonium.kernel.personal import Content

__all__ = ["BUFFER_BYTES", "Copier", "WriteOut"]

# A frame of a sealed blob; twice as much leaves the processor's cache and is slower.
BUFFER_BYTES = 1024 * 1024
WRITE_OUT_BYTES = 16 * 1024 * 1024


class WriteOut:
    """Has the system bring to the disk what a file has, while more is made: the sync at the end
    is short, and a large archive neither fills the memory with what waits nor stays in it."""

    def __init__(self, file: FileIO) -> None:
        self._file, self._asked_bytes = file, 0

    def __call__(self, written_bytes: int) -> None:
        new_bytes = written_bytes - self._asked_bytes
        if new_bytes >= WRITE_OUT_BYTES:
            os.posix_fadvise(self._file.fileno(), self._asked_bytes, new_bytes, os.POSIX_FADV_DONTNEED)
            self._asked_bytes = written_bytes


class Copier:
    """Blocks; one thread at a time. `give_up` may be called from any."""

    def __init__(self) -> None:
        self._buffers = [memoryview(bytearray(BUFFER_BYTES)) for _ in range(2)]
        self._ahead = ThreadPoolExecutor(1, "read-ahead")
        self._is_over = Event()

    def give_up(self) -> None:
        """What is being copied ends soon, with InterruptedError."""
        self._is_over.set()

    def copy(self, content: Content, size_bytes: int, write: Callable[[memoryview], None]) -> None:
        """Passes all of the content to `write`. Raises what the two do."""
        if size_bytes <= BUFFER_BYTES:
            self._at_once(content, write)
            return
        turn, ahead = 0, self._ahead.submit(content.readinto, self._buffers[0])
        try:
            while size := ahead.result():
                full, turn = self._buffers[turn][:size], 1 - turn
                ahead = self._ahead.submit(content.readinto, self._buffers[turn])
                write(full)
                if self._is_over.is_set():
                    raise InterruptedError
        finally:
            wait([ahead])  # nobody reads any more when this has ended

    def _at_once(self, content: Content, write: Callable[[memoryview], None]) -> None:
        while size := content.readinto(self._buffers[0]):
            write(self._buffers[0][:size])

    def close(self) -> None:
        self._ahead.shutdown()
