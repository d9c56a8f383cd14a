"""A drive on a real database and real blobs in a temporary folder."""

import os
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from synfonium.apps.drive import app
from synfonium.apps.drive.config import DriveConfig
from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.service import DriveService, open_service
from synfonium.apps.fabric.contract import Grant, Grants
from synfonium.apps.identity.contract import (
    GroupView,
    Membership,
    Organisations,
    People,
    PersonView,
    Quota,
    Role,
)
from synfonium.common.ids import AppName, GrantId, PersonId, new_id
from synfonium.common.problem import SignInNeeded
from synfonium.engines.blobs.local import LocalBlobs
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context, Offers
from synfonium.kernel.migrations import migrate
from synfonium.kernel.secret_box import open_secret_box
from synfonium.kernel.site import Site
from synfonium.testing.chosen_database import open_chosen


class MovedClock:
    """A clock that goes only when told."""

    def __init__(self) -> None:
        self.time_s = 1_790_000_000.0

    def now_s(self) -> float:
        return self.time_s


class FakeEngines:
    single_process = True

    def __init__(self, home: Path) -> None:
        self._database = open_chosen(home, "drive")
        migrate(app, self._database)
        self._blobs = LocalBlobs(home / "blobs")

    def database(self, app: object, *, read_only: bool) -> Any:
        return self._database

    def blobs(self, app: object) -> Any:
        return self._blobs


class FakeGrants:
    """Grants that a test gives and takes back."""

    def __init__(self) -> None:
        self.rows: dict[str, Grant] = {}

    async def of(self, grant: GrantId) -> Grant | None:
        return self.rows.get(grant)

    async def check(self, actor: Person, path: Sequence[str], action: str) -> Grant | None:
        for id_ in actor.grants:
            grant = self.rows.get(id_)
            if grant is not None and grant.object in path and action in grant.actions:
                return grant
        return None

    def give(self, person: PersonId, object_: str, *actions: str) -> GrantId:
        id_ = GrantId(new_id())
        self.rows[id_] = Grant(
            id=id_,
            person=person,
            app=AppName("pc"),
            subject="pc:machine/1",
            object=object_,
            actions=frozenset(actions),  # type: ignore[arg-type]
            since_s=0,
        )
        return id_


class FakePeople:
    """The people of a house, as identity tells of them."""

    def __init__(self, house: "House") -> None:
        self._house = house

    async def by_name(self, name: str) -> PersonView | None:
        return _view(self._house.people.get(name))

    async def by_id(self, person_id: PersonId) -> PersonView | None:
        return _view(next((one for one in self._house.people.values() if one.id == person_id), None))


def _view(person: Person | None) -> PersonView | None:
    """Somebody called `suspended` may not come in."""
    return person and PersonView(
        id=person.id, name=person.name, display=person.display, is_suspended=person.name == "suspended"
    )


class FakeOrganisations:
    """One organisation, the school, with groups that a test fills."""

    def __init__(self) -> None:
        self.groups: dict[str, list[PersonId]] = {}
        self.people: list[PersonId] = []
        self.administrators: set[PersonId] = set()

    async def of_person(self, person_id: PersonId) -> tuple[Membership, ...]:
        groups = tuple(GroupView(id=id_, name=id_) for id_, ids in self.groups.items() if person_id in ids)
        if not groups and person_id not in self.people:
            return ()
        role: Role = "administrator" if person_id in self.administrators else "member"
        one = Membership(
            organisation="school", slug="school", name="School", kind="organisation", role=role, groups=groups
        )
        return (one,)

    async def of_group(self, group_id: str) -> tuple[PersonId, ...]:
        return tuple(self.groups.get(group_id, ()))

    async def of_pool(self, organisation: str) -> tuple[PersonId, ...]:
        return tuple(self.people)

    async def quota_of(self, person_id: PersonId) -> Quota | None:
        return None


