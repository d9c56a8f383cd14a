"""A machine that gives, cuts, narrows, takes back and moves, and finds after each step that every
credential opens exactly what it should: people of two organisations, their files, and one app.

What is asked is asked at the real door of Drive, over HTTP, with the real credential.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from synfonium.apps.fabric.contract import Limits
from synfonium.apps.fabric.service.delegation import Narrowed
from synfonium.common.ids import AppName, GrantId, PersonId
from synfonium.common.problem import Problem
from synfonium.kernel.actor import Person
from synfonium.testing.client import installation

T = TypeVar("T")
PEOPLE = {"ada": "town", "bob": "town", "cleo": "school", "dan": "school"}
ACTIONS = st.sampled_from([frozenset({"read"}), frozenset({"read", "write"}), frozenset({"write"})])
LASTING = st.sampled_from([0.0, 60.0, 600.0])


class Right(msgspec.Struct):
    """What the machine knows of a grant."""

    id: str
    owner: str
    object: str
    actions: frozenset[str]
    until_s: float
    parent: str = ""
    revoked: bool = False


class Shown(msgspec.Struct):
    """A credential, and what a biscuit among them was narrowed to."""

    secret: str
    right: str
    actions: frozenset[str] = frozenset({"read", "write", "use"})
    object: str = ""
    until_s: float = 0.0


class Clock:
    """The world's clock, ahead of it by as much as was skipped."""

    def __init__(self, clock: Any) -> None:
        self._clock, self.skipped_s = clock, 0.0

    def now_s(self) -> float:
        return float(self._clock.now_s()) + self.skipped_s


