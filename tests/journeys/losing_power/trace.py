"""What a server did to its disk, in order, as strace saw it."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

CALLS = (
    "write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,sync_file_range,ftruncate,truncate,unlink,unlinkat,"
    "rename,renameat,renameat2,link,linkat,open,openat,creat,mkdir,mkdirat,rmdir,fallocate,copy_file_range"
)
_LINE = re.compile(rb"(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)$", re.DOTALL)
_UNFINISHED = b" <unfinished ...>"
_FILE = rb"\d+<([^>]*)>(?:\(deleted\))?"
_TEXT = rb'"((?:[^"\\]|\\.)*)"'
_WRITE = re.compile(_FILE + rb", " + _TEXT + rb"(\.\.\.)?, \d+(?:, (\d+))?\) += (\d+)$", re.DOTALL)
_SYNC = re.compile(_FILE + rb"\) += 0$")
_TRUNCATE = re.compile(_FILE + rb", (\d+)\) += 0$")
_PATH = re.compile(rb"(?:AT_FDCWD<[^>]*>, )?" + _TEXT)
_TWO = re.compile(_PATH.pattern + rb", " + _PATH.pattern)
_OPENED = re.compile(rb".*O_CREAT.* = \d+<([^>]*)>$", re.DOTALL)


class Step(msgspec.Struct, frozen=True):
    """One thing done, the `number`th to end. at: the last that had ended when it began, since a sync
    covers only what ended before it."""

    kind: str
    path: str
    other: str = ""
    content: bytes = b""
    offset: int | None = None
    at: int = 0
    number: int = 0


def command(log: Path) -> list[str]:
    """What stands before the command to be watched."""
    return [
        "strace", "-f", "--seccomp-bpf", "-qq", "-y", "-s", "8000000",
        "-e", f"trace={CALLS}", "-e", "signal=none", "-o", str(log),
    ]  # fmt: skip


def steps(log: Path, scope: tuple[str, ...]) -> Iterator[Step]:
    """Steps about what begins with one of `scope`. Raises ValueError for a call that it cannot read."""
    begun: dict[bytes, tuple[bytes, int]] = {}
    count = 0
    wanted = tuple(part.encode() for part in scope)
    with log.open("rb") as lines:
        for line in lines:
            found = _LINE.match(line.rstrip(b"\n"))
            if found is None:
                continue
            pid, resumed, name, rest = found.groups()
            if rest.endswith(_UNFINISHED):
                begun[pid] = (rest.removesuffix(_UNFINISHED), count)
                continue
            at = count
            if resumed:
                head, at = begun.pop(pid)
                name, rest = resumed, head + rest
            if not any(part in rest for part in wanted):
                continue
            step = _step(name.decode(), rest, at)
            if step is not None and (step.path.startswith(scope) or step.other.startswith(scope)):
                count += 1
                yield msgspec.structs.replace(step, number=count)


def _step(name: str, rest: bytes, at: int) -> Step | None:
    if re.search(rb"= (-1 |\?)", rest[-120:]):
        return None
    if name in ("write", "pwrite64") and (found := _WRITE.match(rest)):
        path, text, cut, offset, length = found.groups()
        content = codecs.escape_decode(text)[0]
        if cut or len(content) < int(length):
            raise ValueError("a write that was not recorded whole")
        place = int(offset) if offset else None
        return Step("write", _name(path), content=content[: int(length)], offset=place, at=at)
    if name in ("fsync", "fdatasync") and (found := _SYNC.match(rest)):
        return Step("sync", _name(found[1]), at=at)
    if name == "ftruncate" and (found := _TRUNCATE.match(rest)):
        return Step("truncate", _name(found[1]), offset=int(found[2]), at=at)
    if name in ("open", "openat"):
        found = _OPENED.match(rest)
        return Step("create", _name(found[1]), at=at) if found else None
    if name in ("mkdir", "mkdirat", "unlink", "unlinkat", "rmdir") and (found := _PATH.match(rest)):
        kind = "mkdir" if name.startswith("mkdir") else "unlink"
        return Step(kind, _name(found[1]), at=at)
    if name.startswith(("link", "rename")) and (found := _TWO.match(rest)):
        return Step("link" if name.startswith("link") else "rename", _name(found[1]), _name(found[2]), at=at)
    raise ValueError(f"a call that is not known here: {name}")


def _name(text: bytes) -> str:
    return codecs.escape_decode(text)[0].decode()
