"""A folder is read in the order that its reader chose; by name and by date without sorting it."""

import os

import pytest
from sqlalchemy import Connection, event, inspect

from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.model.order import Order
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.store import nodes, ordered
from synfonium.apps.drive.tests.conftest import Hand, House


def plan(connection: Connection, folder: NodeId, order: Order, after: NodeId) -> list[str]:
    """How SQLite reads a page that is not the first; elsewhere, by what it could be read."""
    if connection.dialect.name != "sqlite":  # its plans are by cost, and this folder is small
        return [str(index["name"]) for index in inspect(connection).get_indexes("drive_node")]
    asked = list[tuple[str, tuple[object, ...]]]()

    def ask(_c: object, _cursor: object, statement: str, parameters: tuple[object, ...], *_: object) -> None:
        asked.append((statement, parameters))

    last = nodes.find(connection, after)
    event.listen(connection, "before_cursor_execute", ask)
    ordered.members(connection, folder, order, after=last, limit=100)
    event.remove(connection, "before_cursor_execute", ask)
    return [
        str(row[-1])
        for statement, parameters in asked
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    ]


@pytest.mark.parametrize(
    ("order", "index"),
    [
        ("name", "drive_node_order"),
        ("-name", "drive_node_order"),
        ("modified", "drive_node_by_date"),
        ("-modified", "drive_node_by_date"),
    ],
)
async def test_a_page_of_a_folder_is_found_by_an_index(
    hand: Hand, house: House, order: Order, index: str
) -> None:
    folder = await hand.folder("Long")
    file = await hand.file("a.txt", b"x", folder)
    steps = await house.context.database.read(lambda c: plan(c, folder, order, file))
    assert steps
    is_sqlite = "TEST_DATABASE_URL" not in os.environ
    assert (all if is_sqlite else any)(index in step for step in steps), steps


@pytest.mark.parametrize("order", ["modified", "-modified", "size", "-size"])
async def test_pages_follow_one_another_in_any_order(
    drive: DriveService, hand: Hand, house: House, order: Order
) -> None:
    folder = await hand.folder("Long")
    for number in range(7):
        house.clock.time_s += 1
        await hand.file(f"{number}.txt", b"x" * (number + 1), folder)
    seen, after = list[str](), None
    for _ in range(3):
        listing = await drive.tree.listing(hand.actor, folder, after=after, limit=3, order=order)
        seen += [node.name for node in listing.entries]
        after = listing.entries[-1].id
    wanted = [f"{number}.txt" for number in range(7)]
    assert seen == (wanted[::-1] if order.startswith("-") else wanted)
