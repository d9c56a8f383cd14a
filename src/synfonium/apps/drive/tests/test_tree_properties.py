"""Whatever is done to a tree, it stays a tree, and nothing in it is lost or counted twice."""

import asyncio
import contextlib
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synfonium.apps.drive.config import DriveConfig
from synfonium.apps.drive.model import Node, NodeId
from synfonium.apps.drive.service import open_service
from synfonium.apps.drive.store import trash
from synfonium.apps.drive.store.nodes import COLUMNS, from_row
from synfonium.apps.drive.store.tables import blobs, nodes, versions
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.common.problem import Problem

NAMES = st.sampled_from(["a", "b", "c", "é", "e\u0301"])
PICK = st.integers(0, 9)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("folder"), PICK, NAMES),
        st.tuples(st.just("file"), PICK, NAMES, st.integers(0, 3)),
        st.tuples(st.just("move"), PICK, PICK, NAMES, st.booleans()),
        st.tuples(st.just("copy"), PICK, PICK, NAMES, st.booleans()),
        st.tuples(st.just("trash"), PICK),
        st.tuples(st.just("restore"), PICK),
        st.tuples(st.just("remove"), PICK),
    ),
    min_size=4,
    max_size=20,
)


class Play:
    """Applies steps; refusals are fine, broken trees are not."""

    def __init__(self, hand: Hand, house: House) -> None:
        self.hand, self.drive, self.house = hand, hand.drive, house

    async def step(self, kind: str, *values: object) -> None:
        rows = await self._rows()
        pick = [NodeId(node.id) for node in rows]

        def at(index: object) -> NodeId:
            assert isinstance(index, int)
            return pick[index % len(pick)]

        actor = self.hand.actor
        if kind == "folder":
            await self.drive.tree.make_folder(actor, at(values[0]), str(values[1]))
        elif kind == "file":
            await self.hand.file(str(values[1]), b"x" * int(str(values[2])), at(values[0]))
        elif kind in ("move", "copy"):
            use = self.drive.moving.move if kind == "move" else self.drive.moving.copy
            place = (at(values[0]), at(values[1]), str(values[2]))
            await use(actor, *place, overwrite=bool(values[3]))
        elif kind == "trash":
            await self.drive.trash.put(actor, [at(values[0])])
        elif kind == "restore":
            await self.drive.trash.restore(actor, [at(values[0])])
        else:
            await self.drive.trash.remove(actor, [at(values[0])])

    async def _rows(self) -> list[Node]:
        rows = await self.drive.room.read(lambda c: c.execute(nodes.select().order_by(nodes.c.number)).all())
        return [from_row(tuple(getattr(row, column.name) for column in COLUMNS)) for row in rows]  # type: ignore[arg-type]

    async def check(self) -> None:
        rows = {node.id: node for node in await self._rows()}
        space = await self.drive.room.space_of(self.hand.actor.id)
        below: dict[str | None, int] = {}
        for node in rows.values():
            above, steps = node, 0
            while above.parent is not None:
                above, steps = rows[above.parent], steps + 1
                assert not above.is_file
                assert steps < 200, "a circle"
                below[above.id] = below.get(above.id, 0) + (node.size_bytes if node.is_file else 0)
            assert above.id in (space.root, space.trash), "a tree without a top"
        for node in rows.values():
            if not node.is_file:
                assert node.size_bytes == below.get(node.id, 0), "the size is the sum below"
        keys = await self.drive.room.read(lambda c: c.execute(nodes.select()).all())
        places = [(row.parent, row.name_key) for row in keys if row.parent]
        assert len(places) == len(set(places))
        await self._check_content(rows)

    async def _check_content(self, rows: dict[NodeId, Node]) -> None:
        kept = await self.drive.room.read(lambda c: c.execute(versions.select()).all())
        present = {node.version for node in rows.values() if node.is_file}
        assert {row.id for row in kept if row.replaced_s is None} == present
        assert {row.node for row in kept} == {node.id for node in rows.values() if node.is_file}
        counted = {row.name: row.refs for row in await self._blobs()}
        for name, refs in counted.items():
            assert refs == sum(row.blob == name for row in kept)
        assert not await self.drive.room.read(lambda c: trash.leaving(c, 10))

    async def _blobs(self) -> list[object]:
        return list(await self.drive.room.read(lambda c: c.execute(blobs.select()).all()))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_a_tree_stays_a_tree(tables: Path, steps: list[tuple[object, ...]]) -> None:
    async def play(home: Path) -> None:
        house = House(home, DriveConfig())
        async with open_service(house.context) as service:
            hand = Hand(service, house.person("ada"))
            one, two = await hand.folder("a"), await hand.folder("b")
            await hand.file("c", b"xx", one)
            await hand.folder("c", two)
            game = Play(hand, house)
            for kind, *values in steps:
                with contextlib.suppress(Problem):
                    await game.step(str(kind), *values)
            await game.check()
        house.context.database.close()

    with TemporaryDirectory() as folder:
        for part in tables.glob("drive.sqlite*"):
            shutil.copy(part, folder)
        asyncio.run(play(Path(folder)))
