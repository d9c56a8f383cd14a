"""The audit as a file: OCSF 1.3 events, one JSON object a line, signed as a whole.

A row is an event of class API Activity (6003): `actor.user.uid` did `api.operation` to
`resources[0].uid`. What frames them (the head of the file, signed heads of the chains, its end)
are Base Events (class 0), so that each line is an OCSF event. docs/how-to/read-the-audit.md has
the whole mapping. Every line has one spelling: it is checked by writing it anew.
"""

import asyncio
import hashlib
import os
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from synfonium.kernel.audit.book import AuditBook
from synfonium.kernel.audit.chain import Broken, Row
from synfonium.kernel.audit.heads import Head, Signer, is_signed, read_public_key
from synfonium.kernel.audit.verify import Chain, Verdict

__all__ = ["as_cef", "as_event", "row_of", "verify_file", "write_export"]

FORMAT = "synfonium-audit-1"
OCSF = "1.3.0"
LONGEST_LINE_BYTES = 64 * 1024
_PRODUCT = {"name": "Synfonium", "vendor_name": "Synfonium"}
_END_MAGIC = b"SYNEND1"
_ACTIVITIES = {
    "add": 1, "make": 1, "begin": 1, "give": 1, "create": 1, "write": 1, "set": 1,
    "look": 2, "read": 2, "export": 2,
    "rename": 3, "change": 3, "move": 3, "start": 3, "stop": 3,
    "remove": 4, "end": 4, "end_others": 4, "revoke": 4, "delete": 4, "erase": 4, "trash": 4,
}  # fmt: skip
"""Last word of an act to OCSF's activity: 1 create, 2 read, 3 update, 4 delete; else 99."""

Event = dict[str, Any]


def as_event(row: Row) -> Event:
    """A row as API Activity (6003)."""
    activity = _ACTIVITIES.get(row.act.rpartition(".")[2], 99)
    actor: Event = {"user": {"uid": row.person}}
    if row.by_app:
        actor["app_name"] = row.by_app
    return {
        "activity_id": activity,
        "actor": actor,
        "api": {"operation": row.act, "service": {"name": row.app}},
        "category_uid": 6,
        "class_uid": 6003,
        "metadata": {"log_name": row.app, "product": _PRODUCT, "sequence": row.seq, "version": OCSF},
        "resources": [{"uid": row.subject}],
        "severity_id": 1,
        "src_endpoint": {"name": row.by_app or "synfonium"},
        "status_id": 1,
        "time": int(row.time_s * 1000),
        "type_uid": 600300 + activity,
        "unmapped": {"time_s": row.time_s, "previous": row.previous, "hash": row.hash},
    }


def framed(kind: str, values: Event, time_s: float) -> Event:
    """Something that is no row, as a Base Event."""
    return {
        "activity_id": 99,
        "category_uid": 0,
        "class_uid": 0,
        "message": kind,
        "metadata": {"product": _PRODUCT, "version": OCSF},
        "severity_id": 1,
        "time": int(time_s * 1000),
        "type_uid": 99,
        "unmapped": values,
    }


def line_of(event: Event) -> bytes:
    return msgspec.json.encode(event) + b"\n"


def head_event(head: Head) -> Event:
    return framed("head", msgspec.to_builtins(head), head.time_s)


def first_event(signer: Signer, apps: Sequence[str], time_s: float) -> Event:
    return framed("audit", {"format": FORMAT, "apps": list(apps), "public_key": signer.public_pem}, time_s)


def end_line(signer: Signer, digest: bytes, lines: int, time_s: float) -> bytes:
    """The last line: a signature over everything before it, and over its own time."""
    signature = signer.sign(_signed_at_the_end(digest, int(time_s * 1000)))
    values = {"lines": lines, "sha256": digest.hex(), "signature": signature}
    return line_of(framed("end", values, time_s))


def _signed_at_the_end(digest: bytes, time_ms: int) -> bytes:
    return _END_MAGIC + digest + struct.pack(">Q", time_ms)


def as_cef(row: Row) -> str:
    """A row in ArcSight's Common Event Format, for what reads no OCSF; it cannot be verified."""
    words = f"suser={row.person} act={row.act} request={row.subject} sproc={row.by_app} cn1={row.seq}"
    return f"CEF:0|Synfonium|Synfonium|1|{row.act}|{row.act}|1|rt={int(row.time_s * 1000)} {words}"


