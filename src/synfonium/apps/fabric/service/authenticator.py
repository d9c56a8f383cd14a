"""Recognises what apps show: an access token, a grant's secret, a biscuit; in every process."""

from collections import OrderedDict
from collections.abc import Sequence
from time import monotonic

from synfonium.apps.fabric.contract import APP_SCOPE, CHECK_SCOPE, DETAIL_TYPE, Apps, Grant
from synfonium.apps.fabric.model import BISCUIT_PREFIX, SECRET_PREFIX, scopes_of
from synfonium.apps.fabric.service.authority import KEPT_S, Authority, Chain
from synfonium.apps.fabric.service.grants import digest
from synfonium.apps.fabric.store import grants as store
from synfonium.apps.identity.contract import AccessTokens, AppAccess, People, PersonView
from synfonium.common.ids import AppName, GrantId, PersonId
from synfonium.common.problem import SignInNeeded
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context

KEPT = 4096
LONGEST_TOKEN = 8192


class GrantAuthenticator:
    """See kernel.actor.Authenticator. What was recognised is remembered for half a second."""

    def __init__(self, context: Context, authority: Authority) -> None:
        self._context, self._authority = context, authority
        self._kept: OrderedDict[bytes, tuple[float, int, Person]] = OrderedDict()

    async def by_session(self, cookie: str) -> Person | None:
        return None

    async def by_token(self, token: str) -> Person | None:
        if len(token) > LONGEST_TOKEN:
            raise SignInNeeded
        key = digest(token)
        kept = self._kept.get(key)
        now, generation = monotonic(), self._authority.generation
        if kept is not None and now - kept[0] < KEPT_S and kept[1] == generation:
            return kept[2]
        person, is_counted = await self._recognise(token)
        if person is not None and not is_counted:
            self._kept[key] = (now, generation, person)
            self._kept.move_to_end(key)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return person

    async def by_password(self, name: str, secret: str) -> Person | None:
        """The password of HTTP Basic is the secret; the name is for people to read."""
        return await self.by_token(secret)

    async def _recognise(self, token: str) -> tuple[Person | None, bool]:
        """Who shows it, and whether that was counted as a use."""
        if token.startswith(SECRET_PREFIX):
            return await self._by_secret(token)
        if token.startswith(BISCUIT_PREFIX):
            return await self._by_biscuit(token)
        access = await self._context.offer(AccessTokens).of(token)  # type: ignore[type-abstract]
        return await self._by_access(access) if access is not None else (None, False)

    async def _by_secret(self, token: str) -> tuple[Person, bool]:
        hashed = digest(token)
        grant = await self._context.database.read(lambda connection: store.by_secret(connection, hashed))
        if grant is None:
            raise SignInNeeded
        return await self._holder([grant.id])

    async def _by_biscuit(self, token: str) -> tuple[Person, bool]:
        try:
            grant, caveats = self._authority.biscuits.grant_of(token)
        except ValueError:
            raise SignInNeeded from None
        return await self._holder([grant], caveats)

    async def _holder(self, ids: Sequence[GrantId], caveats: bytes = b"") -> tuple[Person, bool]:
        chains = await self._in_force(ids)
        if not chains:
            raise SignInNeeded
        grants = [chain[0] for chain in chains]
        owner = await self._owner(grants[0].person)
        return _person(owner, grants[0].app, grants, scopes_of(grants), caveats), _is_counted(chains)

    async def _by_access(self, access: AppAccess) -> tuple[Person, bool]:
        app = await self._context.offer(Apps).by_client(access.client_id)  # type: ignore[type-abstract]
        if app is None:
            raise SignInNeeded
        owner = await self._owner(access.person)
        named = [
            GrantId(str(detail.get("grant", "")))
            for detail in access.details
            if detail.get("type") == DETAIL_TYPE
        ]
        chains = [
            chain
            for chain in await self._in_force(named)
            if chain[0].app == app.name and chain[0].person == access.person
        ]
        grants = [chain[0] for chain in chains]
        return _person(owner, app.name, grants, scopes_of(grants) | {APP_SCOPE}), _is_counted(chains)

    async def _in_force(self, ids: Sequence[GrantId]) -> list[Chain]:
        chains = [await self._authority.chain(grant) for grant in ids]
        return [chain for chain in chains if chain and await self._authority.use(chain)]

    async def _owner(self, person: PersonId) -> PersonView:
        owner = await self._context.offer(People).by_id(person)  # type: ignore[type-abstract]
        if owner is None or owner.is_suspended:
            raise SignInNeeded
        return owner


def _is_counted(chains: Sequence[Chain]) -> bool:
    return any(grant.limits.uses >= 0 for chain in chains for grant in chain)


def _person(
    owner: PersonView,
    app: AppName,
    grants: Sequence[Grant],
    scopes: frozenset[str],
    caveats: bytes = b"",
) -> Person:
    return Person(
        id=owner.id,
        name=owner.name,
        display=owner.display,
        scopes=scopes | {CHECK_SCOPE},
        grants=tuple(grant.id for grant in grants),
        caveats=caveats,
        app=app,
    )
