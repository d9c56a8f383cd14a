"""What an app may get at with a grant: the granted object, as long as the grant is there."""

import pytest

from synfonium.apps.drive.errors import NoSuchNode, NotWritable, ParentMissing, TopStays
from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.tests.conftest import Hand, House, pieces
from synfonium.common.problem import Forbidden
from synfonium.kernel.actor import Person


@pytest.fixture
async def shared(hand: Hand) -> NodeId:
    folder = await hand.folder("shared")
    await hand.file("in.txt", b"in", folder)
    await hand.file("out.txt", b"out")
    return folder


async def test_a_grant_opens_its_folder_and_nothing_else(
    drive: DriveService, hand: Hand, house: House, ada: Person, shared: NodeId
) -> None:
    app = house.holder(ada, f"drive:node/{shared}", "read", "write")
    assert [e.name for e in (await drive.tree.listing(app)).entries] == ["in.txt"]
    path = await drive.tree.path(app, shared)
    assert [node.id for node in path] == [shared]
    outside = (await drive.tree.listing(ada)).entries[1]
    for use in (drive.tree.node, drive.files.content):
        with pytest.raises(NoSuchNode):
            await use(app, outside.id)
    with pytest.raises(NoSuchNode):
        await drive.tree.listing(app, await hand.top())
    with pytest.raises(ParentMissing):
        await drive.files.write(app, await hand.top(), "x", pieces(b"x"))
    with pytest.raises(ParentMissing):
        await drive.moving.move(app, (await drive.tree.listing(app)).entries[0].id, await hand.top(), "x")
    with pytest.raises(NoSuchNode):
        await drive.trash.listing(app)


async def test_the_granted_folder_itself_stays(
    drive: DriveService, hand: Hand, house: House, ada: Person, shared: NodeId
) -> None:
    app = house.holder(ada, f"drive:node/{shared}", "read", "write")
    with pytest.raises(TopStays):
        await drive.trash.put(app, [shared])
    with pytest.raises(TopStays):
        await drive.moving.move(app, shared, shared, "x")


async def test_a_reading_grant_does_not_write(
    drive: DriveService, house: House, ada: Person, shared: NodeId
) -> None:
    app = house.holder(ada, f"drive:node/{shared}", "read")
    with pytest.raises(NotWritable):
        await drive.files.write(app, shared, "x", pieces(b"x"))
    with pytest.raises(NotWritable):
        await drive.tree.make_folder(app, shared, "x")


async def test_a_revoked_grant_opens_nothing_at_once(
    drive: DriveService, house: House, ada: Person, shared: NodeId
) -> None:
    app = house.holder(ada, f"drive:node/{shared}", "read", "write")
    await drive.tree.listing(app)
    house.grants.rows.clear()
    with pytest.raises(NoSuchNode):
        await drive.tree.listing(app)
    with pytest.raises(NoSuchNode):
        await drive.files.write(app, shared, "x", pieces(b"x"))


async def test_a_granted_folder_in_the_trash_is_gone(
    drive: DriveService, house: House, ada: Person, shared: NodeId
) -> None:
    app = house.holder(ada, f"drive:node/{shared}", "read", "write")
    await drive.trash.put(ada, [shared])
    with pytest.raises(NoSuchNode):
        await drive.tree.listing(app)
    assert await drive.tree.resolve(app, ["in.txt"]) == []


async def test_a_grant_of_another_apps_object_opens_nothing(
    drive: DriveService, house: House, ada: Person
) -> None:
    for address in ("search:page/1", "drive:nodes/1", "drive:node/"):
        with pytest.raises(NoSuchNode):
            await drive.tree.listing(house.holder(ada, address, "read"))


async def test_a_grant_of_the_whole_drive_opens_its_root(
    drive: DriveService, house: House, ada: Person, shared: NodeId
) -> None:
    app = house.holder(ada, "drive:root", "read", "write")
    assert [e.name for e in (await drive.tree.listing(app)).entries] == ["shared", "out.txt"]


async def test_what_an_app_writes_is_the_persons_and_audited_with_the_app(
    drive: DriveService, hand: Hand, house: House, ada: Person, shared: NodeId
) -> None:
    from synfonium.apps.drive.store.tables import audit

    app = house.holder(ada, f"drive:node/{shared}", "read", "write")
    written = await drive.files.write(app, shared, "by app.txt", pieces(b"x"))
    assert await hand.read(written.node.id) == b"x"
    rows = await drive.room.read(lambda c: c.execute(audit.select().order_by(audit.c.seq)).all())
    assert (rows[-1].person, rows[-1].by_app) == (ada.id, "pc")


async def test_a_token_without_the_scope_is_refused(drive: DriveService, house: House) -> None:
    reader = house.person("reader", scopes=frozenset({"drive.read"}))
    stranger = house.person("other", scopes=frozenset({"search.read"}))
    top = await drive.tree.top(reader)
    with pytest.raises(Forbidden):
        await drive.files.write(reader, top.id, "x", pieces(b"x"))
    with pytest.raises(Forbidden):
        await drive.tree.top(stranger)
