"""What lies in a bucket, cut into files that a backup can hold a few of at a time."""

import msgspec

PIECE_BYTES = 16 * 1024 * 1024


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a blob: number `index` of `count`, PIECE_BYTES each, the last one less."""

    app: str
    name: str
    index: int
    count: int

    @property
    def path(self) -> str:
        """Below the folder of all; in the order of paths a blob's pieces follow one another."""
        key = key_of(self.name)
        return f"{self.app}/{key[:2]}/{key}-{self.index:06d}-{self.count:06d}"

    @property
    def is_last(self) -> bool:
        return self.index + 1 == self.count


def piece_of(path: str) -> Piece:
    """Raises ValueError for a path that is none of ours."""
    app, _prefix, file = path.split("/")
    key, index, count = file.split("-")
    return Piece(app=app, name=key.replace("_", "/"), index=int(index), count=int(count))


def pieces_of(app: str, name: str, size_bytes: int) -> list[Piece]:
    count = max(1, -(-size_bytes // PIECE_BYTES))
    return [Piece(app=app, name=name, index=index, count=count) for index in range(count)]


def key_of(name: str) -> str:
    return name.replace("/", "_")
