"""A whole installation in this process behind a real HTTP server, spoken to in bytes."""

import re
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.journeys.raw import Answer, exchange, request

from synfonium.kernel.app import installed_apps, resolve
from synfonium.testing.client import Installation

MIB = 1024 * 1024
UNKNOWN = "0123456789abcdefghjkmnpqrs"
# Tries at signing in are counted, so that guessing is slow.
COUNTED = frozenset({"identity_attempt", "identity_try"})
# The audit signs its head every few minutes, whatever is asked meanwhile.
SIGNED = "_audit_head"


@dataclass(frozen=True)
class House:
    """The installation, the port of its server, and an administrator's token and cookie."""

    inside: Installation
    port: int
    home: Path
    token: str
    cookie: str
    _books: "dict[Path, Book]" = field(default_factory=dict)

    async def send(self, method: str, target: bytes, *, body: bytes | None = None, **headers: str) -> Answer:
        """As the administrator, by token; a program that wants no page."""
        sent = {"authorization": f"Bearer {self.token}", **headers}
        answer = await exchange(self.port, request(method, target, body=body, **sent))
        assert answer is not None, "the server hung up without a word"
        return answer

    def rows(self) -> Counter[str]:
        """Rows of every table of every app."""
        found: Counter[str] = Counter()
        for path in sorted((self.home / "databases").glob("*.sqlite")):
            if path not in self._books:
                self._books[path] = Book(path)
            found.update(self._books[path].rows())
        return found


class Book:
    """How many rows one database has. It is counted again when somebody has written to it since
    (sqlite.org/pragma.html#pragma_data_version)."""

    def __init__(self, path: Path) -> None:
        self._name, self._version = path.stem, -1
        self._connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self._rows: Counter[str] = Counter()

    def rows(self) -> Counter[str]:
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._version, self._rows = version, self._count()
        return self._rows

    def _count(self) -> Counter[str]:
        found: Counter[str] = Counter()
        names = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            if name not in COUNTED and not name.endswith(SIGNED):
                (count,) = self._connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()
                found[f"{self._name}.{name}"] = count
        return found


def refused(answer: Answer | None, *statuses: int) -> str:
    """The code of a refusal with one of these statuses (any 4xx when none is named)."""
    assert answer is not None, "the server hung up without a word"
    expected = answer.status in statuses if statuses else 400 <= answer.status < 500
    assert expected, (answer.status, answer.body[:300])
    assert answer.code, (answer.headers, answer.body[:200])
    assert re.fullmatch(r"[a-z0-9_.]+", answer.code)
    assert b"Traceback" not in answer.body
    return answer.code


def doors(method: str) -> list[str]:
    """Addresses of every typed door that takes `method`, with ids of nothing."""
    found = set()
    for app in installed_apps():
        for handler in resolve(app.doors) if app.doors else ():
            if method in handler.http_methods:
                found |= {re.sub(r"\{[^}]*\}", UNKNOWN, path) for path in handler.paths}
    return sorted(found)
