"""Whatever three people share, take back, leave and move, none reaches what nobody lets them reach."""

import asyncio
import contextlib
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synfonium.apps.drive.config import DriveConfig
from synfonium.apps.drive.model import Node, NodeId
from synfonium.apps.drive.model.share import ShareId
from synfonium.apps.drive.service import open_service
from synfonium.apps.drive.service.room import path_within
from synfonium.apps.drive.service.sharing import Terms
from synfonium.apps.drive.store.nodes import COLUMNS, from_row
from synfonium.apps.drive.store.tables import nodes
from synfonium.apps.drive.store.tables_sharing import mounts, shares
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.apps.drive.webdav import asgi_app
from synfonium.common.problem import Problem

WHO, PICK = st.integers(0, 2), st.integers(0, 30)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("folder"), WHO, PICK, st.sampled_from("abc")),
        st.tuples(st.just("file"), WHO, PICK, st.sampled_from("abc")),
        st.tuples(st.just("share"), WHO, PICK, WHO, st.sampled_from(["view", "edit"]), st.booleans()),
        st.tuples(st.just("share"), WHO, PICK, WHO, st.sampled_from(["view", "edit"]), st.booleans()),
        st.tuples(st.just("end"), WHO, PICK),
        st.tuples(st.just("leave"), WHO, PICK),
        st.tuples(st.just("move"), WHO, PICK, PICK, st.sampled_from("abc")),
        st.tuples(st.just("copy"), WHO, PICK, PICK, st.sampled_from("abc")),
        st.tuples(st.just("trash"), WHO, PICK),
    ),
    min_size=5,
    max_size=25,
)


