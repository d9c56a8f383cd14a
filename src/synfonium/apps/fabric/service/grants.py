"""Giving rights, passing them on, taking them back."""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec
from sqlalchemy import Connection

from synfonium.apps.fabric.contract import (
    GRANT_GIVEN,
    GRANT_REVOKED,
    Action,
    Apps,
    Grant,
    GrantSecret,
    Limits,
    Object,
    Objects,
    Origin,
)
from synfonium.apps.fabric.errors import NotYours, TooWide, UnknownGrant
from synfonium.apps.fabric.model import (
    LARGEST_LABEL,
    LARGEST_TITLE,
    MOST_PARENTS,
    SECRET_PREFIX,
    app_of,
    is_address,
    is_narrower,
)
from synfonium.apps.fabric.service.authority import Authority
from synfonium.apps.fabric.service.delegation import Narrowed
from synfonium.apps.fabric.store import grants as store
from synfonium.common.ids import AppName, GrantId, PersonId, new_id
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

BRIDGE = "/fabric/files"
"""Where an outside app's file is a folder with one member, by WebDAV."""
UNDO_S = 86_400.0
_NO_LIMITS = Limits()
_with = msgspec.structs.replace
T = TypeVar("T")


class Granting:
    """Use cases of grants, in the role that owns their table."""

    def __init__(self, context: Context, authority: Authority) -> None:
        self._context, self._authority = context, authority
        self._database = context.database

    @property
    def _objects(self) -> Objects:
        return self._context.offer(Objects)  # type: ignore[type-abstract]

    async def give(
        self,
        person: PersonId,
        app: str,
        object_: str,
        actions: frozenset[Action],
        *,
        subject: str = "",
        label: str = "",
        limits: Limits = _NO_LIMITS,
        origin: Origin = "page",
    ) -> Grant:
        """Lets `subject` of `app` (the app itself when empty) do `actions` with an object that
        `person` may give. The same right given twice is one grant. Raises BadInput, NotYours.
        """
        holder, called = await self.holder(person, app, subject)
        if not actions:
            raise BadInput("actions", _("Say what may be done: read, or read and write."))
        shown = await self.object_of(person, object_)
        if not actions <= shown.may:
            raise NotYours
        wanted = self._new(person, app, holder, shown, actions, limits, origin)
        wanted = _with(wanted, label=(label.strip() or called)[:LARGEST_LABEL])
        return await self._write(lambda connection: self._give(connection, wanted))

    async def delegate(
        self,
        actor: Person,
        grant: GrantId,
        app: str,
        object_: str,
        actions: frozenset[Action],
        limits: Limits,
    ) -> Grant:
        """Cuts a grant for another app from one that the actor holds; never wider, checked
        here and at each use. Raises UnknownGrant, TooWide, BadInput."""
        chain = await self._authority.chain(grant) if grant in actor.grants else ()
        if not chain or actor.caveats:
            raise UnknownGrant
        parent = chain[0]
        holder, _called = await self.holder(parent.person, app, "")
        shown = await self.object_of(parent.person, object_ or parent.object)
        limits = _within(limits, parent.limits)
        cut = self._new(parent.person, app, holder, shown, actions or parent.actions, limits, "delegated")
        cut = _with(cut, parent=parent.id, label=parent.app)
        if len(chain) > MOST_PARENTS or not is_narrower(cut, parent, shown.path):
            raise TooWide
        return await self._write(lambda connection: self._give(connection, cut))

    async def aim(self, grant: GrantId, subject: str, caller: str) -> Grant:
        """Cuts a grant of the caller's for a part of itself, such as one PC of the person's: it says
        the same, and ends with it. Raises UnknownGrant, TooWide, BadInput, NotYours."""
        chain = await self._authority.chain(grant)
        if not chain or chain[0].app != caller or not subject:
            raise UnknownGrant
        parent = chain[0]
        holder, called = await self.holder(parent.person, caller, subject)
        shown = await self.object_of(parent.person, parent.object)
        cut = self._new(parent.person, caller, holder, shown, parent.actions, parent.limits, parent.origin)
        cut = _with(cut, parent=parent.id, label=called[:LARGEST_LABEL])
        if len(chain) > MOST_PARENTS or not is_narrower(cut, parent, shown.path):
            raise TooWide
        return await self._write(lambda connection: self._give(connection, cut))

    async def token(self, actor: Person, grant: GrantId, narrowed: Narrowed) -> str:
        """A biscuit of a grant that the actor holds, to be narrowed further by anybody."""
        if grant not in actor.grants or actor.caveats or not await self._authority.chain(grant):
            raise UnknownGrant
        return self._authority.biscuits.mint(grant, narrowed)

    async def revoke(self, actor: Person, grant: GrantId) -> None:
        """Takes a grant of the actor back, with all that was cut from it, at once and
        everywhere. Raises UnknownGrant."""

        def work(connection: Connection) -> None:
            found = store.in_force(connection, grant)
            if found is None or found.person != actor.id:
                raise UnknownGrant
            self.end(connection, [found], actor.id)

        await self._write(work)

    def end(
        self,
        connection: Connection,
        ending: Sequence[Grant],
        by: PersonId | str = "",
        *,
        is_final: bool = False,
    ) -> None:
        """Within a transaction: ends grants and what was cut from them, and tells of each.
        is_final: nobody gives them back, as their app has gone and another may take its name."""
        now_s = self._context.clock.now_s()
        for grant in ending:
            store.revoke(connection, grant.id, now_s, is_final=is_final)
        for grant in [*ending, *store.below(connection, [grant.id for grant in ending])]:
            self._context.outbox.add(connection, GRANT_REVOKED, f"fabric:grant/{grant.id}", facts(grant))
            self._context.audit.add(connection, by or grant.person, GRANT_REVOKED, grant.object, grant.app)

    async def end_of(self, subject: str) -> int:
        """Ends what was given to a part of an app that is no more; how many grants."""

        def work(connection: Connection) -> int:
            ending = store.of_subject(connection, subject)
            self.end(connection, ending)
            return len(ending)

        return await self._write(work)

    async def undo(self, actor: Person, grant: GrantId) -> None:
        """Gives back, within a day, what the actor took back. Raises UnknownGrant."""
        now_s = self._context.clock.now_s()

        def work(connection: Connection) -> None:
            found = store.ended(connection, grant)
            if found is None or found[0].person != actor.id or now_s - found[1] > UNDO_S:
                raise UnknownGrant
            store.restore(connection, grant)
            for back in [found[0], *store.below(connection, [grant])]:
                self._tell(connection, back)

        await self._write(work)

    async def secret(self, grant: GrantId, caller: str) -> GrantSecret:
        """A new secret for the grant's own app; the one before ends. Raises UnknownGrant."""
        secret = SECRET_PREFIX + secrets.token_urlsafe(32)

        def work(connection: Connection) -> Grant:
            found = store.in_force(connection, grant)
            if found is None or found.app != caller:
                raise UnknownGrant
            store.set_secret(connection, grant, digest(secret))
            return found

        found = await self._database.write(work)
        answer = GrantSecret(url=f"/dav/grants/{grant}/", user=str(grant), secret=secret)
        shown = await self._objects.describe(found.person, found.object)
        if shown is None:
            return answer
        # What lies elsewhere comes by plain HTTP; software that mounts folders knows WebDAV.
        url = f"{BRIDGE}/{grant}/" if "://" in shown.location else answer.url
        return _with(answer, url=url, interfaces=shown.interfaces, title=shown.title)

    async def use(self, grants: Sequence[GrantId]) -> bool:
        """Counts one use of each that counts uses; whether all had one left."""
        return await self._write(lambda connection: store.use(connection, grants))

    async def of_person(self, person: PersonId) -> Sequence[Grant]:
        return await self._database.read(lambda connection: store.of_person(connection, person))

    async def ended(self, person: PersonId) -> Sequence[tuple[Grant, float]]:
        """What the person took back within the time to undo it, and when."""
        since_s = self._context.clock.now_s() - UNDO_S
        return await self._database.read(lambda c: store.ended_of_person(c, person, since_s))

    async def of_subject(self, subject: str) -> Sequence[Grant]:
        """Those in force, with all that they were cut from."""
        found = await self._database.read(lambda connection: store.of_subject(connection, subject))
        return [grant for grant in found if await self._authority.of(grant.id)]

    async def of_app(self, app: str, person: PersonId | None = None) -> Sequence[Grant]:
        return await self._database.read(lambda connection: store.of_app(connection, app, person))

    async def holder(self, person: PersonId, app: str, subject: str) -> tuple[str, str]:
        """The subject of a grant for `app`, and what a part of it is called. Raises BadInput for an
        app that `person` has not."""
        known = await self._context.offer(Apps).by_name(app)  # type: ignore[type-abstract]
        if known is None or known.owner not in ("", person) or (subject and app_of(subject) != app):
            raise BadInput("app", _("This app is not known here."))
        if not subject:
            return f"{app}:app", ""
        # A part of the app, such as one of its PCs, which has to be the person's own: by a link
        # of somebody else's they would give to a part of his.
        part = await self.object_of(person, subject)
        return subject, part.title

    async def object_of(self, person: PersonId, address: str) -> Object:
        """What `person` may see at an address. Raises BadInput, NotYours."""
        if not is_address(address):
            raise BadInput("object", _("This is not the address of an object."))
        found = await self._objects.describe(person, address)
        if found is None:
            raise NotYours
        return found

    def _new(
        self,
        person: PersonId,
        app: str,
        subject: str,
        shown: Object,
        actions: frozenset[Action],
        limits: Limits,
        origin: Origin,
    ) -> Grant:
        now_s = self._context.clock.now_s()
        if limits.until_s and limits.until_s <= now_s:
            raise BadInput("until", _("That time is over."))
        return Grant(
            id=GrantId(new_id(now_s)),
            person=person,
            app=AppName(app),
            subject=subject,
            object=shown.address,
            actions=actions,
            limits=limits,
            origin=origin,
            title=shown.title[:LARGEST_TITLE],
            since_s=now_s,
        )

    def _give(self, connection: Connection, wanted: Grant) -> Grant:
        twin = store.twin(connection, wanted)
        if twin:
            return twin
        store.add(connection, wanted)
        self._tell(connection, wanted)
        return wanted

    def _tell(self, connection: Connection, grant: Grant) -> None:
        self._context.outbox.add(connection, GRANT_GIVEN, f"fabric:grant/{grant.id}", facts(grant))
        self._context.audit.add(connection, grant.person, GRANT_GIVEN, grant.object, grant.app)

    def forget(self) -> None:
        """After `end` in a transaction of another: what is remembered is asked for again."""
        self._authority.forget()

    async def _write(self, work: Callable[[Connection], T]) -> T:
        done = await self._database.write(work)
        self._authority.forget()
        return done


def _within(limits: Limits, most: Limits) -> Limits:
    """The limits, and what the parent's say where they say nothing."""
    return Limits(until_s=limits.until_s or most.until_s, uses=limits.uses if limits.uses >= 0 else most.uses)


def digest(secret: str) -> bytes:
    # 256 random bits need no slow hash.
    return hashlib.sha256(secret.encode()).digest()


def facts(grant: Grant) -> dict[str, str | int | float | bool | None]:
    return {"app": grant.app, "subject": grant.subject, "object": grant.object, "person": grant.person}
