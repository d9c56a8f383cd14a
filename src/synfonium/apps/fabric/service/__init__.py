"""Giving, taking back and checking grants; searching one's own things."""

import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import msgspec
from sqlalchemy import Connection

from synfonium.apps.fabric import store
from synfonium.apps.fabric.contract import (
    GRANT_GIVEN,
    GRANT_REVOKED,
    Action,
    Grant,
    GrantSecret,
    MineHit,
    page_of,
)
from synfonium.apps.fabric.errors import NotYours, UnknownGrant
from synfonium.apps.fabric.model import LARGEST_LABEL, SECRET_PREFIX, app_of, is_address, scopes_of
from synfonium.apps.identity.contract import People
from synfonium.common.ids import AppName, GrantId, PersonId, new_id
from synfonium.common.problem import BadInput, SignInNeeded
from synfonium.kernel.actor import Person
from synfonium.kernel.app import installed_apps
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

MINE = "mine"
USED_EVERY_S = 60.0
LONGEST_QUERY = 500


class FabricService:
    """Use cases of the fabric, in the role that owns its database."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._database = context.database

    async def give(
        self, actor: Person, app: str, subject: str, object_: str, actions: frozenset[Action], label: str = ""
    ) -> Grant:
        """Lets `subject` of `app` do `actions` with the actor's object.

        The same right given twice is one grant. Raises BadInput, NotYours.
        """
        self._check(app, subject, object_, actions)
        await self._check_owner(actor, object_)
        now_s = self._context.clock.now_s()
        wanted = Grant(
            id=GrantId(new_id(now_s)),
            person=actor.id,
            app=AppName(app),
            subject=subject,
            object=object_,
            actions=actions,
            label=label.strip()[:LARGEST_LABEL],
            since_s=now_s,
        )
        return await self._database.write(lambda connection: self._give(connection, wanted))

    def _give(self, connection: Connection, wanted: Grant) -> Grant:
        twin = store.twin(connection, wanted)
        if twin:
            return twin
        store.add(connection, wanted)
        self._context.outbox.add(connection, GRANT_GIVEN, f"fabric:grant/{wanted.id}", _facts(wanted))
        self._context.audit.add(connection, wanted.person, GRANT_GIVEN, wanted.object, wanted.app)
        return wanted

    def _check(self, app: str, subject: str, object_: str, actions: frozenset[Action]) -> None:
        if app not in {a.name for a in installed_apps()} or app_of(subject) != app:
            raise BadInput("app", _("This app is not installed here."))
        if not is_address(subject) or not is_address(object_):
            raise BadInput("object", _("This is not the address of an object."))
        if not actions:
            raise BadInput("actions", _("Say what may be done: read, or read and write."))

    async def _check_owner(self, actor: Person, object_: str) -> None:
        if object_ == "drive:root":
            return
        kind, _slash, node = object_.partition("/")
        if kind != "drive:node":
            raise BadInput("object", _("This is not the address of an object."))
        described = await self._context.call("drive.describe", {"node": node})
        # Within one process the answer is the struct itself, from another it is JSON.
        if described is None or msgspec.to_builtins(described)["owner"] != actor.id:
            raise NotYours

    async def revoke(self, actor: Person, grant: GrantId) -> None:
        """Takes a grant of the actor back, at once and everywhere. Raises UnknownGrant."""

        def work(connection: Connection) -> None:
            found = store.in_force(connection, grant)
            if found is None or found.person != actor.id:
                raise UnknownGrant
            store.revoke(connection, grant, self._context.clock.now_s())
            self._context.outbox.add(connection, GRANT_REVOKED, f"fabric:grant/{grant}", _facts(found))
            self._context.audit.add(connection, actor.id, GRANT_REVOKED, found.object, found.app)

        await self._database.write(work)

    async def of_person(self, actor: Person) -> Sequence[Grant]:
        return await self._database.read(lambda connection: store.of_person(connection, actor.id))

    async def of_subject(self, subject: str) -> Sequence[Grant]:
        return await self._database.read(lambda connection: store.of_subject(connection, subject))

    async def secret(self, grant: GrantId, caller: str) -> GrantSecret:
        """A new secret for the grant's own app; the one before ends. Raises UnknownGrant."""
        secret = SECRET_PREFIX + secrets.token_urlsafe(32)

        def work(connection: Connection) -> None:
            found = store.in_force(connection, grant)
            if found is None or found.app != caller:
                raise UnknownGrant
            store.set_secret(connection, grant, _digest(secret))

        await self._database.write(work)
        return GrantSecret(url=f"/dav/grants/{grant}/", user=str(grant), secret=secret)

    async def search(self, person: PersonId, query: str, limit: int) -> Mapping[str, object]:
        """The person's own things that match, best first."""
        index = self._context.index(MINE)
        answer = index.search(query[:LONGEST_QUERY], spaces=(str(person),), limit=limit)
        hits = [
            MineHit(
                address=hit.key,
                url=page_of(hit.key),
                app=app_of(hit.key),
                title=hit.title,
                snippet=hit.snippet,
                time_s=hit.time_s,
            )
            for hit in answer.hits
        ]
        return {"total": answer.total, "hits": hits}


class GrantAuthenticator:
    """Recognises grants' secrets, in every process; one indexed read for a request."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def by_session(self, cookie: str) -> Person | None:
        return None

    async def by_token(self, token: str) -> Person | None:
        if not token.startswith(SECRET_PREFIX):
            return None
        digest = _digest(token)
        grant = await self._context.database.read(lambda connection: store.by_secret(connection, digest))
        if grant is None:
            raise SignInNeeded
        owner = await self._context.offer(People).by_id(grant.person)  # type: ignore[type-abstract]
        if owner is None or owner.is_suspended:
            raise SignInNeeded
        await self._note_use(grant)
        return Person(
            id=grant.person,
            name=owner.name,
            display=owner.display,
            scopes=scopes_of(grant.object, grant.actions),
            grant=grant.id,
            app=grant.app,
        )

    async def by_password(self, name: str, secret: str) -> Person | None:
        return await self.by_token(secret)

    async def _note_use(self, grant: Grant) -> None:
        now_s = self._context.clock.now_s()
        if self._context.owns_database and now_s - grant.used_s > USED_EVERY_S:
            await self._context.database.write(lambda connection: store.touch(connection, grant.id, now_s))


class GrantsReader:
    """`contract.Grants`, in every process."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def of(self, grant: GrantId) -> Grant | None:
        return await self._context.database.read(lambda connection: store.in_force(connection, grant))


@asynccontextmanager
async def open_service(context: Context) -> AsyncIterator[FabricService]:
    yield FabricService(context)


def authenticator(context: Context) -> GrantAuthenticator:
    return GrantAuthenticator(context)


def grants(context: Context) -> GrantsReader:
    return GrantsReader(context)


def _digest(secret: str) -> bytes:
    # 256 random bits need no slow hash.
    return hashlib.sha256(secret.encode()).digest()


def _facts(grant: Grant) -> dict[str, str | int | float | bool | None]:
    return {"app": grant.app, "subject": grant.subject, "object": grant.object, "person": grant.person}