class Town:
    """Three people, and what each may do by the rows alone."""

    def __init__(self, house: House) -> None:
        self.house, self.drive = house, house.context.service
        self.hands = [Hand(self.drive, house.person(name)) for name in ("ada", "bo", "cy")]

    async def look(self) -> None:
        """The tree and the shares as they are."""
        rows = await self.drive.room.read(lambda c: c.execute(nodes.select().order_by(nodes.c.number)).all())
        names = [column.name for column in COLUMNS]
        self.nodes: dict[str, Node] = {
            row.id: from_row([getattr(row, name) for name in names])  # type: ignore[arg-type]
            for row in rows
        }
        self.shares = await self.drive.room.read(lambda c: c.execute(shares.select()).all())
        self.mounts = await self.drive.room.read(lambda c: c.execute(mounts.select()).all())

    def line(self, node: str) -> list[str]:
        found = [node]
        while parent := self.nodes[found[-1]].parent:
            found.append(parent)
        return found

    async def may(self, who: int, node: str, *, write: bool) -> bool:
        person = self.hands[who].actor.id
        space = await self.drive.room.space_of(person)
        line = self.line(node)
        if line[-1] == space.root:
            return True
        homes = {(await self.drive.room.space_of(hand.actor.id)).root for hand in self.hands}
        return line[-1] in homes and any(
            share.node in line and share.to == person and (share.mode == "edit" or not write)
            for share in self.shares
        )

    async def step(self, kind: str, who: int, at: int, *values: object) -> None:
        """Does it, or is refused; what is done although nobody lets them fails the test."""
        await self.look()
        ids = list(self.nodes)
        hand = self.hands[who]
        if kind == "share":  # of what they may see: most of the rest would be refused
            ids = [one for one in ids if self.nodes[one].parent and await self.may(who, one, write=False)]
        if not ids:
            return
        node = NodeId(ids[at % len(ids)])
        needs: list[tuple[str, bool]] = []
        if kind == "folder":
            needs = [(node, True)]
            doing = hand.folder(str(values[0]), node)
        elif kind == "file":
            needs = [(node, True)]
            doing = hand.file(str(values[0]), b"x", node)
        elif kind == "share":
            to = self.hands[int(str(values[0]))].actor.name
            needs = [(node, values[1] == "edit")]
            terms = Terms(mode=values[1], may_share=bool(values[2]))  # type: ignore[arg-type]
            doing = self.drive.sharing.make(hand.actor, node, to, terms)
        elif kind == "end":
            if not self.shares:
                return
            share = self.shares[at % len(self.shares)]
            own = (await self.drive.room.space_of(hand.actor.id)).id
            is_theirs = share.by == hand.actor.id or share.space == own
            doing = self.drive.sharing.end(hand.actor, ShareId(share.id))
            needs = [] if is_theirs else [("", True)]
        elif kind == "leave":
            doing = self.drive.sharing.leave(hand.actor, node)
        elif kind in ("move", "copy"):
            into = NodeId(ids[int(str(values[0])) % len(ids)])
            is_own_mount = any(share.node == node and share.to == hand.actor.id for share in self.shares)
            needs = [(into, True)]
            needs += [] if is_own_mount and kind == "move" else [(node, kind == "move")]
            use = self.drive.moving.move if kind == "move" else self.drive.moving.copy
            doing = use(hand.actor, node, into, str(values[1]))
        else:
            needs = [(node, True)]
            doing = self.drive.trash.put(hand.actor, [node])
        allowed = all([bool(n) and await self.may(who, n, write=write) for n, write in needs])
        done = False
        with contextlib.suppress(Problem):
            await doing
            done = True
        assert allowed or not done, (kind, who, node, values)

    async def check(self) -> None:
        """What each reaches is what the rows say: by id, to write, and by path over WebDAV."""
        await self.look()
        app = httpx.ASGITransport(app=asgi_app(self.house.context))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=app, base_url="http://localhost") as client:
            for who, hand in enumerate(self.hands):
                for node in self.nodes:
                    await self._check_one(who, hand, NodeId(node))
                await self._walk(client, who, hand)

    async def _check_one(self, who: int, hand: Hand, node: NodeId) -> None:
        for write in (False, True):
            try:
                reach = await self.drive.room.reach(hand.actor, write=write, at=node)
                reached = bool(await self.drive.room.read(lambda c, r=reach: path_within(c, r, node)))
            except Problem:
                reached = False
            assert reached == await self.may(who, node, write=write), (who, node, write)

    async def _walk(self, client: httpx.AsyncClient, who: int, hand: Hand) -> None:
        """All that WebDAV lists is theirs to see, and what they did not leave is listed."""
        seen: set[str] = set()
        todo: list[list[str]] = [[]]
        while todo:
            names = todo.pop()
            path = await self.drive.tree.resolve(hand.actor, names)
            assert len(path) == len(names) + 1
            seen.add(path[-1].id)
            assert await self.may(who, path[-1].id, write=False)
            if not path[-1].is_file:
                members = await self.drive.tree.members(hand.actor, path[-1], after=b"", limit=500)
                assert len({m.name for m in members}) == len(members)
                todo += [[*names, member.name] for member in members]
            url = f"/dav/files/{hand.actor.name}/" + "/".join(names)
            sent = {"x-test-person": hand.actor.name, "depth": "0"}
            assert (await client.request("PROPFIND", url, headers=sent)).status_code == 207
        left = {row.node for row in self.mounts if row.person == hand.actor.id and row.is_left}
        for node in self.nodes:
            if await self.may(who, node, write=False) and not left & set(self.line(node)):
                assert node in seen


async def _play(steps: list[tuple[object, ...]], tables: Path) -> None:
    with TemporaryDirectory() as folder:
        home = Path(folder)
        for part in tables.glob("drive.sqlite*"):
            shutil.copy(part, home)
        house = House(home, DriveConfig())
        async with open_service(house.context) as service:
            house.context.service = service
            town = Town(house)
            inner = [await hand.folder("in", await hand.folder("top")) for hand in town.hands]
            for giver, taker, mode in ((0, "bo", "view"), (1, "cy", "edit"), (2, "ada", "view")):
                terms = Terms(mode=mode, may_share=True)  # type: ignore[arg-type]
                await service.sharing.make(town.hands[giver].actor, inner[giver], taker, terms)
            for step in steps:
                await town.step(*step)  # type: ignore[arg-type]
            await town.check()
        house.context.database.close()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_nobody_reaches_what_nobody_lets_them_reach(steps: list[tuple[object, ...]], tables: Path) -> None:
    asyncio.run(_play(steps, tables))
