"""Apps as those that have things: how a new one comes to be, how it changes, what happens then."""

import itertools
from typing import Protocol

import msgspec
from tests.journeys.matrix.world import Somebody, eventually
from tests.journeys.serving import Server

from synfonium.apps.fabric.contract import DESKTOP, FILE, FOLDER, page_of

FILLING = "lorem"
INSIDE = "inside.txt"
MOST_MACHINES = 3
_numbers = itertools.count(3)


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """of: the app that has it. word: stands in it, and in nothing else. text: of it, or of the one file
    in it. file: what that is called. words: how many the text has."""

    address: str
    title: str
    face: str
    of: str
    word: str = ""
    file: str = ""
    text: str = ""

    @property
    def words(self) -> int:
        return len(self.text.split())


def written() -> tuple[str, str]:
    """A word and a text that nothing else has."""
    number = next(_numbers)
    word = f"quince{number}tree"
    return word, " ".join([word, *[FILLING] * (number - 1)])


class Giver(Protocol):
    happens: str
    """The type of fact that `change` makes happen; "" for none."""

    def thing(self, person: Somebody, face: str) -> Thing:
        """A new one of the person's."""
        ...

    def change(self, person: Somebody, thing: Thing) -> None: ...


class DriveGives:
    happens = "drive.file.written"

    def thing(self, person: Somebody, face: str) -> Thing:
        word, text = written()
        title = f"{word}.txt" if face == FILE else word
        file = title if face == FILE else INSIDE
        if face == FOLDER:
            answer = person.program.request("MKCOL", f"/dav/files/{person.name}/{title}")
            assert answer.status_code == 201, answer.text
        self._put(person, f"{title}/{file}" if face == FOLDER else title, text)
        address = in_drive(person, title)
        return Thing(address=address, title=title, face=face, of="drive", word=word, file=file, text=text)

    def change(self, person: Somebody, thing: Thing) -> None:
        path = f"{thing.title}/{thing.file}" if thing.face == FOLDER else thing.title
        self._put(person, path, f"{thing.text} changed")

    def _put(self, person: Somebody, path: str, text: str) -> None:
        answer = person.program.put(f"/dav/files/{person.name}/{path}", content=text.encode())
        assert answer.status_code in (201, 204), answer.text


class PcGives:
    """Machines that are off; one is switched on to change it."""

    happens = "pc.machine.started"

    def __init__(self, server: Server) -> None:
        self._server = server
        self._made: list[Thing] = []

    def thing(self, person: Somebody, face: str) -> Thing:
        assert face == DESKTOP
        word, _text = written()
        if len(self._made) == MOST_MACHINES:
            assert person.post(f"{page_of(self._made.pop(0).address)}/delete", {}).status_code == 303
        made = self._server.run(
            "pc", "create", person.name, "--name", word, "--memory", "512M"
        ).stdout.strip()
        self._made.append(Thing(address=f"pc:machine/{made}", title=word, face=face, of="pc"))
        return self._made[-1]

    def change(self, person: Somebody, thing: Thing) -> None:
        if is_on(person, thing):
            switch_off(person, thing)
        assert person.post(f"{page_of(thing.address)}/start", {}).status_code == 303
        eventually(lambda: is_on(person, thing), "the PC does not start")


class HelloGives:
    """Notes; its person has come in there."""

    happens = "hello.note.written"

    def thing(self, person: Somebody, face: str) -> Thing:
        assert face == FILE
        word, text = written()
        made = person.act("hello.write_note", text=f"{word}\n{text}")
        text = f"{word}\n{text}"
        return Thing(
            address=str(made["object"]), title=word, face=face, of="hello", word=word, file=word, text=text
        )

    def change(self, person: Somebody, thing: Thing) -> None:
        self.thing(person, thing.face)


def in_drive(person: Somebody, title: str) -> str:
    """The address of a file or folder, wherever it lies."""
    found = person.act("drive.find", "drive:root", query=title)["items"]
    (address,) = [one["object"] for one in found if one["title"] == title]
    return str(address)


def is_on(person: Somebody, machine: Thing) -> bool:
    shown = person.program.get("/fabric/objects", params={"address": machine.address}).json()
    return bool(shown["revision"] == "running")


def switch_off(person: Somebody, machine: Thing) -> None:
    assert person.post(f"{page_of(machine.address)}/stop", {}).status_code == 303
    eventually(lambda: not is_on(person, machine), "the PC does not stop")
