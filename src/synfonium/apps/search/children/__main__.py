"""The child process that parses pages: frames of msgpack in, frames out, until the end."""

import resource
import struct
import sys

import msgspec

from synfonium.apps.search.children.extract import extract
from synfonium.apps.search.children.language import language_of
from synfonium.apps.search.model import ParseJob
from synfonium.libraries.simhash import simhash

_LARGEST_MEMORY_BYTES = 1 << 30


def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_LARGEST_MEMORY_BYTES, _LARGEST_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    # Models and libraries are loaded before the limits are set, and before the first page.
    language_of("A sentence that is long enough for a guess.")
    simhash("a word")
    _confine()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    sink.write(b"\x01")
    sink.flush()
    while len(head := source.read(4)) == 4:
        job = msgspec.msgpack.decode(source.read(struct.unpack(">I", head)[0]), type=ParseJob)
        answer = msgspec.msgpack.encode(
            extract(job.url, job.body, charset=job.charset, media_type=job.media_type)
        )
        sink.write(struct.pack(">I", len(answer)) + answer)
        sink.flush()


if __name__ == "__main__":
    main()
