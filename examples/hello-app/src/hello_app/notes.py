# SPDX-License-Identifier: Apache-2.0
"""Notes that people keep in Hello, each person's own; in one SQLite file."""

import secrets
import sqlite3
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

MOST_OF_A_PERSON = 1000
LONGEST = 10_000
_TABLE = """create table if not exists note
(id text primary key, owner text not null, title text not null, text text not null, written_s real)"""


class NoRoom(Exception):
    """A person has as many notes as anybody may."""


@dataclass(frozen=True)
class Note:
    """owner: the person's `sub`, as only we know them."""

    id: str
    owner: str
    title: str
    text: str
    written_s: float

    @property
    def address(self) -> str:
        return f"hello:note/{self.id}"

    @property
    def revision(self) -> str:
        return str(self.written_s)


class Notes:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(folder / "notes.sqlite", check_same_thread=False)
        self._lock = threading.Lock()
        with self._lock, self._database:
            self._database.execute(_TABLE)

    def of(self, owner: str) -> Sequence[Note]:
        """The newest first."""
        with self._lock:
            asked = "select * from note where owner = ? order by written_s desc, id"
            return [Note(*row) for row in self._database.execute(asked, (owner,))]

    def one(self, note_id: str) -> Note | None:
        with self._lock:
            row = self._database.execute("select * from note where id = ?", (note_id,)).fetchone()
        return Note(*row) if row else None

    def rewrite(self, note: Note, text: str) -> Note:
        """Its title stays what it is called by."""
        written = replace(note, text=text[:LONGEST], written_s=time.time())
        with self._lock, self._database:
            values = (written.text, written.written_s, note.id)
            self._database.execute("update note set text = ?, written_s = ? where id = ?", values)
        return written

    def write(self, owner: str, text: str, title: str = "") -> Note:
        """Raises NoRoom."""
        line = (text.strip().splitlines() or ["Note"])[0]
        note = Note(secrets.token_hex(10), owner, (title or line)[:80], text[:LONGEST], time.time())
        with self._lock, self._database:
            (count,) = self._database.execute(
                "select count(*) from note where owner = ?", (owner,)
            ).fetchone()
            if count >= MOST_OF_A_PERSON:
                raise NoRoom
            values = (note.id, note.owner, note.title, note.text, note.written_s)
            self._database.execute("insert into note values (?, ?, ?, ?, ?)", values)
        return note
