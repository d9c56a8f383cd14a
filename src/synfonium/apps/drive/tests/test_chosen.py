"""Archives of what was chosen in a folder."""

import io
import zipfile

import pytest

from synfonium.apps.drive.errors import NoSuchNode
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.links import LinkExpired
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.kernel.actor import Person


async def _archive(service: DriveService, token: str) -> set[str]:
    actor, folder, chosen = await service.links.open_folder(token)
    top = await service.zipping.top(actor, folder)
    held = b"".join([piece async for piece in service.zipping.pieces(actor, top, chosen)])
    return set(zipfile.ZipFile(io.BytesIO(held)).namelist())


async def test_five_hundred_chosen_files_find_room_in_an_address(
    drive: DriveService, hand: Hand, ada: Person
) -> None:
    top = await hand.top()
    made = [await hand.file(f"file {number}") for number in range(620)]
    wanted = made[10:620:2] + made[11:400:2]
    chosen = await drive.tree.members_chosen(ada, top, wanted[:500])
    token = await drive.links.make_folder(ada, top, chosen=[node.number for node in chosen])
    assert len(token) < 4_000
    assert await _archive(drive, token) == {node.name for node in chosen}


async def test_what_lies_elsewhere_or_is_somebody_elses_is_not_taken(
    drive: DriveService, hand: Hand, ada: Person, house: House
) -> None:
    folder = await hand.folder("folder")
    inside, outside = await hand.file("inside", parent=folder), await hand.file("outside")
    with pytest.raises(NoSuchNode):
        await drive.tree.members_chosen(ada, folder, [inside, outside])
    with pytest.raises(NoSuchNode):
        await drive.tree.members_chosen(house.person("bob"), folder, [inside])
    numbers = [(await drive.tree.node(ada, outside)).number]
    token = await drive.links.make_folder(ada, folder, chosen=numbers)
    assert await _archive(drive, token) == set()
    with pytest.raises(LinkExpired):
        await drive.links.open_folder(token[:-3] + "AAA")
