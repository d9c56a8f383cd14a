"""What the index keeps of a document to show it again, in as few bytes as can be.

Texts of a page are small; each alone compresses badly. A dictionary of frequent pieces of free
documentation (scripts/index_dictionary.py) brings what a document of a kilobyte takes from .70 to
.51 of its text, on pages that it was not made from. It belongs to the schema's version.
"""

from collections.abc import Mapping
from pathlib import Path
from threading import local

import msgspec
from zstandard import ZstdCompressionDict, ZstdCompressor, ZstdDecompressor

from synfonium.ports.index import Signals

_LEVEL = 3
_WHOLE = 10_000
_LARGEST_BYTES = 1 << 20


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """What is read back of a document; `text` is its beginning, for snippets."""

    key: str
    title: str
    text: str
    headings: str
    anchors: str
    lang: str
    host: str
    time_s: float
    kind: str
    signals: tuple[int, int, int, int, int, bool]
    shown: Mapping[str, str]

    def known(self) -> Signals:
        host_rank, page_rank, spam, adult, trackers, is_home = self.signals
        return Signals(
            host_rank=host_rank / _WHOLE,
            page_rank=page_rank / _WHOLE,
            spam=spam / _WHOLE,
            adult=adult / _WHOLE,
            trackers=trackers,
            is_home=is_home,
        )


def packed_signals(signals: Signals) -> tuple[int, int, int, int, int, bool]:
    """Shares in ten-thousandths: a third of the bytes of a float."""
    ranks = (_share(signals.host_rank), _share(signals.page_rank))
    return (*ranks, _share(signals.spam), _share(signals.adult), signals.trackers, signals.is_home)


def _share(value: float) -> int:
    return round(_WHOLE * min(1.0, max(0.0, value)))


class _Codec(local):
    """One a thread: a compressor serves one at a time."""

    def __init__(self) -> None:
        self.compressor = ZstdCompressor(
            level=_LEVEL, dict_data=_DICTIONARY, write_checksum=False, write_dict_id=False
        )
        self.decompressor = ZstdDecompressor(dict_data=_DICTIONARY)
        self.encoder, self.decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Kept)


_DICTIONARY = ZstdCompressionDict(Path(__file__).with_name("texts.dictionary").read_bytes())
_DICTIONARY.precompute_compress(level=_LEVEL)
_codec = _Codec()


def pack(kept: Kept) -> bytes:
    return _codec.compressor.compress(_codec.encoder.encode(kept))


def unpack(packed: bytes) -> Kept:
    return _codec.decoder.decode(_codec.decompressor.decompress(packed, max_output_size=_LARGEST_BYTES))
