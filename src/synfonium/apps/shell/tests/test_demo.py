"""The demonstration town can be built, and built again."""

from typing import Any

import msgspec
import pytest

from synfonium.apps.shell.cli import told
from synfonium.apps.shell.service import demo
from synfonium.common.problem import Conflict, NotFound


class Neighbours:
    """Stands for the apps whose commands the town is built with; remembers what they were asked."""

    def __init__(self) -> None:
        self.accounts: dict[str, str] = {}
        self.files: dict[tuple[str, str], str] = {}
        self.asked: list[str] = []
        self.computers: list[dict[str, str]] = []
        self.image_state = "built"

    async def call(self, command: str, arguments: dict[str, Any], progress: Any = None) -> Any:
        self.asked.append(command)
        if command == "identity.user_find":
            if arguments["name"] not in self.accounts:
                raise NotFound
            return {"id": self.accounts[arguments["name"]]}
        if command == "identity.user_add":
            assert len(arguments["password"]) > 20
            self.accounts[arguments["name"]] = f"id-{arguments['name']}"
            return {"id": f"id-{arguments['name']}", "name": arguments["name"]}
        if command == "drive.put":
            self.files[arguments["person"], arguments["path"]] = arguments["content"]
            return {"node": "n"}
        if command == "pc.list":
            return self.computers
        if command == "pc.image_list":
            return [{"name": "debian-desktop", "state": self.image_state}]
        if command == "pc.image_build":
            if self.image_state == "impossible":
                raise Conflict
            self.image_state = "built"
        if command == "pc.create":
            self.computers.append({"owner": f"id-{arguments['owner']}", "name": arguments["name"]})
        return {}


@pytest.fixture
def neighbours(monkeypatch: pytest.MonkeyPatch) -> Neighbours:
    monkeypatch.setattr(demo, "find_command", lambda name: None)
    return Neighbours()


async def _quiet(text: str, done: float = 0, total: float = 0) -> None:
    assert done <= total


async def test_the_town_is_built_and_new_passwords_are_told(neighbours: Neighbours) -> None:
    settled = await demo.settle(neighbours, _quiet)  # type: ignore[arg-type]
    assert len(settled.people) == 4
    assert all(person.password for person in settled.people)
    assert settled.files == len(neighbours.files) == len(demo.read_town().files)
    assert settled.pages >= 20
    assert settled.computers == len(neighbours.computers) == 1
    assert settled.skipped == ()
    text = "\n".join(told(settled))
    assert all(person.password in text for person in settled.people)


async def test_building_again_makes_no_account_and_shows_no_password(neighbours: Neighbours) -> None:
    await demo.settle(neighbours, _quiet)  # type: ignore[arg-type]
    neighbours.asked.clear()
    again = await demo.settle(neighbours, _quiet)  # type: ignore[arg-type]
    assert "identity.user_add" not in neighbours.asked
    assert not any(person.password for person in again.people)
    assert again.computers == len(neighbours.computers) == 1


async def test_a_missing_image_is_built_first(neighbours: Neighbours) -> None:
    neighbours.image_state = "not built"
    settled = await demo.settle(neighbours, _quiet)  # type: ignore[arg-type]
    assert "pc.image_build" in neighbours.asked
    assert settled.computers == len(neighbours.computers) == 1
    assert settled.skipped == ()


async def test_where_no_image_can_be_built_the_pc_is_left_out_and_named(neighbours: Neighbours) -> None:
    neighbours.image_state = "impossible"
    settled = await demo.settle(neighbours, _quiet)  # type: ignore[arg-type]
    assert settled.computers == 0
    assert "a PC (see: synfonium pc image build debian-desktop)" in settled.skipped
    assert "pc image build" in told(settled)[-1]


async def test_without_a_pc_no_image_is_built(neighbours: Neighbours) -> None:
    neighbours.image_state = "not built"
    settled = await demo.settle(neighbours, _quiet, with_pc=False)  # type: ignore[arg-type]
    assert not any(command.startswith("pc.") for command in neighbours.asked)
    assert (settled.computers, settled.skipped) == (0, ())


def test_every_file_of_the_town_has_an_owner_who_lives_there() -> None:
    town = demo.read_town()
    names = {person.name for person in town.people}
    assert {file.owner for file in town.files} | {pc.owner for pc in town.computers} <= names


def test_every_page_of_the_small_web_can_be_indexed() -> None:
    lines = (demo.FOLDER / "pages.jsonl").read_text(encoding="utf-8").splitlines()
    pages = [msgspec.json.decode(line) for line in lines]
    assert len({page["url"] for page in pages}) == len(pages) >= 20
    assert {page["lang"] for page in pages} == {"fr", "en"}
    assert all(page["title"] and len(page["text"]) > 100 for page in pages)


def test_two_passwords_are_never_the_same() -> None:
    assert len({demo.memorable_password() for _ in range(200)}) == 200
