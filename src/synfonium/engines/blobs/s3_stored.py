"""What lies in the bucket, and under which keys."""

import msgspec

from synfonium.ports.blobs import is_blob_name

__all__ = ["PART_BYTES", "Large", "Stored", "Unfinished", "key_of", "part_key", "stored_large"]

# Small enough to be held whole on its way in, large enough that a request is little beside it.
PART_BYTES = 8 * 1024 * 1024


class Large(msgspec.Struct, frozen=True):
    """The content of `large/<name>`."""

    parts: str
    size_bytes: int
    part_bytes: int = PART_BYTES


class Unfinished(msgspec.Struct, frozen=True):
    """The content of `unfinished/<parts>`. name: under which they are or were committed, if known."""

    name: str = ""
    is_deleted: bool = False


class Stored(msgspec.Struct, frozen=True):
    """Where a blob is. large: None when `key` holds its bytes."""

    key: str
    size_bytes: int
    large: Large | None


def stored_large(content: bytes) -> Large:
    return msgspec.json.decode(content, type=Large)


def key_of(name: str) -> str:
    """The name without folders, which some servers do not let be objects too. Raises ValueError."""
    if not is_blob_name(name):
        raise ValueError("not the name of a blob")
    return name.replace("/", "_")


def part_key(parts: str, number: int) -> str:
    return f"parts/{parts}/{number:08d}"
