"""A search never shows what the objects' own apps, and the grants, would not show just now."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from synfonium.apps.fabric.contract import (
    Action,
    Credential,
    Findable,
    Found,
    Grant,
    Grants,
    Object,
    Objects,
    Query,
    Shares,
)
from synfonium.apps.fabric.events import _apply
from synfonium.apps.fabric.model.index import Held, held
from synfonium.apps.fabric.service.searching import Search
from synfonium.common.ids import AppName, GrantId, PersonId
from synfonium.engines.index.tantivy import TantivyIndex
from synfonium.kernel.actor import Person

from .notes import NOTE, Notes, granted

PEOPLE = (PersonId("ana"), PersonId("bob"))
BOOKS = ("notes:book/1", "notes:book/2")
NAMES = tuple("abc")
PERSON, BOOK, NAME = st.sampled_from(PEOPLE), st.sampled_from(BOOKS), st.sampled_from(NAMES)


class Given:
    """`contract.Grants`, of rows that a test gives and takes back."""

    def __init__(self) -> None:
        self.rows: dict[GrantId, Grant] = {}

    async def of(self, grant: GrantId) -> Grant | None:
        return self.rows.get(grant)

    async def check(self, actor: Credential, path: Sequence[str], action: Action) -> Grant | None:
        found = [self.rows[grant] for grant in actor.grants if grant in self.rows]
        return next((one for one in found if one.object in path and action in one.actions), None)

    async def holding(self, paths: Sequence[Sequence[str]], action: Action) -> Sequence[Sequence[Grant]]:
        raise NotImplementedError


class Doubles:
    """As much of a context as a search uses."""

    def __init__(self, index: TantivyIndex, notes: Notes, grants: Given) -> None:
        self._index, self._notes, self._grants = index, notes, grants

    def index(self, name: str) -> TantivyIndex:
        return self._index

    def offer(self, protocol: type[Any]) -> Any:
        return {Objects: self._notes, Grants: self._grants}[protocol]

    def offers(self, protocol: type[Any]) -> Any:
        return {Shares: [self._notes]}[protocol]


class Rights(RuleBasedStateMachine):
    """Two people, their notes in books, shares and grants; the index hears of it late or never."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.index = TantivyIndex(Path(self.folder.name), writable=True)
        self.notes, self.grants = Notes(), Given()
        self.search = Search(Doubles(self.index, self.notes, self.grants))  # type: ignore[arg-type]
        self.is_stale = False

    def teardown(self) -> None:
        if hasattr(self, "index"):
            self.index.close()
            self.folder.cleanup()

    @rule(owner=PERSON, name=NAME, book=BOOK, is_told=st.booleans())
    def write_or_move(self, owner: PersonId, name: str, book: str, is_told: bool) -> None:
        there = self.notes.things.get(f"notes:note/{name}")
        address = self.notes.note(there.owner if there else owner, name, f"plum {name}", book)
        if is_told:
            self._tell([_held(self.notes.things[address])])
        else:
            self.is_stale = True

    @rule(name=NAME, owner=PERSON)
    def give_to_another_owner(self, name: str, owner: PersonId) -> None:
        there = self.notes.things.get(f"notes:note/{name}")
        if there:
            self.notes.note(owner, name, there.title, *there.path[1:])
            self.is_stale = True

    @rule(name=NAME)
    def remove(self, name: str) -> None:
        self.notes.things.pop(f"notes:note/{name}", None)
        self.is_stale = True

    @rule()
    def tell_of_all(self) -> None:
        gone = [f"notes:note/{name}" for name in NAMES if f"notes:note/{name}" not in self.notes.things]
        held_now = [_held(thing) for thing in self.notes.things.values()]
        self._tell([*held_now, *(Held(address=address, person="", is_gone=True) for address in gone)])
        self.is_stale = False

    def _tell(self, documents: list[Held]) -> None:
        _apply(self.index, documents)

    @rule(book=BOOK, reader=PERSON)
    def share(self, book: str, reader: PersonId) -> None:
        self.notes.share(book, reader)

    @rule(book=BOOK)
    def share_no_more(self, book: str) -> None:
        self.notes.readers.pop(book, None)

    @rule(person=PERSON, object_=st.one_of(BOOK, NAME.map("notes:note/{}".format)))
    def grant(self, person: PersonId, object_: str) -> None:
        id_ = f"{person} {object_}"
        self.grants.rows[GrantId(id_)] = granted(id_, person, object_)

    @precondition(lambda self: self.grants.rows)
    @rule(choice=st.integers(0, 100))
    def revoke(self, choice: int) -> None:
        del self.grants.rows[sorted(self.grants.rows)[choice % len(self.grants.rows)]]

    @invariant()
    def nobody_finds_what_is_not_theirs_to_read(self) -> None:
        if hasattr(self, "index"):
            asyncio.run(self._look())

    async def _look(self) -> None:
        for person in PEOPLE:
            can_see = {a for a in self.notes.things if await self.notes.describe(person, a)}
            found = await self._found(Person(id=person, name="", display=""))
            assert found <= can_see
            if not self.is_stale:
                assert found == can_see
            every = tuple(
                GrantId(f"{person} {o}") for o in (*BOOKS, *(f"notes:note/{name}" for name in NAMES))
            )
            app = Person(id=person, name="", display="", app=AppName("notes"), grants=every)
            below = {a for a in can_see if await self.grants.check(app, self.notes.things[a].path, "read")}
            found = await self._found(app)
            assert found <= below
            if not self.is_stale:
                assert found == below

    async def _found(self, actor: Person) -> set[str]:
        answer: Found = await self.search.run(actor, Query(text="plum", limit=50))
        assert answer.after == 0
        if actor.app or self.notes.readers:
            assert answer.total == len(answer.hits)
        for hit in answer.hits:
            assert hit.title == self.notes.things[hit.address].title
        return {hit.address for hit in answer.hits}


def _held(thing: Object) -> Held:
    document = Findable(
        address=thing.address, title=thing.title, path=thing.path, interfaces=(NOTE,), text="plum"
    )
    return held(document, thing.owner)


Rights.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
TestRights = Rights.TestCase