class Rights(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="synfonium-rights-"))
        self.runner = asyncio.Runner()
        self.entered = installation(self.home / "home")
        self.house = self.run(self.entered.__aenter__())
        self.rights: dict[str, Right] = {}
        self.shown: list[Shown] = []
        self.parent_of: dict[str, str] = {}
        self.owner_of: dict[str, str] = {}
        self.files: set[str] = set()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @initialize()
    def settle(self) -> None:
        self.clock = Clock(self.house.context("fabric").clock)
        for app in ("fabric", "drive"):
            self.house.context(app).clock = self.clock
        self.ids: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        for organisation in ("town", "school"):
            self.run(
                self.house.call("identity.organisation_add", {"slug": organisation, "name": organisation})
            )
        for name, organisation in PEOPLE.items():
            self.tokens[name] = self.run(self.house.person(name))
            self.run(
                self.house.call(
                    "identity.organisation_member",
                    {"slug": organisation, "name": name, "role": "member"},
                )
            )
        for name in PEOPLE:
            self.run(self._plant(name))

    async def _plant(self, name: str) -> None:
        async with self.house.client(token=self.tokens[name]) as client:
            for method, path in (("MKCOL", "a"), ("MKCOL", "a/b"), ("PUT", "a/b/x.txt"), ("PUT", "y.txt")):
                answer = await client.request(
                    method, f"/dav/files/{name}/{path}", content=b"content" if method == "PUT" else None
                )
                assert answer.status_code == 201, answer.text
        person = await self.house.call("identity.user_find", {"name": name})
        self.ids[name] = msgspec.to_builtins(person)["id"]
        await self._learn(name, "drive:root", "")

    async def _learn(self, name: str, address: str, parent: str) -> None:
        place = f"{name}:{address}" if address == "drive:root" else address
        self.parent_of[place], self.owner_of[place] = parent, name
        found = await self.house.context("fabric").call(
            "drive.object_children", {"person": self.ids[name], "address": address}
        )
        for item in msgspec.to_builtins(found)["items"]:
            if "file/1" in item["interfaces"]:
                self.files.add(item["address"])
                self.parent_of[item["address"]], self.owner_of[item["address"]] = place, name
            else:
                await self._learn(name, item["address"], place)

    @property
    def places(self) -> list[str]:
        return sorted(self.parent_of)

    @property
    def granting(self) -> Any:
        return self.house.context("fabric").service.granting

    # What is done

    @rule(
        owner=st.sampled_from(sorted(PEOPLE)),
        other=st.sampled_from(sorted(PEOPLE)),
        data=st.data(),
        actions=ACTIONS,
        lasting=LASTING,
    )
    def give(
        self, owner: str, other: str, data: st.DataObject, actions: frozenset[str], lasting: float
    ) -> None:
        place = data.draw(st.sampled_from([p for p in self.places if self.owner_of[p] == other]))
        until_s = self.clock.now_s() + lasting if lasting else 0.0
        object_ = place.partition(":")[2] if place.endswith("drive:root") else place
        given = self._try(
            self.granting.give(
                PersonId(self.ids[owner]),
                "pc",
                object_,
                actions,
                limits=Limits(until_s=until_s),
            )
        )
        if owner != other and object_ != "drive:root":
            assert given is None, "another person's thing was given"
        if given is not None:
            mine = place if owner == other else f"{owner}:drive:root"
            self.rights[given.id] = Right(given.id, owner, mine, given.actions, given.limits.until_s)
            secret = self.run(self.granting.secret(given.id, "pc")).secret
            self.shown = [
                shown
                for shown in self.shown
                if not (shown.right == given.id and shown.secret.startswith("syng_"))
            ]
            self.shown.append(Shown(secret, given.id))

    @precondition(lambda self: self.rights)
    @rule(data=st.data(), actions=ACTIONS, lasting=LASTING)
    def cut(self, data: st.DataObject, actions: frozenset[str], lasting: float) -> None:
        parent = self.rights[data.draw(st.sampled_from(sorted(self.rights)))]
        place = data.draw(st.sampled_from(self.places))
        until_s = self.clock.now_s() + lasting if lasting else 0.0
        cut = self._try(
            self.granting.delegate(
                self._holder(parent.id),
                GrantId(parent.id),
                "search",
                self._object(place),
                actions,
                Limits(until_s=until_s),
            )
        )
        if cut is not None:
            # What another person's root is called is one's own root for the fabric.
            place = f"{parent.owner}:drive:root" if self._object(place) == "drive:root" else place
            self.rights[cut.id] = Right(
                cut.id, parent.owner, place, cut.actions, cut.limits.until_s, parent.id
            )
            secret = self.run(self.granting.secret(cut.id, "search")).secret
            self.shown = [
                shown
                for shown in self.shown
                if not (shown.right == cut.id and shown.secret.startswith("syng_"))
            ]
            self.shown.append(Shown(secret, cut.id))

    @precondition(lambda self: self.rights)
    @rule(data=st.data(), actions=ACTIONS, lasting=LASTING)
    def narrow(self, data: st.DataObject, actions: frozenset[str], lasting: float) -> None:
        right = self.rights[data.draw(st.sampled_from(sorted(self.rights)))]
        place = data.draw(st.sampled_from(self.places))
        until_s = self.clock.now_s() + lasting if lasting else 0.0
        narrowed = Narrowed(actions=actions, object=self._object(place), until_s=until_s)
        token = self._try(self.granting.token(self._holder(right.id), GrantId(right.id), narrowed))
        if token is not None:
            place = f"{right.owner}:drive:root" if self._object(place) == "drive:root" else place
            self.shown.append(Shown(token, right.id, actions, place, until_s))

    @precondition(lambda self: self.rights)
    @rule(data=st.data(), who=st.sampled_from(sorted(PEOPLE)))
    def take_back(self, data: st.DataObject, who: str) -> None:
        right = self.rights[data.draw(st.sampled_from(sorted(self.rights)))]
        done = self._try(self._done(self.granting.revoke(self._person(who), GrantId(right.id))))
        assert (done is not None) == (who == right.owner and not right.revoked)
        right.revoked = right.revoked or done is not None

    @precondition(lambda self: self.rights)
    @rule(data=st.data(), who=st.sampled_from(sorted(PEOPLE)))
    def give_back(self, data: st.DataObject, who: str) -> None:
        right = self.rights[data.draw(st.sampled_from(sorted(self.rights)))]
        done = self._try(self._done(self.granting.undo(self._person(who), GrantId(right.id))))
        if done is not None:
            assert who == right.owner
            assert right.revoked
            right.revoked = False
            self.shown = [
                shown
                for shown in self.shown
                if not (shown.right == right.id and shown.secret.startswith("syng_"))
            ]
            app = "search" if right.parent else "pc"
            self.shown.append(Shown(self.run(self.granting.secret(GrantId(right.id), app)).secret, right.id))

    @rule(owner=st.sampled_from(sorted(PEOPLE)), data=st.data())
    def move(self, owner: str, data: st.DataObject) -> None:
        mine = [p for p in self.places if self.owner_of[p] == owner]
        what = data.draw(st.sampled_from([p for p in mine if not p.endswith("drive:root")]))
        into = data.draw(st.sampled_from([p for p in mine if p not in self.files]))
        drive = self.house.context("drive").service
        target = self.run(self._node(owner, into))
        moved = self._try(
            self._done(drive.moving.move_into(self._person(owner), [what.rpartition("/")[2]], target))
        )
        if moved is not None:
            self.parent_of[what] = into

    @rule(seconds=st.sampled_from([30.0, 100.0, 700.0]))
    def wait(self, seconds: float) -> None:
        self.clock.skipped_s += seconds

    # What must hold

    @invariant()
    def every_credential_opens_exactly_what_it_should(self) -> None:
        if self.shown:
            self.run(self._probe_all())

    async def _probe_all(self) -> None:
        for shown in self.shown[-2:]:
            owner = self.rights[shown.right].owner
            near = [place for place in self.places if self.owner_of[place] == owner or place in self.files]
            async with self.house.client(token=shown.secret) as client:
                for place in near:
                    for action in ("read", "write"):
                        wanted = self._should(shown, place, action)
                        found = await self._probe(client, shown, place, action)
                        assert found == wanted, (action, place, msgspec.to_builtins(self.rights[shown.right]))

    async def _probe(self, client: Any, shown: Shown, place: str, action: str) -> bool:
        node = (
            place.rpartition("/")[2]
            if not place.endswith("drive:root")
            else await self._node(self.owner_of[place], place)
        )
        at = f"/dav/grants/{shown.right}~{node}"
        if action == "read":
            method, headers = ("GET", {}) if place in self.files else ("PROPFIND", {"depth": "0"})
            answer = await client.request(method, at, headers=headers)
            assert answer.status_code in (200, 207, 401, 403, 404), answer.text
            return answer.status_code < 300
        if place in self.files:
            answer = await client.request("PUT", at, content=b"written")
        else:
            answer = await client.request("PROPPATCH", at, content=_PROPPATCH)
        assert answer.status_code in (201, 204, 207, 401, 403, 404), (answer.status_code, answer.text)
        return answer.status_code < 300

    def _should(self, shown: Shown, place: str, action: str) -> bool:
        """What the rules say, of what the machine did."""
        now_s, right = self.clock.now_s(), self.rights[shown.right]
        way = self._way(place)
        # Drive writes only for whoever may see: a right to write alone opens nothing.
        for needed in {action, "read"}:
            if needed not in shown.actions or (shown.object and shown.object not in way):
                return False
            if shown.until_s and now_s >= shown.until_s:
                return False
            one: Right | None = right
            while one is not None:
                is_over = one.revoked or (one.until_s and now_s >= one.until_s)
                if is_over or needed not in one.actions or one.object not in way:
                    return False
                one = self.rights[one.parent] if one.parent else None
        return self.owner_of[place] == right.owner

    def _way(self, place: str) -> list[str]:
        way = [place]
        while self.parent_of[way[-1]]:
            way.append(self.parent_of[way[-1]])
        return way

    # Small things

    def _try(self, work: Coroutine[Any, Any, T]) -> T | None:
        refused: Problem | None = None
        try:
            return self.run(work)
        except Problem as refusal:
            refused = refusal
        assert 400 <= refused.status < 500, refused
        return None

    async def _done(self, work: Coroutine[Any, Any, Any]) -> bool:
        await work
        return True

    async def _node(self, owner: str, place: str) -> Any:
        if not place.endswith("drive:root"):
            return place.rpartition("/")[2]
        space = await self.house.context("drive").service.room.space_of(PersonId(self.ids[owner]))
        return space.root

    def _object(self, place: str) -> str:
        return "drive:root" if place.endswith("drive:root") else place

    def _holder(self, right: str) -> Person:
        owner = self.rights[right].owner
        app = AppName("search" if self.rights[right].parent else "pc")
        return Person(
            id=PersonId(self.ids[owner]), name=owner, display=owner, app=app, grants=(GrantId(right),)
        )

    def _person(self, name: str) -> Person:
        return Person(id=PersonId(self.ids[name]), name=name, display=name)

    def teardown(self) -> None:
        self.run(self.entered.__aexit__(None, None, None))
        self.runner.close()
        shutil.rmtree(self.home, ignore_errors=True)


_PROPPATCH = (
    b'<?xml version="1.0"?><D:propertyupdate xmlns:D="DAV:"><D:set><D:prop>'
    b'<Z:note xmlns:Z="urn:z">x</Z:note></D:prop></D:set></D:propertyupdate>'
)


def _machine(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Rights,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )


def test_nobody_reaches_what_they_were_not_given() -> None:
    _machine(examples=3, steps=10)


@pytest.mark.full
@pytest.mark.timeout(1500)
def test_nobody_reaches_what_they_were_not_given_in_long() -> None:
    _machine(examples=12, steps=30)
