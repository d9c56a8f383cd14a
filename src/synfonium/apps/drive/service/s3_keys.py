"""Keys of the S3 API: made on a page, shown once, taken back there."""

import base64
import os
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.errors import NoSuchKey, TooManyKeys
from synfonium.apps.drive.model import S3Key
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.store import s3_keys
from synfonium.apps.identity.contract import People
from synfonium.common.problem import BadInput, Forbidden
from synfonium.kernel.actor import Person
from synfonium.kernel.i18n import _

MOST_KEYS = 50
MOST_LABEL = 80
MOST_DAYS = 3650
_DAY_S = 86_400.0


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key whose secret is told this once."""

    key: S3Key
    secret: str


class Asking(msgspec.Struct, frozen=True):
    """Who asks by a key, and the secret that the signature must come from."""

    person: Person
    secret: str


class S3Keys:
    """Keys of people; an app that acts for somebody makes none."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def listing(self, actor: Person) -> Sequence[S3Key]:
        _own(actor)
        return await self._room.read(lambda c: s3_keys.of_person(c, actor.id, limit=MOST_KEYS))

    async def make(self, actor: Person, label: str, *, may_write: bool, days: int) -> NewKey:
        """days: how long it is good for, 0 without end. Raises Forbidden, BadInput, TooManyKeys."""
        _own(actor)
        label = label.strip()
        if not label or len(label) > MOST_LABEL or not label.isprintable():
            raise BadInput("label", _("Say in a few words what the key is for."))
        if not 0 <= days <= MOST_DAYS:
            raise BadInput("days", _("At most ten years."))
        now_s = self._room.now_s()
        id_ = "SYN" + base64.b32encode(os.urandom(10)).decode()[:17]
        secret = base64.urlsafe_b64encode(os.urandom(30)).decode()
        key = S3Key(
            id=id_,
            person=actor.id,
            label=label,
            sealed_secret=self._room.context.secrets.seal(secret.encode(), purpose=f"s3/{id_}"),
            may_write=may_write,
            made_s=now_s,
            expires_s=now_s + days * _DAY_S if days else None,
        )
        await self._room.context.database.write(lambda c: self._add(c, actor, key))
        return NewKey(key=key, secret=secret)

    def _add(self, connection: Connection, actor: Person, key: S3Key) -> None:
        if len(s3_keys.of_person(connection, actor.id, limit=MOST_KEYS)) >= MOST_KEYS:
            raise TooManyKeys
        s3_keys.add(connection, key)
        self._room.context.audit.add(connection, actor.id, "drive.s3_key.made", f"drive:s3_key/{key.id}", "")

    async def revoke(self, actor: Person, key: str) -> None:
        """Raises Forbidden, NoSuchKey."""
        _own(actor)

        def work(connection: Connection) -> None:
            if not s3_keys.remove(connection, actor.id, key):
                raise NoSuchKey
            self._room.context.audit.add(
                connection, actor.id, "drive.s3_key.revoked", f"drive:s3_key/{key}", ""
            )

        await self._room.context.database.write(work)

    async def asking(self, key: str) -> Asking | None:
        """None for a key that is not there, has ended, or whose person may not come in."""
        found = await self._room.read(lambda c: s3_keys.find(c, key))
        if found is None or (found.expires_s is not None and found.expires_s <= self._room.now_s()):
            return None
        people = self._room.context.offer(People)  # type: ignore[type-abstract]
        view = await people.by_id(found.person)
        if view is None or view.is_suspended:
            return None
        scopes = {"drive.read", "drive.write"} if found.may_write else {"drive.read"}
        person = Person(id=view.id, name=view.name, display=view.display, scopes=frozenset(scopes))
        secret = self._room.context.secrets.open(found.sealed_secret, purpose=f"s3/{found.id}")
        return Asking(person, secret.decode())


def _own(actor: Person) -> None:
    if actor.app or actor.grants:
        raise Forbidden
