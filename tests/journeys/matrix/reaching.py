"""How a thing of one app comes to another: pick, open, share, save. Each shows at the other side what
came, and that nothing does without the right, nor after it was taken back."""

import time

from tests.journeys.matrix.cells import App, opened, saved
from tests.journeys.matrix.givers import Thing, in_drive, written
from tests.journeys.matrix.room import Room
from tests.journeys.matrix.world import QUIET_S, eventually, leads_to

from synfonium.apps.fabric.contract import FILE, FOLDER


def pick(room: Room, one: App, to: App) -> None:
    taker = room.takers[to.name]
    for face in sorted(room.keeper(one).faces & to.asks("read")):
        thing, beside = room.things(one, [face, face])
        assert not taker.reads(thing)
        taker.pick(thing)
        eventually(lambda thing=thing: taker.reads(thing), f"{to.name} does not read what was picked")
        assert not taker.reads(beside)
        assert not room.ana.rights(to.name, beside.address)
        _ended(room, to, thing)


def open_(room: Room, one: App, to: App) -> None:
    taker = room.led[to.name]
    assert not taker.led_with_forged()
    for thing in room.things(one, sorted(room.keeper(one).faces & opened(to, one.writes))):
        page = room.ana.go(f"/fabric/open?object={thing.address}")
        assert f'value="{to.name}"' in page.text
        asked = {"object": thing.address, "intent": "view", "app": to.name}
        assert room.bob.post("/fabric/open", asked).status_code in (403, 404)
        taker.led_to(leads_to(room.ana.post("/fabric/open", asked)))
        eventually(lambda thing=thing: taker.reads(thing), f"{to.name} does not open {thing}")
        _ended(room, to, thing)


def share(room: Room, one: App, to: App) -> None:
    taker = room.led[to.name]
    assert not taker.led_with_forged()
    for thing in room.things(one, sorted(room.keeper(one).faces)):
        page = room.ana.go(f"/fabric/share?object={thing.address}")
        assert f'value="{to.name}"' in page.text
        asked = {"object": thing.address, "app": to.name}
        assert room.bob.post("/fabric/share", asked).status_code in (403, 404)
        taker.led_to(leads_to(room.ana.post("/fabric/share", asked)))
        eventually(lambda thing=thing: taker.reads(thing), f"{to.name} does not see {thing}")
        _ended(room, to, thing)


def save(room: Room, one: App, to: App) -> None:
    """`one` makes something new in `to`."""
    ways = {FILE: _saves_by_the_picker, FOLDER: _saves_in_a_folder}
    for face in saved(one, to):
        ways[face](room, one, to)


def _saves_by_the_picker(room: Room, one: App, to: App) -> None:
    assert (one.name, to.name) == ("hello", "drive")
    refused = room.hello.save("never written", "refused.txt", "drive:root", decision="refuse")
    assert "Nothing was given" in refused.text
    assert room.ana.program.get("/dav/files/ana/refused.txt").status_code == 404
    (theirs,) = [room.givers[to.name].thing(room.bob, FOLDER)]
    assert room.hello.save("never written", "stolen.txt", theirs.address).status_code in (403, 404, 422)
    room.hello.save("buy some quince", "saved.txt", "drive:root")
    assert room.ana.program.get("/dav/files/ana/saved.txt").text == "buy some quince"
    address = in_drive(room.ana, "saved.txt")
    thing = Thing(address=address, title="saved.txt", face=FILE, of=to.name, text="buy some quince")
    assert room.hello.reads(thing)
    _ended(room, one, thing)


def _saves_in_a_folder(room: Room, one: App, to: App) -> None:
    """What it makes in a folder that it was given is there for the person; elsewhere it makes nothing."""
    writer = room.writers[one.name]
    (folder,) = room.things(to, [FOLDER])
    early, name, late = (written()[0] for _ in range(3))
    room.ana.take_back(one.name)
    writer.writes(folder, early)
    writer.pick(folder)
    eventually(lambda: writer.reads(folder), "the folder does not show")
    writer.writes(folder, name)
    eventually(lambda: _made(room, name), "it is not saved")
    _ended(room, one, folder)
    writer.writes(folder, late)
    time.sleep(QUIET_S)
    assert not _made(room, early)
    assert not _made(room, late)


def _made(room: Room, name: str) -> bool:
    return bool(room.ana.act("drive.find", "drive:root", query=name)["items"])


def _ended(room: Room, to: App, thing: Thing) -> None:
    """The right is taken back, and the app has nothing of the thing any more."""
    room.ana.take_back(to.name, thing.address)
    eventually(lambda: not room.takers[to.name].reads(thing), f"{to.name} reads on")