class _Reader:
    """Goes through the lines of an export. Raises Broken."""

    def __init__(self, key: Ed25519PublicKey | None) -> None:
        self._given, self._key = key, key
        self.key_inside = ""
        self._apps: list[str] = []
        self._heads: dict[str, list[Head]] = {}
        self._chain: Chain | None = None
        self.verdicts: list[Verdict] = []

    def read(self, event: Event) -> Event:
        """Takes one event; gives it as it should be spelled."""
        if event.get("class_uid") == 6003:
            row = row_of(event)
            if self._chain is None or row.app != self._apps[len(self.verdicts)]:
                self._next_chain(row.app)
            assert self._chain is not None
            self._chain.follow(row)
            return as_event(row)
        return self._frame(event["message"], event["unmapped"], event)

    def _frame(self, kind: str, values: Event, event: Event) -> Event:
        if kind == "audit" and not self._apps:
            if values["format"] != FORMAT:
                raise Broken("", 0, "format")
            self.key_inside, self._apps = str(values["public_key"]), [str(app) for app in values["apps"]]
            self._key = self._given or read_public_key(self.key_inside)
        elif kind == "head":
            head = msgspec.convert(values, Head)
            self._heads.setdefault(head.app, []).append(head)
            return head_event(head)
        elif kind != "end":
            raise Broken("", 0, "format")
        return event

    def _next_chain(self, app: str) -> None:
        """Chains stand in the order that the first line says; those without a row have ended."""
        while True:
            self._end_chain()
            if len(self.verdicts) == len(self._apps):
                raise Broken(app, 0, "missing")
            here = self._apps[len(self.verdicts)]
            assert self._key is not None
            self._chain = Chain(here, self._heads.get(here, []), self._key)
            if here == app:
                return

    def _end_chain(self) -> None:
        if self._chain is not None:
            self.verdicts.append(self._chain.end())
            self._chain = None

    def end(self, event: Event, digest: bytes, lines: int) -> None:
        while len(self.verdicts) < len(self._apps):
            self._end_chain()
            if len(self.verdicts) < len(self._apps):
                here = self._apps[len(self.verdicts)]
                assert self._key is not None
                self._chain = Chain(here, self._heads.get(here, []), self._key)
        values = event["unmapped"]
        if self._key is None or (values["lines"], values["sha256"]) != (lines, digest.hex()):
            raise Broken("", lines, "file_changed")
        if not is_signed(self._key, _signed_at_the_end(digest, event["time"]), str(values["signature"])):
            raise Broken("", lines, "file_not_signed")


def row_of(event: Event) -> Row:
    """The row of an API Activity. Raises KeyError, IndexError, TypeError for another event."""
    unmapped, metadata = event["unmapped"], event["metadata"]
    return Row(
        app=metadata["log_name"],
        seq=metadata["sequence"],
        time_s=unmapped["time_s"],
        person=event["actor"]["user"]["uid"],
        act=event["api"]["operation"],
        subject=event["resources"][0]["uid"],
        by_app=event["actor"].get("app_name", ""),
        previous=unmapped["previous"],
        hash=unmapped["hash"],
    )


def verify_file(lines: Iterable[bytes], key: Ed25519PublicKey | None) -> tuple[list[Verdict], str]:
    """Checks an export, line by line: the verdict on each app, and the public key inside (PEM).

    key: the installation's, from elsewhere; None believes the one inside, which finds damage
    but not a forger. Raises Broken for the first thing that is not as it was written.
    """
    reader, digest, count, ended = _Reader(key), hashlib.sha256(), 0, False
    for line in _bounded(lines):
        if ended:
            raise Broken("", count, "file_changed")
        try:
            event = msgspec.json.decode(line, type=dict)
            spelled = line_of(reader.read(event))
            if event.get("message") == "end" and event.get("class_uid") == 0:
                reader.end(event, digest.digest(), count)
                ended = True
                spelled = line_of(framed("end", event["unmapped"], event["time"] / 1000))
        except (
            msgspec.MsgspecError,
            KeyError,
            IndexError,
            TypeError,
            ValueError,
            AttributeError,
            struct.error,
        ):
            raise Broken("", count + 1, "file_changed") from None
        if spelled != line:
            raise Broken("", count + 1, "file_changed")
        digest.update(line)
        count += 1
    if not ended:
        raise Broken("", count, "file_cut_off")
    return reader.verdicts, reader.key_inside


def _bounded(lines: Iterable[bytes]) -> Iterator[bytes]:
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE_BYTES:
            raise Broken("", number, "file_changed")
        yield line


async def write_export(book: AuditBook, path: Path, time_s: float) -> int:
    """Writes the audit of every app to the new file `path`, readable by us alone; how many rows.

    Heads are signed first, and rows go up to them. Raises Broken when a chain is not what it
    was, and OSError.
    """
    await book.sign()
    apps = await book.apps()
    heads = {app: await book.heads(app) for app in apps}
    return await asyncio.to_thread(_write, book, path, heads, time_s)


def _write(book: AuditBook, path: Path, heads: Mapping[str, Sequence[Head]], time_s: float) -> int:
    digest, lines, rows = hashlib.sha256(), 0, 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for event in _events(book, heads, time_s):
            line = line_of(event)
            digest.update(line)
            file.write(line)
            lines, rows = lines + 1, rows + (event["class_uid"] == 6003)
        file.write(end_line(book.signer, digest.digest(), lines, time_s))
        file.flush()
        os.fsync(file.fileno())
    return rows


def _events(book: AuditBook, heads: Mapping[str, Sequence[Head]], time_s: float) -> Iterator[Event]:
    yield first_event(book.signer, list(heads), time_s)
    for of_app in heads.values():
        yield from map(head_event, of_app)
    for app, of_app in heads.items():
        for rows in book.follow(app, max((head.seq for head in of_app), default=0)):
            yield from map(as_event, rows)