class House:
    """A drive's context with its clock and the people who come."""

    def __init__(self, home: Path, config: DriveConfig) -> None:
        self.clock, self.grants = MovedClock(), FakeGrants()
        self.people: dict[str, Person] = {}
        self.school = FakeOrganisations()
        self.told: list[tuple[str, dict[str, Any]]] = []
        engines = FakeEngines(home)
        offers = Offers()
        offers.add(f"{Grants.__module__}:{Grants.__qualname__}", lambda: self.grants)
        offers.add(f"{People.__module__}:{People.__qualname__}", lambda: FakePeople(self))
        offers.add(f"{Organisations.__module__}:{Organisations.__qualname__}", lambda: self.school)
        self.context = Context(
            app=app,
            role="web",
            config=config,
            folder=home,
            home=home,
            site=Site(public_url="http://localhost:8600", content_url="http://localhost:8601"),
            clock=self.clock,
            secrets=open_secret_box(home),
            engines=engines,  # type: ignore[arg-type]
            call=self._call,
            offers=offers,
            authenticate=self._authenticate,
            ask=None,  # type: ignore[arg-type]
        )

    async def _call(self, command: str, arguments: Any = None, **options: Any) -> Any:
        self.told.append((command, arguments))

    async def _authenticate(self, scope: Any) -> Person | None:
        name = dict(scope["headers"]).get(b"x-test-person", b"").decode()
        if name == "wrong":
            raise SignInNeeded
        return self.people.get(name)

    def person(self, name: str, **values: Any) -> Person:
        person = Person(id=PersonId(new_id()), name=name, display=name.title(), **values)
        self.people[name] = person
        return person

    def holder(self, owner: Person, object_: str, *actions: str) -> Person:
        """An app with a grant of `owner`'s."""
        grant = self.grants.give(owner.id, object_, *actions)
        person = Person(
            id=owner.id,
            name=owner.name,
            display=owner.display,
            scopes=frozenset({"drive.read", "drive.write"}),
            grants=(grant,),
            app=AppName("pc"),
        )
        self.people[grant] = person
        return person


@pytest.fixture
def config() -> DriveConfig:
    return DriveConfig()


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database that has tables and nothing in them: making them takes longer."""
    folder = tmp_path_factory.mktemp("tables")
    database = open_chosen(folder, "drive")
    migrate(app, database)
    database.submit_write(lambda c: None).result()
    database.close()
    return folder


@pytest.fixture
async def house(tmp_path: Path, tables: Path, config: DriveConfig) -> AsyncIterator[House]:
    for part in tables.glob("drive.sqlite*"):
        shutil.copy(part, tmp_path)
    house = House(tmp_path, config)
    async with open_service(house.context) as service:
        house.context.service = service
        yield house
    house.context.database.close()


@pytest.fixture
def drive(house: House) -> DriveService:
    service: DriveService = house.context.service
    return service


@pytest.fixture
def ada(house: House) -> Person:
    return house.person("ada")


async def pieces(content: bytes, size: int = 300_000) -> AsyncIterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


class Hand:
    """Short ways to do with a drive what a test needs."""

    def __init__(self, drive: DriveService, actor: Person) -> None:
        self.drive, self.actor = drive, actor

    async def top(self) -> NodeId:
        return (await self.drive.tree.top(self.actor)).id

    async def file(self, name: str, content: bytes = b"x", parent: NodeId | None = None) -> NodeId:
        where = parent or await self.top()
        return (await self.drive.files.write(self.actor, where, name, pieces(content))).node.id

    async def folder(self, name: str, parent: NodeId | None = None) -> NodeId:
        return (await self.drive.tree.make_folder(self.actor, parent or await self.top(), name)).id

    async def names(self, folder: NodeId | None = None) -> list[str]:
        listing = await self.drive.tree.listing(self.actor, folder)
        return [entry.name for entry in listing.entries]

    async def read(self, node: NodeId, start: int = 0, stop: int | None = None) -> bytes:
        content = await self.drive.files.content(self.actor, node)
        return b"".join([piece async for piece in self.drive.files.read(content, start, stop)])


@pytest.fixture
def hand(drive: DriveService, ada: Person) -> Hand:
    return Hand(drive, ada)


@pytest.fixture
def random_bytes() -> Callable[[int], bytes]:
    return os.urandom
