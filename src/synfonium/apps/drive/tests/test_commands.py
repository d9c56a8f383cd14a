"""What other rooms of the house may ask of Drive by command."""

import base64

import pytest

from synfonium.apps.drive import jobs
from synfonium.apps.drive.service import DriveService
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Call

from .conftest import Hand, House


async def _silent(text: str, done: float = 0, total: float = 0) -> None:
    return None


def _call(**arguments: object) -> Call:
    return Call(arguments=arguments, caller="shell", progress=_silent)


async def test_the_home_page_shows_the_files_that_changed_last(
    house: House, drive: DriveService, hand: Hand, ada: Person
) -> None:
    await hand.file("first.txt")
    trashed = await hand.file("trashed.txt")
    await hand.folder("folder")
    await hand.file("last.png", b"12345")
    await drive.trash.put(ada, [trashed])
    seen = await jobs.glance(house.context, _call(person=ada.id))
    assert [(item.title, item.icon) for item in seen.resume] == [
        ("last.png", "file-image"),
        ("first.txt", "file-text"),
    ]


async def test_a_file_that_is_put_makes_its_folders_and_is_never_replaced(
    house: House, hand: Hand, ada: Person
) -> None:
    wanted = {"person": ada.id, "path": "Kermesse 2026/Budget.csv"}
    first = await jobs.put(house.context, _call(**wanted, content=base64.b64encode(b"one").decode()))
    again = await jobs.put(house.context, _call(**wanted, content=base64.b64encode(b"two").decode()))
    assert (first["existed"], again) == (False, {**first, "existed": True})
    assert await hand.names() == ["Kermesse 2026"]
    assert await hand.read(first["node"]) == b"one"  # type: ignore[arg-type]


async def test_what_is_not_base64_is_refused(house: House, ada: Person) -> None:
    with pytest.raises(BadInput):
        await jobs.put(house.context, _call(person=ada.id, path="a", content="not base64!"))
