"""Who may see what: a person's rights as they are now, and what was done with them."""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.fabric.contract import (
    Apps,
    Grant,
    Letting,
    Lettings,
    Object,
    Objects,
    RegisteredApp,
)
from synfonium.apps.fabric.errors import NoObject, UnknownGrant
from synfonium.apps.fabric.model import app_of, is_address, is_alive
from synfonium.apps.fabric.model.uses import Use, day_of
from synfonium.apps.fabric.service.authority import Authority
from synfonium.apps.fabric.service.grants import Granting
from synfonium.apps.fabric.service.titles import Titles
from synfonium.apps.fabric.store import grants as store
from synfonium.apps.fabric.store import uses as uses_store
from synfonium.common.ids import GrantId, PersonId
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context

MOST_SHOWN = 500
MOST_TAKEN = 10_000
SCORE_DAYS = 28


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A right, and what it is to now.

    app: None when it is no longer here. source: the app that has the thing. shown: None when it
    is gone, or its app was not asked or does not answer. holder: the part of the app that has the
    right, such as one of its PCs. ended_s: when it was taken back, 0.0 in force. below: how many
    rights that were cut from it end with it.
    """

    grant: Grant
    app: RegisteredApp | None
    source: RegisteredApp | None = None
    shown: Object | None = None
    holder: Object | None = None
    is_gone: bool = False
    ended_s: float = 0.0
    below: int = 0

    @property
    def title(self) -> str:
        return self.shown.title if self.shown else self.grant.title


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows. over: whose time or uses are over. ended: taken back in the last day.
    total: how many are in force, whatever was asked for."""

    entries: tuple[Entry, ...]
    over: tuple[Entry, ...]
    ended: tuple[Entry, ...]
    apps: tuple[RegisteredApp, ...]
    uses: Mapping[GrantId, Sequence[Use]]
    total: int
    now_s: float


