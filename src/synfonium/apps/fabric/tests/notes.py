"""An app of somebody else's, as the fabric sees it: its credentials, its objects, its shares."""

from collections.abc import Sequence

import msgspec

from synfonium.apps.fabric.contract import Children, Grant, Object, Objects, ObjectsAsk, Shared, Shares
from synfonium.common.ids import AppName, GrantId, PersonId
from synfonium.kernel.actor import Authenticator, Person
from synfonium.testing.client import Installation

NOTE = "note/1"


class Notes:
    """What notes there are, who reads them, and which tokens the app has."""

    def __init__(self) -> None:
        self.things: dict[str, Object] = {}
        self.readers: dict[str, set[PersonId]] = {}
        self.tokens: dict[str, Person] = {}
        self.is_away = False

    def note(self, owner: PersonId, name: str, title: str, *above: str) -> str:
        """A note that lies in `above`; its address."""
        address = f"notes:note/{name}"
        path = (address, *above)
        self.things[address] = Object(
            address=address, interfaces=(NOTE,), owner=owner, title=title, path=path, may=frozenset({"read"})
        )
        return address

    def share(self, object_: str, reader: PersonId) -> None:
        self.readers.setdefault(object_, set()).add(reader)

    def token(self, owner: PersonId, *grants: str, app: str = "notes") -> str:
        """A credential of the app for that person."""
        token = f"notes-{len(self.tokens)}"
        self.tokens[token] = Person(
            id=owner,
            name="",
            display="",
            scopes=frozenset({"fabric.app"}),
            app=AppName(app),
            grants=tuple(GrantId(grant) for grant in grants),
        )
        return token

    # Shares, Authenticator, Objects

    async def readable(self, person: PersonId) -> Sequence[Shared]:
        roots = [root for root, readers in self.readers.items() if person in readers]
        owners = {thing.owner for thing in self.things.values()}
        return [Shared(owner=owner, objects=tuple(roots)) for owner in sorted(owners)]

    async def by_session(self, cookie: str) -> Person | None:
        return None

    async def by_token(self, token: str) -> Person | None:
        return self.tokens.get(token)

    async def by_password(self, name: str, secret: str) -> Person | None:
        return None

    async def describe(self, person: PersonId, address: str) -> Object | None:
        thing = self.things.get(address)
        if thing is None or self.is_away:
            return None
        readers = {thing.owner}.union(*(self.readers.get(above, set()) for above in thing.path))
        return thing if person in readers else None

    async def children(self, app: AppName, ask: ObjectsAsk) -> Children | None:
        return None

    async def create(self, app: AppName, ask: ObjectsAsk) -> Object:
        raise NotImplementedError


class AllObjects:
    """The notes' objects, and those of the apps that are installed."""

    def __init__(self, notes: Notes, others: Objects) -> None:
        self._notes, self._others = notes, others

    async def describe(self, person: PersonId, address: str) -> Object | None:
        one: Objects = self._notes if address.startswith("notes:") else self._others
        return await one.describe(person, address)

    async def children(self, app: AppName, ask: ObjectsAsk) -> Children | None:
        return await self._others.children(app, ask)

    async def create(self, app: AppName, ask: ObjectsAsk) -> Object:
        return await self._others.create(app, ask)


def install(house: Installation) -> Notes:
    """Offers the app's side to a running house."""
    notes, offers = Notes(), house.runtime._offers
    every = AllObjects(notes, house.context("fabric").offer(Objects))
    offers._makers[f"{Objects.__module__}:Objects"] = [lambda: every]
    offers.add(f"{Shares.__module__}:Shares", lambda: notes)
    offers.add(f"{Authenticator.__module__}:Authenticator", lambda: notes)
    return notes


def renamed(thing: Object, title: str) -> Object:
    return msgspec.structs.replace(thing, title=title)


def granted(id_: str, person: PersonId, object_: str) -> Grant:
    return Grant(
        id=GrantId(id_),
        person=person,
        app=AppName("notes"),
        subject="notes:app",
        object=object_,
        actions=frozenset({"read"}),
        since_s=0.0,
    )
