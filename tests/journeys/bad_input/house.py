"""A whole installation in this process behind a real HTTP server, spoken to in bytes."""

import re
import sqlite3
from collections import Counter
from dataclasses import dataclass
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
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
                names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
                for (name,) in names:
                    if name not in COUNTED and not name.endswith(SIGNED):
                        (count,) = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()
                        found[f"{path.stem}.{name}"] = count
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
