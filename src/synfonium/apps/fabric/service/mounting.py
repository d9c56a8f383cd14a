"""What an app was given, for the operator's command that shows it as folders."""

import asyncio
from collections.abc import Sequence
from time import monotonic

import msgspec

from synfonium.apps.fabric.contract import FOLDER, Apps, Grant, GrantSecret, Object, Objects, RegisteredApp
from synfonium.apps.fabric.errors import NoSuchApp, UnknownGrant
from synfonium.apps.fabric.model import app_of
from synfonium.apps.fabric.model.mounts import Given
from synfonium.apps.fabric.service.authority import Authority
from synfonium.apps.fabric.service.grants import Granting
from synfonium.apps.fabric.service.visitor import known_as
from synfonium.apps.fabric.store import grants as store
from synfonium.apps.identity.contract import People
from synfonium.common.ids import GrantId
from synfonium.kernel.context import Context

DOOR = "/dav/grants/{grant}"
AGAIN_S = 2.0
"""How late at most is seen what no right says: a suspended account, a changed name."""
MOST_KINDS = 10_000
ALIVE_S = 10.0
"""So long after it last asked a mount is thought to be there."""
SHOWN_WITHIN_S = 5.0


class AllGiven(msgspec.Struct, frozen=True, kw_only=True):
    """seen: stands for what was looked at."""

    seen: int
    given: tuple[Given, ...]


class Mounting:
    """In the role that owns the table of grants. The app is an outside one that everybody has:
    what a person added for themselves alone is not the operator's to look into."""

    def __init__(self, context: Context, authority: Authority, granting: Granting) -> None:
        self._context, self._authority, self._granting = context, authority, granting
        self._kinds: dict[str, bool] = {}  # whether it is a folder; of what WebDAV reaches
        self._asked_s: dict[str, float] = {}
        self._shown: dict[str, frozenset[GrantId]] = {}
        self._told = asyncio.Event()
        self._waited_for: set[tuple[str, GrantId]] = set()

    async def given(self, name: str, seen: int) -> AllGiven:
        """All that is in force, at once when something changed after `seen`, else after a while.
        Raises NoSuchApp."""
        self._asked_s[name] = monotonic()
        await self._authority.changed(seen, AGAIN_S)
        now_seen, app = self._authority.generation, await self._app(name)
        held = await self._granting.of_app(app.name)
        with_secret = await self._context.database.read(lambda c: store.with_secret(c, app.name))
        found = [await self._one(app, grant, with_secret) for grant in held]
        return AllGiven(seen=now_seen, given=tuple(one for one in found if one is not None))

    async def secret(self, name: str, grant: GrantId) -> GrantSecret:
        """As for the app itself. Raises NoSuchApp, UnknownGrant."""
        app = await self._app(name)
        if not await self._authority.of(grant):
            raise UnknownGrant
        return await self._granting.secret(grant, app.name)

    def tell_shown(self, name: str, shown: frozenset[GrantId]) -> None:
        """The grants whose folders are there now, as the mount of the app says."""
        if shown != self._shown.get(name):
            self._waited_for.clear()
        self._shown[name] = shown
        self._told.set()
        self._told = asyncio.Event()

    async def wait_shown(self, name: str, held: Sequence[Grant]) -> None:
        """Lets whoever has just given an app something come to it when it has it: until one of their
        grants shows, or a few seconds; at once where nothing mounts."""
        one_of = {(name, grant.id) for grant in held}
        if one_of & self._waited_for:
            return  # What does not show, such as a file where only folders do, keeps nobody twice.
        try:
            async with asyncio.timeout(SHOWN_WITHIN_S):
                while self._is_mounted(name) and not self._shows(name, held):
                    await self._told.wait()
        except TimeoutError:
            self._waited_for |= one_of

    def _shows(self, name: str, held: Sequence[Grant]) -> bool:
        return not self._shown.get(name, frozenset()).isdisjoint(grant.id for grant in held)

    def _is_mounted(self, name: str) -> bool:
        return monotonic() - self._asked_s.get(name, -ALIVE_S) < ALIVE_S

    async def _app(self, name: str) -> RegisteredApp:
        app = await self._context.offer(Apps).by_name(name)  # type: ignore[type-abstract]
        if app is None or not app.is_outside or app.owner:
            raise NoSuchApp
        return app

    async def _one(self, app: RegisteredApp, grant: Grant, with_secret: frozenset[str]) -> Given | None:
        # Each look of a mount would be counted as a use.
        if grant.limits.uses >= 0 or not await self._authority.of(grant.id):
            return None
        person = await self._context.offer(People).by_id(grant.person)  # type: ignore[type-abstract]
        is_folder = await self._is_folder(grant)
        if person is None or person.is_suspended or is_folder is None:
            return None
        visitor = await known_as(self._context, app, person)
        return Given(
            grant=grant.id,
            user=visitor.user,
            object=grant.object,
            title=grant.title,
            is_folder=is_folder,
            can_write="write" in grant.actions,
            has_secret=grant.id in with_secret,
        )

    async def _is_folder(self, grant: Grant) -> bool | None:
        """None for what cannot be reached by WebDAV, or is in the trash. What it is never changes.
        Things of outside apps do not show: one that does not answer would keep all others waiting."""
        if grant.object not in self._kinds:
            app = await self._context.offer(Apps).by_name(app_of(grant.object))  # type: ignore[type-abstract]
            if app is None or app.is_outside:
                return None
            objects = self._context.offer(Objects)  # type: ignore[type-abstract]
            shown: Object | None = await objects.describe(grant.person, grant.object)
            if shown is None or shown.location.rstrip("/") != DOOR:
                return None
            if len(self._kinds) >= MOST_KINDS:
                self._kinds.clear()
            self._kinds[grant.object] = FOLDER in shown.interfaces
        return self._kinds[grant.object]
