"""Connecting a file client: it asks, a person agrees in a browser, it gets a credential of its own.

What waits lives in memory: after a restart the client asks again.
"""

import hashlib
import secrets
from collections import OrderedDict

import msgspec

from synfonium.apps.drive.service.room import Room
from synfonium.apps.identity.contract import AppPasswords
from synfonium.common.problem import NotFound
from synfonium.kernel.actor import Person

LIFE_S = 20 * 60.0
MOST_WAITING = 2_000
SECRET_BYTES = 48
SCOPES = ("drive.read", "drive.write")
LABEL_LENGTH = 60


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """poll: with it the client asks whether somebody agreed. login: with it a person decides."""

    poll: str
    login: str


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """Whose files they are, and the client's own password."""

    name: str
    secret: str


class _Waiting(msgspec.Struct, kw_only=True):
    label: str
    login: str
    began_s: float
    granted: Granted | None = None


class Connecting:
    """Secrets are kept as hashes, and each is good for once."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._by_poll: OrderedDict[str, _Waiting] = OrderedDict()
        self._by_login: dict[str, str] = {}

    def begin(self, agent: str) -> Begun:
        """agent: what the client calls itself. The oldest gives way when too many wait."""
        self._forget_old()
        begun = Begun(poll=secrets.token_urlsafe(SECRET_BYTES), login=secrets.token_urlsafe(SECRET_BYTES))
        poll, login = _hash(begun.poll), _hash(begun.login)
        self._by_poll[poll] = _Waiting(label=label_of(agent), login=login, began_s=self._room.now_s())
        self._by_login[login] = poll
        return begun

    def label(self, login: str) -> str:
        """Who asks. Raises NotFound for what is over, decided or was never asked."""
        return self._open(login).label

    async def grant(self, actor: Person, login: str) -> None:
        """Raises NotFound, and Conflict when the person has as many credentials as they may."""
        waiting = self._open(login)
        del self._by_login[waiting.login]
        passwords = self._room.context.offer(AppPasswords)  # type: ignore[type-abstract]
        secret = await passwords.make(actor.id, waiting.label, SCOPES)
        waiting.granted = Granted(name=actor.name, secret=secret)

    def refuse(self, login: str) -> None:
        """Raises NotFound."""
        waiting = self._open(login)
        self._drop(self._by_login[waiting.login])

    def poll(self, poll: str) -> Granted:
        """Once. Raises NotFound as long as nobody has agreed."""
        self._forget_old()
        waiting = self._by_poll.get(_hash(poll))
        if waiting is None or waiting.granted is None:
            raise NotFound
        self._drop(_hash(poll))
        return waiting.granted

    def _open(self, login: str) -> _Waiting:
        self._forget_old()
        poll = self._by_login.get(_hash(login))
        if poll is None:
            raise NotFound
        return self._by_poll[poll]

    def _drop(self, poll: str) -> None:
        waiting = self._by_poll.pop(poll)
        self._by_login.pop(waiting.login, None)

    def _forget_old(self) -> None:
        before_s = self._room.now_s() - LIFE_S
        while self._by_poll:
            poll, waiting = next(iter(self._by_poll.items()))
            if waiting.began_s > before_s and len(self._by_poll) < MOST_WAITING:
                return
            self._drop(poll)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def label_of(agent: str) -> str:
    """A client's name from what it sent: one line, nothing that could look like ours."""
    line = "".join(c for c in " ".join(agent.split()) if c.isascii() and c.isprintable())
    return line[:LABEL_LENGTH].strip() or "app"
