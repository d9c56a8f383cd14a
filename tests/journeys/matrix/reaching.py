"""How a thing of one app comes to another: pick, open, share, save. Each shows at the other side what
came, and that nothing does without the right, nor after it was taken back."""

from tests.journeys.matrix.cells import App, saved
from tests.journeys.matrix.givers import Thing
from tests.journeys.matrix.room import Room
from tests.journeys.matrix.world import eventually, leads_to

from synfonium.apps.fabric.contract import FILE, FOLDER


def pick(room: Room, one: App, to: App) -> None:
    taker = room.takers[to.name]
    for face in sorted(one.faces & to.asks("read")):
        thing, beside = room.things(one, [face, face])
        assert not taker.reads(thing)
        taker.pick(thing, one.name)
        eventually(lambda thing=thing: taker.reads(thing), f"{to.name} does not read what was picked")
        assert not taker.reads(beside)
        assert not room.ana.rights(beside.address, to.name)
        _ended(room, to, thing)


def open_(room: Room, one: App, to: App) -> None:
    taker = room.takers[to.name]
    assert not taker.led_with_forged()
    for thing in room.things(one, sorted(one.faces & to.opens)):
        page = room.ana.go(f"/fabric/open?object={thing.address}")
        assert f'value="{to.name}"' in page.text
        asked = {"object": thing.address, "intent": "view", "app": to.name}
        assert room.bob.post("/fabric/open", asked).status_code in (403, 404)
        taker.led_to(leads_to(room.ana.post("/fabric/open", asked)))
        eventually(lambda thing=thing: taker.reads(thing), f"{to.name} does not open {thing}")
        _ended(room, to, thing)


def share(room: Room, one: App, to: App) -> None:
    taker = room.takers[to.name]
    assert not taker.led_with_forged()
    for thing in room.things(one, sorted(one.faces)):
        if thing.face == FOLDER and one.faces & {FILE}:
            continue
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
    thing = Thing(address=_address(room, "saved.txt"), title="saved.txt", face=FILE, text="buy some quince")
    assert room.hello.reads(thing)
    _ended(room, one, thing)


def _saves_in_a_folder(room: Room, one: App, to: App) -> None:
    assert (one.name, to.name) == ("pc", "drive")
    (folder,) = room.things(to, [FOLDER])
    room.pc.pick(folder, to.name)
    eventually(lambda: room.pc.reads(folder), "the folder does not show")
    room.pc.pc.do(f"echo made here > Synfonium/{folder.title}/new.txt")
    at = f"/dav/files/ana/{folder.title}"
    eventually(lambda: room.ana.program.get(f"{at}/new.txt").text == "made here\n", "it is not saved")
    room.pc.pc.do("echo no > Synfonium/new.txt; echo no > Drive/new.txt")
    assert room.ana.program.get("/dav/files/ana/new.txt").status_code == 404
    _ended(room, one, folder)
    room.pc.pc.do(f"echo no > Synfonium/{folder.title}/late.txt")
    assert room.ana.program.get(f"{at}/late.txt").status_code == 404


def _address(room: Room, title: str) -> str:
    found = room.ana.act("drive.find", "drive:root", query=title)["items"]
    return str(found[0]["object"])


def _ended(room: Room, to: App, thing: Thing) -> None:
    """The right is taken back, and the app has nothing of the thing any more."""
    room.ana.take_back(thing.address, to.name)
    eventually(lambda: not room.takers[to.name].reads(thing), f"{to.name} reads on")