class Ledger:
    """What the doors of "who may see what" call."""

    def __init__(self, context: Context, authority: Authority, granting: Granting) -> None:
        self._context, self._authority, self._granting = context, authority, granting
        self._database, self.titles = context.database, Titles(context)

    async def sheet(self, person: PersonId, *, app: str = "", query: str = "") -> Sheet:
        """The person's rights: those of `app`, those that `query` finds in who and on what."""
        alive = await self._in_force(person)
        chosen = [grant for grant in alive if app in ("", grant.app)][:MOST_SHOWN]
        entries = [one for one in await self.entries(chosen, alive) if _is_found(one, query)]
        now_s = self._context.clock.now_s()
        return Sheet(
            entries=tuple(one for one in entries if _has_more(one.grant, now_s)),
            over=tuple(one for one in entries if not _has_more(one.grant, now_s)),
            ended=await self._taken_back(person, app, query),
            apps=await self._apps_of(alive),
            uses=await self.used([one.grant.id for one in entries], day_of(now_s) - SCORE_DAYS + 1),
            total=sum(_has_more(grant, now_s) for grant in alive),
            now_s=now_s,
        )

    async def all(self, person: PersonId) -> Sequence[Entry]:
        """Every right in force, to take along."""
        alive = await self._in_force(person)
        return [one for one in await self.entries(alive, alive) if _has_more(one.grant, self._now_s())]

    async def on(self, person: PersonId, address: str) -> tuple[Object, Sequence[Entry]]:
        """A thing of the person's, and the rights to it and to what it lies in. Raises NoObject."""
        objects = self._context.offer(Objects)  # type: ignore[type-abstract]
        shown = await objects.describe(person, address) if is_address(address) else None
        if shown is None:
            raise NoObject
        await self.settle()
        path = list(shown.path)[:200]
        found = await self._database.read(lambda c: store.of_person(c, person, objects=path))
        now_s = self._now_s()
        alive = [grant for grant in await self._alive(found) if _has_more(grant, now_s)]
        return shown, await self.entries(alive, alive)

    async def lettings(self, person: PersonId, within: Sequence[str] = ()) -> list[Letting]:
        """What apps of this house let others reach of the person's, besides rights."""
        found: list[Letting] = []
        for lettings in self._context.offers(Lettings):  # type: ignore[type-abstract]
            found += await lettings.of(person, within)
        return found[:MOST_SHOWN]

    async def revoke_app(self, actor: Person, app: str, subject: str = "") -> tuple[int, float]:
        """Takes back all that an app, or one subject of it, has of the actor: how many rights, and the
        moment, by which `undo_all` gives them back. Raises UnknownGrant when it has none."""

        def work(connection: Connection) -> tuple[int, float]:
            of_app = store.of_app(connection, app, actor.id)
            found = [grant for grant in of_app if subject in ("", grant.subject)]
            if not found:
                raise UnknownGrant
            self._granting.end(connection, found, actor.id)
            ended = store.ended(connection, found[0].id)
            return len(found), ended[1] if ended else 0.0

        done = await self._database.write(work)
        self._granting.forget()
        return done

    async def undo_all(self, actor: Person, ended_s: float) -> None:
        """Gives back what the actor took back at one moment of the last day. Raises UnknownGrant."""
        found = [grant.id for grant, when_s in await self._granting.ended(actor.id) if when_s == ended_s]
        if not found:
            raise UnknownGrant
        for grant in found:
            await self._granting.undo(actor, grant)

    async def ended(self, person: PersonId, grant: GrantId) -> Entry | None:
        """What the person took back of late, for the word that says so."""
        found = [(one, when_s) for one, when_s in await self._granting.ended(person) if one.id == grant]
        ended = dict(found)
        return (await self.entries(list(ended), (), ended))[0] if ended else None

    async def settle(self) -> None:
        """Writes what was counted in this process: the page shows it."""
        await self._authority.uses.write()

    def _now_s(self) -> float:
        return self._context.clock.now_s()

    async def _in_force(self, person: PersonId) -> Sequence[Grant]:
        await self.settle()
        found = await self._database.read(lambda c: store.of_person(c, person, limit=MOST_TAKEN))
        return await self._alive(found)

    async def _alive(self, grants: Sequence[Grant]) -> list[Grant]:
        """Without those whose parents were taken back."""
        return [one for one in grants if not one.parent or await self._authority.chain(one.id)]

    async def _taken_back(self, person: PersonId, app: str, query: str) -> tuple[Entry, ...]:
        ended = {grant: s for grant, s in await self._granting.ended(person) if app in ("", grant.app)}
        entries = await self.entries(list(ended), (), ended)
        return tuple(one for one in entries if _is_found(one, query))

    async def entries(
        self, grants: Sequence[Grant], around: Sequence[Grant], ended: Mapping[Grant, float] | None = None
    ) -> list[Entry]:
        """around: among which those stand that were cut from them."""
        apps = self._context.offer(Apps)  # type: ignore[type-abstract]
        names = {name for grant in grants for name in (grant.app, app_of(grant.object))}
        known = {name: await apps.by_name(name) for name in names}
        children = _children(around)
        person = grants[0].person if grants else PersonId("")
        asked = {address for grant in grants for address in (grant.object, grant.subject)}
        titles = await self.titles.of(person, asked - {f"{name}:app" for name in names})
        return [
            Entry(
                grant=grant,
                app=known[grant.app],
                source=known[app_of(grant.object)],
                shown=titles.get(grant.object),
                holder=titles.get(grant.subject),
                is_gone=grant.object in titles and titles[grant.object] is None,
                ended_s=(ended or {}).get(grant, 0.0),
                below=_below(grant.id, children),
            )
            for grant in grants
        ]

    async def _apps_of(self, grants: Sequence[Grant]) -> tuple[RegisteredApp, ...]:
        apps = self._context.offer(Apps)  # type: ignore[type-abstract]
        found = [await apps.by_name(name) for name in sorted({grant.app for grant in grants})]
        return tuple(app for app in found if app is not None)

    async def used(self, ids: Sequence[GrantId], day: int) -> Mapping[GrantId, Sequence[Use]]:
        found = await self._database.read(lambda c: uses_store.since(c, ids, day))
        by_grant: dict[GrantId, list[Use]] = {}
        for use in found:
            by_grant.setdefault(use.grant, []).append(use)
        return by_grant


def _has_more(grant: Grant, now_s: float) -> bool:
    return is_alive(grant, now_s) and grant.limits.uses != 0


def _children(grants: Sequence[Grant]) -> Mapping[GrantId, Sequence[GrantId]]:
    found: dict[GrantId, list[GrantId]] = {}
    for grant in grants:
        if grant.parent:
            found.setdefault(grant.parent, []).append(grant.id)
    return found


def _below(grant: GrantId, children: Mapping[GrantId, Sequence[GrantId]]) -> int:
    """How many were cut from it, and from those."""
    return sum(1 + _below(child, children) for child in children.get(grant, ()))


def _is_found(entry: Entry, query: str) -> bool:
    words = query.casefold().split()
    names = str(entry.app.manifest.name) if entry.app else ""
    text = f"{names} {entry.grant.app} {entry.grant.label} {entry.title} {entry.grant.title}".casefold()
    return all(word in text for word in words)
